/* named.h - the names of running sandboxes, and the way into their networks
 *
 * An entry of the state directory's `names` (base/state.h) is locked by the launcher of the sandbox
 * of that name, and says "PID INODE": a process in the sandbox's network, as that launcher counts
 * it, and the number of its network namespace. Whoever finds the entry locked and that number still
 * behind that process has the right one, even where process ids have come round or mean something
 * else in another pid namespace. The names of each user are their own.
 *
 * Below an ordinary user that process is one of the launcher's: the sandbox's own pid 1 lets nobody
 * look, and its program may do as it likes. It is in the sandbox's user and network namespaces and
 * in none of its others, holds no descriptor but its end of a link, can make no system call but
 * read, write and exit, and ends with the launcher.
 */
#ifndef LAUNCHER_NET_NAMED_H
#define LAUNCHER_NET_NAMED_H

#include <stdbool.h>

#include "launcher/base/base.h"
#include "launcher/base/confine.h"

struct named {
	int directory; /* of all names; -1: this sandbox has none */
	int entry;
	int link;   /* the end of the process below ends with it; -1: there is none */
	int keeper; /* that process */
	const char *name;
};

#define NAMED_NOT ((struct named){ .directory = -1, .entry = -1, .link = -1 })

/* named_take() - have the name @name (plan.process.name), which must stay, for one's own
 * @environment: the launcher's own. -EBUSY where a sandbox that runs has it. */
int named_take(struct named *named, const char *name, char *const *environment, struct err *err);

/* named_tell() - let the network of the sandbox of the process @pid be found
 * @keep: others of the user could not look into that process later on. */
int named_tell(struct named *named, int pid, bool keep, struct err *err);

/* named_keep() - what named_drop() will need. Returns 0 or -errno. */
int named_keep(const struct named *named, struct confine_needs *needs);

/* named_drop() - the sandbox is gone, and with it its name. */
void named_drop(struct named *named);

/* named_find() - the network namespace of the sandbox that runs as @name. Returns a descriptor, or
 * -errno with @err. */
int named_find(const char *name, char *const *environment, struct err *err);

#endif
