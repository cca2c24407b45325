-- Settings of luacheck, which `scons lint` runs.
std = "lua54"
max_line_length = 100

-- What a profile finds there: lua/lunette/words.lua.
local profile = {
	"ro", "rw", "same", "tmpfs", "proc", "dev", "sysfs", "mqueue", "overlay", "symlink", "file", "dir",
	"mask", "one_of", "has", "without", "only", "masked", "range", "lt", "le", "gt", "ge", "ne",
	"all_of", "any_of", "no", "path", "text", "number", "size", "time", "flag", "choice", "veth", "join",
	"broker", "pod", "prefer", "optional", "remove", "replace", "profile", "none", "allow", "kill",
	"kill_thread", "log", "notify", "errno", "trap", "trace", "params", "host", "sys",
}
files["profiles/"] = { read_globals = profile, max_line_length = 110 }
files["tests/fuzz/confined.lua"] = { read_globals = profile }
files["tests/lua/profiles/"] = { read_globals = profile }
-- A type of the schema takes what all types take, also where it has no use for it.
files["lua/lunette/keys.lua"] = { ignore = { "212" } }
files["lua/lunette/rarely.lua"] = { ignore = { "212" } }
