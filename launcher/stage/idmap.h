/* idmap.h - user namespaces that idmap a mount's owner to the program's id
 *
 * As root the program runs as an outer id that is nobody's. A writable mount is idmapped so that
 * the owner of the mounted directory and the program are the same: what it creates belongs to that
 * owner. The set-up process's own namespace maps (inside id -> outer id) and serves where the owner
 * has the inside id; for another owner one helper process holds a namespace with the right map just
 * long enough to open it.
 */
#ifndef LAUNCHER_STAGE_IDMAP_H
#define LAUNCHER_STAGE_IDMAP_H

#include "launcher/stage/setup.h"

/* The last namespace that was opened; mounts of one owner mostly come together. */
struct idmap {
	int fd;
	uint32_t uid;
	uint32_t gid;
};

#define IDMAP_EMPTY ((struct idmap){ .fd = -1 })

/* idmap_open() - a namespace that maps @uid:@gid to the program's outer ids
 * @pid: the set-up process. @fd: a descriptor that @idmap keeps, or -1 where owner and outer ids
 * are the same. Returns 0, or -errno with @err filled. Linux 5.12; needs CAP_SYS_ADMIN over the
 * file system.
 */
int idmap_open(struct idmap *idmap, const struct setup *setup, int pid, uint32_t uid, uint32_t gid,
	       int *fd, struct err *err);
void idmap_finish(struct idmap *idmap);

#endif
