/* nft.h - the messages about tables, chains and rules of nftables
 *
 * As rtnl.h for links: each function appends to a request (netlink.h) what the line of nft(8) above
 * it says. They stand within a transaction: the kernel takes all of it or nothing.
 *
 * A rule is begun, given its parts, and ended:
 *
 *	nft_rule(request, NFPROTO_INET, "t", "c", &rule);   add rule inet t c
 *	nft_match_source(request, &address, true);           ip saddr 192.0.2.2
 *	nft_masquerade(request, &rule);                      masquerade
 *
 * Numbers of nfnetlink are in network byte order, but for what is compared with a register, which
 * is in the order in which the packet or the kernel holds it. Registers: every part uses number 1
 * and leaves nothing in it.
 *
 * Sources: include/uapi/linux/netfilter/nf_tables.h, nft(8). Kernel: NFT_TABLE_F_OWNER is Linux
 * 5.12, nat in family inet 5.2.
 */
#ifndef LAUNCHER_NET_NFT_H
#define LAUNCHER_NET_NFT_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/net/netlink.h"
#include "launcher/plan/plan.h"

/* What stays open while a rule is written. */
struct nft_rule {
	size_t expressions;
};

enum nft_direction { NFT_IN, NFT_OUT };

/* A base chain of a dump. */
struct nft_chain {
	uint8_t family; /* NFPROTO_* */
	bool base;      /* it hangs on a hook: the rest means something */
	uint32_t hook;  /* NF_INET_* */
	bool drops;     /* its policy */
	char table[64];
	char name[64];
};

/* The names of what these functions write, for nl_locate(). */
extern const struct nl_field nft_fields[];

/* nft_begin(), nft_commit() - around everything else */
void nft_begin(struct nl_request *request);
void nft_commit(struct nl_request *request);

/* table inet TABLE { flags owner }, or table netdev TABLE; @family: NFPROTO_INET, NFPROTO_NETDEV
 * It belongs to the socket that makes it: others can neither change nor flush it, and it is gone
 * when that socket is closed. */
void nft_add_table(struct nl_request *request, uint8_t family, const char *table);

/* chain CHAIN { type nat hook postrouting priority srcnat; } */
void nft_add_nat_chain(struct nl_request *request, const char *table, const char *chain);

/* chain CHAIN { type filter hook forward priority filter; policy accept; } */
void nft_add_forward_chain(struct nl_request *request, const char *table, const char *chain);

/* chain CHAIN { type filter hook prerouting priority raw; policy accept; } */
void nft_add_arrival_chain(struct nl_request *request, const char *table, const char *chain);

/* chain CHAIN { type filter hook ingress device DEVICE priority filter; policy accept; }, of family
 * netdev: all that comes in by a device, before a bridge that it is a port of has it */
void nft_add_ingress_chain(struct nl_request *request, const char *table, const char *chain,
			   const char *device);

/* add rule inet TABLE CHAIN ..., or netdev */
void nft_rule(struct nl_request *request, uint8_t family, const char *table, const char *chain,
	      struct nft_rule *rule);

/* [meta nfproto ipv4] ip saddr [!=] ADDRESS, or ip6 saddr, ip daddr, ip6 daddr */
void nft_match_source(struct nl_request *request, const struct plan_address *address, bool is);
void nft_match_target(struct nl_request *request, const struct plan_address *address);

/* meta nfproto FAMILY */
void nft_match_family(struct nl_request *request, uint8_t family);

/* meta protocol [!=] PROTOCOL (ETH_P_*); meta l4proto PROTOCOL (IPPROTO_*) */
void nft_match_protocol(struct nl_request *request, uint16_t protocol, bool is);
void nft_match_transport(struct nl_request *request, uint8_t protocol);

/* @base,OFFSET,LENGTH [!=] BYTES, in bytes; @base: NFT_PAYLOAD_*. The names that nft(8) has for
 * what stands there come with a match of the protocol. */
void nft_match_bytes(struct nl_request *request, uint32_t base, uint32_t offset, const void *bytes,
		     uint32_t length, bool is);

/* iifname [!=] NAME, oifname [!=] NAME */
void nft_match_link(struct nl_request *request, enum nft_direction direction, const char *name,
		    bool is);

/* ct state invalid,new */
void nft_match_new(struct nl_request *request);

/* masquerade; drop. They end the rule. */
void nft_masquerade(struct nl_request *request, const struct nft_rule *rule);
void nft_drop(struct nl_request *request, const struct nft_rule *rule);

/* nft list chains, for nl_dump(), which is no transaction
 * nft_read_chain() reads one reply; false where it makes no sense. */
void nft_get_chains(struct nl_request *request);
bool nft_read_chain(const uint8_t *payload, size_t length, struct nft_chain *chain);

#endif
