/* batch.h - several messages about links in one request, and the error of the one that fails
 *
 * The kernel locks, and we pay, once per request. What each message is about is noted beside it, so
 * that an error names the link, address or route, the namespace it was in ("host", the launcher's
 * own, or "sandbox"), the kernel's words, the attribute they are about, and a remedy.
 */
#ifndef LAUNCHER_NET_BATCH_H
#define LAUNCHER_NET_BATCH_H

#include "launcher/base/base.h"
#include "launcher/net/netlink.h"
#include "launcher/plan/plan.h"

enum {
	BATCH_STEPS = 16 + PLAN_MAX_ROUTES,
	BATCH_SIZE = 1024 + PLAN_MAX_ROUTES * 80,
};

enum batch_step {
	STEP_LOOPBACK,
	STEP_PAIR,
	STEP_LINK,
	STEP_ADDRESS,
	STEP_NEIGHBOUR,
	STEP_HOST_ROUTE,
	STEP_ROUTE,
	STEP_DEFAULT_ROUTE, /* its address is the gateway */
	STEP_BRIDGE,
	STEP_PORT,
	STEP_SHAPE,
};

struct batch {
	const char *where;  /* the namespace: batch_host or batch_sandbox */
	const char *device; /* what the messages are about, but for lo */
	int index;
	struct {
		enum batch_step step;
		const struct plan_address *address;
	} steps[BATCH_STEPS];
	size_t count;
	struct nl_request request;
	_Alignas(4) uint8_t data[BATCH_SIZE];
};

extern const char batch_host[];
extern const char batch_sandbox[];

/* batch_open() - a socket for links in the caller's namespace, which is @where. Returns an fd that
 * the caller owns, or -errno. */
int batch_open(const char *where, struct err *err);

void batch_start(struct batch *batch, const char *where, const char *device);

/* batch_note() - what the message that comes next is about; one too many makes the request overflow
 * by itself. @address, which may be NULL, must stay until the batch is called. */
void batch_note(struct batch *batch, enum batch_step step, const struct plan_address *address);

/* batch_call() - send it all. Returns 0, or -errno of the first message that failed. */
int batch_call(struct batch *batch, int fd, struct err *err);

/* batch_failed() - fill @err from an answer that says no. Returns its errno. */
int batch_failed(const struct batch *batch, const struct nl_answer *answer, struct err *err);

/* batch_find() - sets the index of the batch's device; 0 or -errno with @err. */
int batch_find(struct batch *batch, int fd, struct err *err);

/* batch_index() - the index of @name in the namespace that @fd was opened in, or -errno. */
int batch_index(int fd, const char *name);

#endif
