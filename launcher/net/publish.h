/* publish.h - ports of the host that lead into the sandbox
 *
 * The listeners are made in the launcher's network namespace before anything else, so that a port
 * that is taken is known early and nothing that connects is ever refused while the sandbox starts.
 * The relay (port_relay.h) is a child of the launcher in the sandbox's user and network namespaces,
 * and in none of its others: the program can neither see nor signal it. It dies with the launcher.
 */
#ifndef LAUNCHER_NET_PUBLISH_H
#define LAUNCHER_NET_PUBLISH_H

#include "launcher/base/base.h"
#include "launcher/net/port_relay.h"
#include "launcher/plan/plan.h"

struct publish {
	struct published *ports;
	size_t count;
	int pid; /* the relay's process, or 0 */
};

/* The ids of the sandbox that the relay is to have, where the launcher is root. */
struct publish_ids {
	bool change;
	uint32_t uid;
	uint32_t gid;
};

/* publish_listen() - the listeners of plan->ports. On failure publish_finish() is to be called as
 * well. */
int publish_listen(struct publish *publish, const struct plan *plan, struct err *err);

/* publish_start() - start the relay for the sandbox of the process @pid, whose ids are mapped where
 * @ids are to be changed to. The launcher's own listeners are closed. Kernel: setns(2) with a pidfd
 * is Linux 5.8. */
int publish_start(struct publish *publish, int pid, const struct publish_ids *ids, struct err *err);

void publish_finish(struct publish *publish);

#endif
