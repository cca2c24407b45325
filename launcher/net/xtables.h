/* xtables.h - what the older firewall of Linux, x_tables, does with packets that are forwarded
 *
 * Its rules, those of iptables-legacy, are not nftables' and in none of its dumps. Only the policy
 * of the chain FORWARD in the table `filter` is of interest here. Nothing is ever changed: where
 * there is no such table nobody asks for it, since asking would make it. Nor where the names of the
 * tables cannot be read, as in a network that was made before the user namespace that owns it had
 * its map (unshare -Urn).
 *
 * Source: include/uapi/linux/netfilter_ipv4/ip_tables.h, and ip6_tables.h.
 */
#ifndef LAUNCHER_NET_XTABLES_H
#define LAUNCHER_NET_XTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* xtables_drops() - does a packet that no rule of FORWARD has decided on get dropped?
 * @family: AF_INET or AF_INET6. Whatever cannot be found out counts as no. */
bool xtables_drops(int family);

/* xtables_policy_drops() - the same, of the table's @entries
 * @size: their bytes. @policy: where among them that of the chain's policy is. */
bool xtables_policy_drops(const uint8_t *entries, size_t size, size_t policy, int family);

/* xtables_listed() - is @name a line of @text, /proc/net/ip_tables_names? */
bool xtables_listed(const char *text, const char *name);

#endif
