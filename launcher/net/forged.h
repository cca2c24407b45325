/* forged.h - what a sandbox may send into the bridge that it is on
 *
 * The neighbours on a bridge believe what a frame says of itself: whose it is, and who has an
 * address. So what comes out of a sandbox must be under its own hardware address and its own
 * addresses of IP, answers to the question who has an address must be about those, and none may
 * offer itself as a router. Anything but IPv4, ARP and IPv6 is kept back.
 */
#ifndef LAUNCHER_NET_FORGED_H
#define LAUNCHER_NET_FORGED_H

#include "launcher/net/netlink.h"
#include "launcher/net/veth.h"

/* forged_rules() - the rules for the port @pair->host_name, in the table @table of family netdev:
 * part of a transaction (nft.h) */
void forged_rules(struct nl_request *request, const char *table, const struct net_pair *pair);

#endif
