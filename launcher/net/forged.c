/* forged.c - what a sandbox may send into the bridge that it is on (see forged.h)
 *
 * For a sandbox with the device lune7 and the addresses 192.0.2.2 and 2001:db8::2:
 *
 *	table netdev lunette-lune7 {
 *		flags owner
 *
 *		chain ingress {
 *			type filter hook ingress device "lune7" priority filter; policy accept;
 *			ether saddr != 02:00:00:00:00:01 drop
 *			meta protocol != ip meta protocol != arp meta protocol != ip6 drop
 *			ip saddr != 192.0.2.2 drop
 *			arp saddr ip != 192.0.2.2 drop
 *			arp saddr ether != 02:00:00:00:00:01 drop
 *			ip6 saddr != 2001:db8::2 ip6 saddr != fe80::ff:fe00:1 ip6 saddr != :: drop
 *			icmpv6 type nd-router-advert drop
 *			icmpv6 type nd-neighbor-advert icmpv6 taddr != 2001:db8::2
 *				icmpv6 taddr != fe80::ff:fe00:1 drop
 *		}
 *	}
 *
 * Of a family that the sandbox has no address of, nothing passes. A question (RFC 4861, "Neighbor
 * Solicitation") without a source address is of no use to who would be believed, and a message in
 * fragments is not read (RFC 6980).
 */
#include "launcher/net/forged.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "launcher/net/nft.h"

static const char ingress[] = "ingress";

/* Where things stand: IEEE 802.3, RFC 826, RFC 791, RFC 8200, RFC 4861. */
enum {
	ETHER_SOURCE = 6,
	ARP_HARDWARE = 8,
	ARP_ADDRESS = 14,
	IP_SOURCE = 12,
	IP6_SOURCE = 8,
	ICMP6_TYPE = 0,
	ICMP6_TARGET = 8,
	ROUTER_ADVERTISEMENT = 134,
	NEIGHBOR_ADVERTISEMENT = 136,
	MAC = 6,
	FOUR = 4,
	SIX = 16,
};

static void begin(struct nl_request *request, const char *table, struct nft_rule *rule)
{
	nft_rule(request, NFPROTO_NETDEV, table, ingress, rule);
}

/* meta protocol PROTOCOL [@nh,OFFSET,LENGTH != BYTES] drop */
static void drop_unless(struct nl_request *request, const char *table, uint16_t protocol,
			uint32_t offset, const void *bytes, uint32_t length)
{
	struct nft_rule rule;

	begin(request, table, &rule);
	nft_match_protocol(request, protocol, true);
	if (bytes)
		nft_match_bytes(request, NFT_PAYLOAD_NETWORK_HEADER, offset, bytes, length, false);
	nft_drop(request, &rule);
}

static void hold_frames(struct nl_request *request, const char *table, const uint8_t mac[MAC])
{
	struct nft_rule rule;

	begin(request, table, &rule);
	nft_match_bytes(request, NFT_PAYLOAD_LL_HEADER, ETHER_SOURCE, mac, MAC, false);
	nft_drop(request, &rule);
	begin(request, table, &rule);
	nft_match_protocol(request, ETH_P_IP, false);
	nft_match_protocol(request, ETH_P_ARP, false);
	nft_match_protocol(request, ETH_P_IPV6, false);
	nft_drop(request, &rule);
}

static void hold_four(struct nl_request *request, const char *table, const struct plan_veth *veth)
{
	const uint8_t *own = veth->has_address ? veth->address.bytes : NULL;

	drop_unless(request, table, ETH_P_IP, IP_SOURCE, own, FOUR);
	drop_unless(request, table, ETH_P_ARP, ARP_ADDRESS, own, FOUR);
	if (own)
		drop_unless(request, table, ETH_P_ARP, ARP_HARDWARE, veth->mac, MAC);
}

/* The address that the kernel gives every device with IPv6: RFC 4291, appendix A. */
static void link_local(const uint8_t mac[MAC], uint8_t out[SIX])
{
	const uint8_t made[SIX] = {
		0xfe,         0x80,   0,      0,    0,    0,      0,      0,
		mac[0] ^ 0x2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]
	};

	memcpy(out, made, SIX);
}

/* icmpv6 type TYPE */
static void begin_message(struct nl_request *request, const char *table, uint8_t type,
			  struct nft_rule *rule)
{
	begin(request, table, rule);
	nft_match_protocol(request, ETH_P_IPV6, true);
	nft_match_transport(request, IPPROTO_ICMPV6);
	nft_match_bytes(request, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP6_TYPE, &type, 1, true);
}

static void hold_six(struct nl_request *request, const char *table, const struct plan_veth *veth)
{
	static const uint8_t none[SIX];
	uint8_t local[SIX];
	struct nft_rule rule;

	if (!veth->has_address6) {
		drop_unless(request, table, ETH_P_IPV6, 0, NULL, 0);
		return;
	}
	link_local(veth->mac, local);
	begin(request, table, &rule);
	nft_match_protocol(request, ETH_P_IPV6, true);
	nft_match_bytes(request, NFT_PAYLOAD_NETWORK_HEADER, IP6_SOURCE, veth->address6.bytes, SIX,
			false);
	nft_match_bytes(request, NFT_PAYLOAD_NETWORK_HEADER, IP6_SOURCE, local, SIX, false);
	nft_match_bytes(request, NFT_PAYLOAD_NETWORK_HEADER, IP6_SOURCE, none, SIX, false);
	nft_drop(request, &rule);
	begin_message(request, table, ROUTER_ADVERTISEMENT, &rule);
	nft_drop(request, &rule);
	begin_message(request, table, NEIGHBOR_ADVERTISEMENT, &rule);
	nft_match_bytes(request, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP6_TARGET, veth->address6.bytes,
			SIX, false);
	nft_match_bytes(request, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP6_TARGET, local, SIX, false);
	nft_drop(request, &rule);
}

void forged_rules(struct nl_request *request, const char *table, const struct net_pair *pair)
{
	nft_add_table(request, NFPROTO_NETDEV, table);
	nft_add_ingress_chain(request, table, ingress, pair->host_name);
	hold_frames(request, table, pair->veth.mac);
	hold_four(request, table, &pair->veth);
	hold_six(request, table, &pair->veth);
}
