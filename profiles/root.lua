-- root.lua - user 0 inside, for package tools on a root tree
--
-- The tree becomes "/". Its files belong to a range of host ids that means nobody: 0 inside is
-- the first of the range, so chown, setuid and a package's own users work as they would on a
-- machine, and none of it reaches a file of the host's. As an ordinary user the range is the one
-- of /etc/subuid and /etc/subgid; as root it is chosen by `first`, which is who must own the
-- tree. The program keeps the capabilities that package tools use over these ids, and no others.

local arg = params {
	root  = path { doc = "the tree that becomes /" },
	-- As root: above what useradd hands out as subordinate ids, which belong to somebody.
	first = number { default = host.uid == 0 and 0x70000000 or 100000,
		doc = "the first of the host's ids" },
	count = number { default = 65536, doc = "how many ids" },
}

-- An ordinary user is 0 inside himself, so that he can unpack the tree; the range follows.
local function ranges(own)
	if host.uid == 0 then
		return { { 0, arg.first, arg.count } }
	end
	return { { 0, own, 1 }, { 1, arg.first, arg.count } }
end

return profile {
	doc     = "Package tools on a root tree: user 0 inside with a range of ids, no network.",
	extends = { "base", uid = 0, gid = 0, home = "/root", name = "root" },
	user    = { map = { uid = ranges(host.uid), gid = ranges(host.gid) } },
	mounts  = replace {
		rw { arg.root, at = "/" }, proc "/proc", dev "/dev",
		tmpfs { "/tmp", mode = "1777", size = "1G" }, tmpfs { "/run", mode = "0755", size = "64M" },
	},
	cwd     = "/",
	env     = { set = { USER = "root", LOGNAME = "root" } },
	caps    = {
		keep = {
			"chown", "dac_override", "fowner", "fsetid", "kill", "setfcap", "setgid", "setuid",
			"sys_chroot",
		},
	},
	-- Packages hold set-id files; here they belong to ids that mean nobody on the host.
	seccomp = { remove { "no-setuid-files" }, allow { "chroot" } },
}
