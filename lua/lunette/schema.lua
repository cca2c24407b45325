-- schema.lua - every key of a profile and its type
--
-- A type is a function of keys.lua or rarely.lua. With `*` the key is a list of that type, which
-- parents and children add to; `**` is one that a child replaces. With `+` it is a number that must
-- not be 0. What each key means stands in schema_doc.lua, which no launch loads; options.lua holds
-- the command line's names.

return {
	doc = "text",
	extends = "any",
	namespaces = "namespace**",
	user = {
		uid = "id", gid = "id", groups = "groups", map = "map", outer = "outer", nested = "flag",
	},
	time = { monotonic = "offset", boottime = "offset" },
	hostname = "hostname",
	domainname = "hostname",
	cwd = "path",
	umask = "umask",
	mounts = "mount",
	env = { keep = "variable*", set = "variables" },
	caps = { keep = "capability*", ambient = "capability*", securebits = "securebit*" },
	seccomp = {
		default = "action", newer = "newer", guard = "guard", arch = "entry*",
		on_denied = "denial",
	},
	landlock = {
		ro = "place*", rw = "place*", exec = "place*", connect = "port*", bind = "port*",
		scope = "scope*",
	},
	net = "net",
	publish = "publish*",
	limits = {
		memory = "size+", memory_high = "size+", swap = "size", pids = "count+", cpus = "cpus",
		cpu_weight = "weight", cpuset = "cpuset", io = "io", io_weight = "weight",
		hugetlb = "hugetlb", wall = "time+", grace = "time", cpu = "time+", output = "size",
		on_output = "excess", files = "count", fsize = "size", stack = "size+", core = "size",
		nproc = "count", address_space = "size+", data = "size", memlock = "size",
		msgqueue = "size", nice = "count", process_cpu = "time+", rtprio = "count", rttime = "time",
		sigpending = "count",
	},
	cgroup_parent = "cgroup",
	process = {
		init = "flag", tty = "tty", die_with_parent = "flag", stdin = "stream", stdout = "stream",
		stderr = "stream", fds = "fd*", name = "name", arg0 = "text",
	},
	needs = "need*",
	tests = "any*",
}
