-- root: user 0 inside, for package tools on a root tree
--
-- The tree becomes "/". Its files belong to a range of host ids that means nobody: 0 inside is the
-- first of the range, so chown, setuid and a package's own users work as they would on a machine, and
-- none of it reaches a file of the host's. As an ordinary user the range is the one of /etc/subuid
-- and /etc/subgid; as root it is chosen by `first`, which is who must own the tree. The program keeps
-- the capabilities that package tools use over these ids, and no others.

local arg = params {
	root  = path { doc = "the tree that becomes /" },
	first = number { default = 100000, doc = "as root: the host's id of 0 inside" },
	count = number { default = 65536, doc = "how many ids" },
}

-- An ordinary user leaves `map` to the launcher, which takes the subordinate ids.
local map = host.uid == 0 and {
	uid = { { inside = 0, outside = arg.first, count = arg.count } },
	gid = { { inside = 0, outside = arg.first, count = arg.count } },
} or "subordinate"

return profile {
	doc     = "Package tools on a root tree: user 0 inside with a range of ids, no network.",
	extends = { "base", uid = 0, gid = 0, home = "/root", name = "root" },
	user    = { map = map },
	mounts  = replace {
		rw { arg.root, at = "/" }, proc "/proc", dev "/dev",
		tmpfs { "/tmp", mode = "1777", size = "1G" }, tmpfs { "/run", mode = "0755", size = "64M" },
		ro { "/etc/resolv.conf", optional = true, on_symlink = "replace" },
	},
	cwd     = "/",
	env     = { set = { USER = "root", LOGNAME = "root" } },
	caps    = {
		keep = {
			"chown", "dac_override", "fowner", "fsetid", "kill", "setfcap", "setgid", "setuid",
			"sys_chroot",
		},
	},
	seccomp = { allow { "chroot" } },
}
