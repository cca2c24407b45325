-- shell.lua - look around inside
--
-- default, but on a terminal of the sandbox's own that is joined to the caller's, so that job
-- control, the line editor and Ctrl-C work: `lunette run -p shell bash`. What a program pushes into
-- its terminal's queue it reads itself; the caller's own is never in its hands.

local arg = params {
	dir = path { default = host.cwd, doc = "mounted read-write at its own path" },
}

local mounts = {}
for _, path in ipairs {
	"/etc/profile", "/etc/bash.bashrc", "/etc/inputrc", "/etc/vim", "/etc/manpath.config",
	"/etc/man_db.conf", "/etc/lesskey", "/etc/DIR_COLORS",
} do
	mounts[#mounts + 1] = ro { path, optional = true }
end

return profile {
	doc     = "An interactive shell on a terminal of its own, in what default gives.",
	extends = { "default", dir = arg.dir },
	mounts  = mounts,
	env     = {
		set  = { PS1 = "(lunette) \\w\\$ ", HISTFILE = "/dev/null" },
	},
	process = { tty = "auto" },
}
