/* port_confine.h - what is taken from the relay's process before it serves anybody */
#ifndef LAUNCHER_NET_PORT_CONFINE_H
#define LAUNCHER_NET_PORT_CONFINE_H

#include "launcher/base/base.h"
#include "launcher/net/port_relay.h"

/* port_confine() - no capability, no file system (Landlock, where the kernel has it), TCP only to
 * the ports inside that @ports name, and no system call but those of sockets and pipes
 * What is refused kills the process. */
int port_confine(const struct published *ports, size_t count, struct err *err);

#endif
