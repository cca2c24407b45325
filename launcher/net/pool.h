/* pool.h - addresses for sandboxes whose profiles name none
 *
 * A range is a /16 of RFC 1918 and a /48 of RFC 4193 that belong together; the first range that
 * overlaps no route of the host is used. Its lower half is for sandboxes on links of their own,
 * each with one address of it and the same gateway; its upper half is cut into networks of 256
 * addresses for bridges. An address is lent by a locked file (held.h): there is no daemon, and
 * whoever dies returns his.
 *
 *	10.213.0.1       fd4c:756e:6574:d5::1       the gateway of single links
 *	10.213.0.2 ...   fd4c:756e:6574:d5::2 ...   their sandboxes, up to 10.213.127.254
 *	10.213.128.0/24  fd4c:756e:6574:d580::/64   the first bridge, gateway .1, sandboxes .2 to .254
 */
#ifndef LAUNCHER_NET_POOL_H
#define LAUNCHER_NET_POOL_H

#include "launcher/base/base.h"
#include "launcher/net/held.h"
#include "launcher/net/veth.h"

enum { POOL_RANGES = 3, POOL_SUBNETS = 128 };

/* What the host's routes say. */
struct pool_survey {
	int default_link;        /* the default route's device, or 0 */
	bool taken[POOL_RANGES]; /* the lower half */
	bool taken_subnet[POOL_RANGES][POOL_SUBNETS];
};

/* A network for a bridge. */
struct pool_subnet {
	int range;
	int number; /* -1: none; the bridge has addresses of the profile's */
};

/* pool_survey() - look at the routes of the namespace that @fd, a socket for links, is of */
int pool_survey(int fd, struct pool_survey *survey, struct err *err);

/* pool_lend() - an address for a sandbox on a link of its own: fills pair->veth */
int pool_lend(struct held *held, const struct pool_survey *survey, struct net_pair *pair,
	      struct err *err);

/* pool_lend_on() - the same on a bridge with the network @subnet */
int pool_lend_on(struct held *held, const struct pool_subnet *subnet, struct net_pair *pair,
		 struct err *err);

/* pool_choose() - a network that no route of the host overlaps, looked for from one that follows
 * from
 * @name. -EADDRINUSE where there is none. */
int pool_choose(const struct pool_survey *survey, const char *name, struct pool_subnet *subnet);

#endif
