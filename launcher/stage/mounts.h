/* mounts.h - the mount stage: collect from the host, detach it, build inside
 *
 * The order is what keeps path attacks out (design.md part 3): collect.c clones every source while
 * the host's root is there, detach.c takes that root away, and only then does build.c touch a name
 * inside the new tree, which a hostile file system may have shaped: by then no path leads to the
 * host.
 */
#ifndef LAUNCHER_STAGE_MOUNTS_H
#define LAUNCHER_STAGE_MOUNTS_H

#include "launcher/stage/setup.h"

/* mounts_slots() - how many staged mounts the plan's mounts need in all. */
size_t mounts_slots(const struct plan *plan);

/* mounts_slots_of() - how many one mount needs; they are numbered in the order of the plan. */
size_t mounts_slots_of(const struct plan_mount *mount);

/* mounts_prepare() - room for what the stage keeps (malloc'ed), once setup->plan is known; on both
 * sides. */
int mounts_prepare(struct setup *setup, struct err *err);

/* mounts_make_private() - no mount of the host's comes in from here on, and none of ours goes out.
 * Linux 5.12. */
int mounts_make_private(struct err *err);

/* mounts_open_root() - a tmpfs over "/", which is private, not yet entered: setup->stage. */
int mounts_open_root(struct setup *setup, struct err *err);

/* mounts_collect() - clone every source into setup->staging. Where the launcher opens the sources
 * (a privileged caller), they come over setup->link. */
int mounts_collect(struct setup *setup, struct err *err);

/* mounts_send() - the launcher's side of that: open, idmap and send every host source.
 * @pid: the set-up process, whose user namespace serves as an idmap where it fits. */
int mounts_send(const struct setup *setup, int link, int pid, struct err *err);

/* mounts_detach() - enter setup->stage and drop the host's root. */
int mounts_detach(struct setup *setup, struct err *err);

/* mounts_finish_root() - the new root becomes read-only and is entered for good. */
int mounts_finish_root(struct setup *setup, struct err *err);

/* mounts_build() - make every mount point and place every mount, make the root read-only, and enter
 * it for good: setup->root. */
int mounts_build(struct setup *setup, struct err *err);

/* source_open() - the host's @path, O_PATH. -ENOENT without an error where @mount is optional and
 * nothing is there; otherwise -errno with @err filled. */
int source_open(const struct setup *setup, const struct plan_mount *mount, const char *path,
		struct err *err);

/* source_path() - the same without an error's text: a path that a plan names, through no link that
 * the program or, below a privileged launcher, another user than root may have planted. */
int source_path(const struct setup *setup, const char *path);

/* source_clone() - a detached, private clone of what @at has open, with all its submounts
 * @idmap: a user namespace to idmap it with, or -1. Returns a descriptor or -errno with @err
 * filled. */
int source_clone(const struct plan_mount *mount, const char *path, int at, int idmap,
		 struct err *err);

/* mount_new() - a detached mount of a new file system; @options: key, value pairs, NULL at the end
 * (a NULL value: a flag). @attributes: MOUNT_ATTR_*. Returns a descriptor or -errno. Linux 5.2. */
int mount_new(const char *fstype, const char *const options[], unsigned int attributes);

/* An RLIMIT_NOFILE under which no descriptor is kept for speed. */
enum { FEW_FILES = 16 };

/* mount_usual() - the same for one that every sandbox makes alike; one made ahead is taken. */
int mount_usual(struct setup *setup, enum usual_mount which);

/* mounts_ahead() - make these, and clones of the devices, before the plan is there. What fails is
 * left for later, which says why. */
void mounts_ahead(struct setup *setup);

/* mounts_drop_ahead() - let go of those that the plan had no use for. */
void mounts_drop_ahead(struct setup *setup);

/* mount_failed() - fill @err for @mount with the kernel's reason and a remedy where one is
 * known. */
int mount_failed(const struct plan_mount *mount, long error, const char *object, struct err *err);

/* place: where inside the new tree a mount goes. */

struct place {
	int at;         /* the directory of the last component, setup->parent's, or the target */
	int target;     /* the target's own descriptor, or -1 */
	char name[256]; /* the last component; "": @at is the target */
	bool ours;      /* in a file system that this launch made */
	bool in_root;   /* in the root's own tmpfs, which is read-only in the end */
};

#define PLACE_EMPTY ((struct place){ .at = -1, .target = -1 })
#define cleanup_place __attribute__((cleanup(place_close)))

void place_close(struct place *place);

/* place_point() - make sure that @mount's target exists with the type wanted and is no trap
 * Fills @place, which is good until the next one is asked for. @directory: the type wanted. Returns
 * 0 or -errno with @err.
 */
int place_point(struct setup *setup, const struct plan_mount *mount, bool directory,
		struct place *place, struct err *err);

/* place_parent() - the same up to the last component: the directory that it is in, made where it is
 * missing. */
int place_parent(struct setup *setup, const struct plan_mount *mount, struct place *place,
		 struct err *err);

/* place_mount() - mount the detached @fd on @mount's target. */
int place_mount(struct setup *setup, const struct plan_mount *mount, bool directory, int fd,
		struct err *err);

/* place_over() - the same on @target, which has been opened and is no symlink. */
int place_over(const struct plan_mount *mount, int target, int fd, struct err *err);

/* place_forget() - let go of setup->parent: what is found by its path may have changed, or all is
 * placed. */
void place_forget(struct setup *setup);

/* overlay_build(), device_build() - the two kinds that are more than one mount. Staged mounts begin
 * at @slot. */
int overlay_build(struct setup *setup, const struct plan_mount *mount, size_t slot,
		  struct err *err);
int device_collect(struct setup *setup, size_t slot, struct err *err);
int device_build(struct setup *setup, const struct plan_mount *mount, size_t slot, struct err *err);
void device_ahead(struct setup *setup);
enum { DEVICE_SLOTS = DEVICE_NODES };

/* overlay_home() - the directory that holds both @mount's upper and its work: what is cloned for
 * them. */
void overlay_home(const struct plan_mount *mount, char home[4096]);

/* device_finish() - the last /dev that was built becomes read-only: no mount is coming any more. */
int device_finish(struct setup *setup, struct err *err);

/* mounts_own() - remember the file system of @fd as one that this launch made. */
void mounts_own(struct setup *setup, int fd);

/* mounts_below() - append the mount points below @directory, of "PID/mountinfo" in @proc (a
 * directory of a procfs), to @names, a space before each. For an error's sake only: what cannot be
 * read is left out. */
void mounts_below(int proc, const char *directory, struct buf *names);

#endif
