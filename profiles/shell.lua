-- shell.lua - look around inside
--
-- default, but on the caller's own terminal and session, so that job control, the line editor
-- and Ctrl-C work: `lunette run -p shell bash`. A program on the caller's terminal could type
-- commands into it for the shell outside; the guard no-tty-injection of base refuses TIOCSTI and
-- TIOCLINUX, and must not be removed while the terminal is shared.

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
	doc     = "An interactive shell on the caller's terminal, in what default gives.",
	extends = { "default", dir = arg.dir },
	mounts  = mounts,
	env     = {
		keep = { "LINES", "COLUMNS" },
		set  = { PS1 = "(lunette) \\w\\$ ", HISTFILE = "/dev/null" },
	},
	process = { tty = "inherit" },
}
