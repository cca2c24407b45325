/* nat.h - the rules of nftables that one sandbox needs on the host
 *
 * They stand in a table of the sandbox's own, named after its device. It belongs to a socket of the
 * launcher: nobody else can change it, `nft flush ruleset` leaves it, and the kernel removes it
 * when the launcher ends, however it ends. The socket must therefore not reach any other process
 * that stays.
 */
#ifndef LAUNCHER_NET_NAT_H
#define LAUNCHER_NET_NAT_H

#include <stddef.h>

#include "launcher/base/base.h"
#include "launcher/net/veth.h"

struct nat {
	int socket; /* the table's owner, or -1 where there is no table */
};

/* nat_add() - the rules that pair->veth.nat and .isolate ask for, and on a bridge those against
 * forged addresses (forged.h); nothing where there is none of the three
 * Call it after net_veth_create(), which decides the device's name. Kernel: nf_tables, for nat its
 * modules nft_masq and nft_chain_nat, on a bridge its family netdev. */
int nat_add(struct nat *nat, const struct net_pair *pair, struct err *err);

/* nat_explain() - does another firewall of this host drop what is forwarded unless it is told
 * otherwise? A base chain that accepts ends only itself. Adds to the text in @out what to do about
 * it. */
void nat_explain(const struct nat *nat, const struct net_pair *pair, char *out, size_t size);

void nat_finish(struct nat *nat);

#endif
