-- default.lua - what `lunette run COMMAND` uses
--
-- The working directory is writable at its own path, so that paths in messages and build
-- products mean the same inside and outside. Of the rest of the home nothing is there: $HOME is
-- private, empty and gone afterwards.

local arg = params {
	dir = path { default = host.cwd, doc = "mounted read-write at its own path" },
}

return profile {
	doc     = "Any command: the system read-only, the working directory read-write, no network.",
	extends = { "base", work = arg.dir },
	mounts  = { rw(arg.dir) },
	cwd     = arg.dir,
}
