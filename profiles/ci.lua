-- ci.lua - a test command on a clean tree
--
-- The checkout lies at /src under a layer in memory: the run sees what it writes, the checkout
-- never changes, and two runs start from the same state. What differs between machines and users
-- (ids, host name, locale, time zone, terminal, environment) is fixed.

local arg = params {
	dir  = path { default = host.cwd, doc = "the checkout, seen at /src" },
	size = size { default = "2G", doc = "how much the run may write to it" },
	wall = time { default = "30m", doc = "how long it may take" },
}

return profile {
	doc     = "A test command: the checkout under a throw-away layer at /src, fixed ids, no network.",
	extends = { "base", uid = 1000, gid = 1000, name = "ci", work = arg.dir },
	mounts  = {
		overlay { arg.dir, at = "/src", upper = "tmpfs", size = arg.size },
		remove "/etc/resolv.conf",
		symlink { "/usr/share/zoneinfo/Etc/UTC", at = "/etc/localtime" },
	},
	cwd     = "/src",
	umask   = "022",
	env     = {
		keep = replace {},
		set  = { CI = "true", LANG = "C.UTF-8", LC_ALL = "C.UTF-8", TZ = "UTC", TERM = "dumb" },
	},
	limits  = { wall = arg.wall, pids = 4096 },
}
