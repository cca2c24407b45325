-- base.lua - what the shipped profiles extend
--
-- The system's programs and libraries read-only, a private /proc, /dev, /tmp and home, no
-- network, no capability, and a seccomp filter that allows what programs use and refuses what
-- sandboxes are left by. /etc holds the few files that libraries read; accounts are made up
-- here, because the host's own name its users. Nothing is taken from one distribution without
-- `optional`.
--
-- A parent's parameters are set by `extends = { "base", name = "ci" }`. `work` is a directory
-- that the child mounts for the program: it is not mounted here, only refused where the program
-- has no business.

local arg = params {
	uid  = number { default = host.uid ~= 0 and host.uid or 1000, doc = "user id inside" },
	gid  = number { default = host.uid ~= 0 and host.gid or 1000, doc = "group id inside" },
	home = path { default = "/home/user", doc = "home inside, private and empty" },
	name = text { default = "lunette", doc = "host name inside" },
	work = text { default = "", doc = "a directory of the host to be checked, not mounted" },
}

-- Is `path` the directory `top`, or beneath it?
local function within(path, top)
	return path == top or top == "/" or path:sub(1, #top + 1) == top .. "/"
end

-- Why the program must not get `work`, or nil. System trees are refused whole; of the directories
-- that others share only the top is.
local function unfit(work)
	for _, tree in ipairs { "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32",
		"/proc", "/sbin", "/sys", "/usr" } do
		if within(work, tree) then
			return "belongs to the system"
		end
	end
	for _, top in ipairs { "/", "/home", "/media", "/mnt", "/opt", "/run", "/run/user", "/srv", "/tmp",
		"/var", "/var/cache", "/var/lib", "/var/log", "/var/spool", "/var/tmp" } do
		if work == top then
			return "is a system directory"
		end
	end
	local home = host.home
	if home and home ~= "/" then
		if work == home then
			return "is your home directory"
		elseif within(home, work) then
			return "holds your home directory"
		end
		local profiles = (host.env.XDG_CONFIG_HOME or home .. "/.config") .. "/lunette"
		if within(work, profiles) or within(profiles, work) then
			return "holds your profiles"
		end
	end
	return nil
end

local reason = arg.work ~= "" and unfit(arg.work)
if reason then
	error(("%s %s, which a program in a sandbox should not get: start in a project's own directory, "
		.. "or write a profile that mounts just what it needs"):format(arg.work, reason))
end

local mounts = {
	ro "/usr", same "/bin", same "/sbin", same "/lib",
	same { "/lib32", optional = true }, same { "/lib64", optional = true },
	same { "/libx32", optional = true },
	proc "/proc", dev "/dev",
	tmpfs { "/tmp", mode = "1777", size = "1G" },
	tmpfs { "/var/tmp", mode = "1777", size = "1G" },
	tmpfs { arg.home, mode = "0700", size = "1G" },
	dir { "/run", mode = "0755" },
	symlink { "/run", at = "/var/run" },
	file { "/etc/passwd", text = ("root:x:0:0:root:/root:/bin/sh\n"
		.. "user:x:%d:%d:user:%s:/bin/sh\n"
		.. "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"):format(arg.uid, arg.gid, arg.home) },
	file { "/etc/group", text = ("root:x:0:\nuser:x:%d:\nnogroup:x:65534:\n"):format(arg.gid) },
	file { "/etc/hostname", text = arg.name .. "\n" },
	file { "/etc/hosts", text = ("127.0.0.1 localhost %s\n::1 localhost\n"):format(arg.name) },
	file { "/etc/nsswitch.conf", text = "passwd: files\ngroup: files\nhosts: files dns\n"
		.. "services: files\nprotocols: files\n" },
	same { "/etc/localtime", optional = true },
	same { "/etc/os-release", optional = true },
}
-- The loader's cache, the links of Debian's alternatives, certificates, name lookup, and tables
-- that common libraries read.
for _, path in ipairs {
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl",
	"/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies", "/etc/resolv.conf",
	"/etc/services", "/etc/protocols", "/etc/mime.types", "/etc/terminfo", "/etc/fonts",
	"/etc/gitconfig",
} do
	mounts[#mounts + 1] = ro { path, optional = true }
end

return profile {
	doc      = "What the others extend: the system read-only, private /tmp and home, no network.",
	user     = { uid = arg.uid, gid = arg.gid, groups = prefer {} },
	hostname = arg.name,
	mounts   = mounts,
	cwd      = arg.home,
	env      = {
		keep = { "TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ" },
		set  = {
			PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
			HOME = arg.home, USER = "user", LOGNAME = "user", SHELL = "/bin/sh",
		},
	},
	seccomp  = {
		default = allow,
		-- All guards but no-write-execute, which no just-in-time compiler survives.
		guard   = {
			"no-new-userns", "no-tty-injection", "no-io-uring", "no-keyring", "no-vsock", "no-ptrace",
			"no-bpf-perf", "no-userfaultfd", "no-setuid-files", "no-odd-sockets",
		},
		-- Each of these needs a capability that the program has not, is long gone, or tells of the
		-- whole host (the kernel's log, where pages lie); refused here, they are no surface either.
		errno "EPERM" {
			"@mount", "@module", "@reboot", "@swap", "@raw-io", "acct", "clock_settime",
			"fanotify_init", "migrate_pages", "move_pages", "open_by_handle_at", "quotactl",
			"quotactl_fd", "settimeofday", "syslog", "vhangup", "nfsservctl",
			optional "_sysctl", optional "uselib", optional "ustat",
		},
	},
	limits   = { core = 0 },
}
