-- untrusted.lua - a program that one does not trust, on data that one gives it
--
-- Of the host it sees the system's programs and one directory, mounted at /box, so that no path it
-- uses or prints tells about the user; only mountinfo names the source. It may call what ordinary
-- programs call and nothing else, may not touch files beyond what is listed to Landlock either, and
-- its time, processes, memory and output end somewhere. The limits are meant to be changed: --wall,
-- --memory, --pids, --output.

local arg = params {
	dir = path { default = host.cwd, doc = "mounted read-write at /box" },
}

return profile {
	doc      = "An untrusted program: one directory at /box, few calls, Landlock, limits.",
	extends  = { "base", uid = 1000, gid = 1000, work = arg.dir },
	mounts   = {
		rw { arg.dir, at = "/box" },
		tmpfs { "/tmp", mode = "1777", size = "256M" },
		tmpfs { "/var/tmp", mode = "1777", size = "64M" },
		remove { "/etc/resolv.conf", "/etc/gitconfig" },
		-- An ordinary user may not open most of these anyway; nor may whoever finds a way to be more.
		mask { "/proc/kcore", optional = true }, mask { "/proc/sysrq-trigger", optional = true },
		mask { "/proc/keys", optional = true }, mask { "/proc/key-users", optional = true },
		mask { "/proc/timer_list", optional = true },
		mask { "/proc/acpi", optional = true }, mask { "/proc/scsi", optional = true },
	},
	cwd      = "/box",
	seccomp  = {
		default = errno "EPERM",
		allow { "@untrusted", sys.socket { domain = one_of { "unix", "inet", "inet6" } } },
		errno "EAFNOSUPPORT" { "socket" },
	},
	landlock = prefer {
		-- The root as the program sees it: what leads elsewhere is not beneath it.
		ro    = { "/" },
		rw    = { "/box", "/tmp", "/var/tmp", "/home/user", "/dev" },
		exec  = {
			"/usr", "/bin", "/sbin", "/lib", { "/lib32", optional = true },
			{ "/lib64", optional = true }, { "/libx32", optional = true },
			"/box", "/tmp", "/home/user",
		},
		scope = { "signal", "abstract_unix" },
	},
	limits   = {
		wall = "10m", cpu = prefer "5m", memory = prefer "1G", swap = prefer(0), pids = 256,
		output = prefer "256M", files = 1024, fsize = "1G", core = 0,
	},
}
