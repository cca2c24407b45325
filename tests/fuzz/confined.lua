-- confined.lua - the sandbox in which the library is driven with random arguments
--
-- User 0 inside with every capability over namespaces of its own, so that calls get further than
-- their first check, and with nothing of the host that could be changed: the tree is read-only, the
-- rest is in memory and ends with it, and the ids mean nobody. What would reach the host through
-- the kernel itself is refused, and time, memory and files end somewhere.

local arg = params {
	tree = path { doc = "the source tree, read-only at /tree" },
	build = path { doc = "what was built, read-only at /build" },
	memory = text { default = "1G", doc = "address space; unlimited for sanitizers" },
}

return profile {
	doc     = "The system-call library with random arguments: all rights over nothing.",
	extends = { "base", uid = 0, gid = 0, home = "/root", name = "fuzz" },
	mounts  = { ro { arg.tree, at = "/tree" }, ro { arg.build, at = "/build" } },
	cwd     = "/tree",
	caps    = {
		keep = {
			"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
			"setpcap", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock",
			"ipc_owner", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_nice",
			"sys_resource", "sys_tty_config", "mknod", "lease", "setfcap", "mac_admin",
		},
	},
	seccomp = {
		remove {
			"no-new-userns", "no-tty-injection", "no-io-uring", "no-vsock", "no-ptrace",
			"no-userfaultfd", "no-setuid-files", "no-odd-sockets",
		},
		allow { "@mount", "fanotify_init", "open_by_handle_at", "vhangup" },
	},
	limits  = {
		wall = "20m", pids = 64, files = 256, fsize = "16M", core = 0, address_space = arg.memory,
	},
}
