-- options.lua - the options of the command line
--
-- One row an option: the build makes from it the C table, --help, the man page and completions; at
-- launch, where options are given, apply() turns those that change the plan into layers of their
-- own, each a small profile. Rows without `set` are the launcher's own affair.
--
-- Fields: name, short, metavar (none: a flag), verbs, help; set: a function(value, cwd) that
-- answers the table of a profile.

local native = ...

local M = {}

local function absolute(path, cwd)
	return native.load("lunette.paths").absolute(path, cwd)
end

-- place() - a function of the path that an option names
local function place(make)
	return function(value, cwd)
		if value == "" then
			return nil, "must be a path"
		end
		return make(absolute(value, cwd))
	end
end

-- Both sides of SRC[:DST], where "\:" is a colon of a name.
local function sides(value)
	local plain = value:gsub("\\:", "\0")
	local source, target = plain:match("^([^:]*):?(.*)$")
	return source:gsub("%z", ":"), (target:gsub("%z", ":"))
end

local function base()
	return native.load("lunette.base")
end

local function bind(kind)
	return function(value, cwd)
		local source, target = sides(value)
		if source == "" or target:find(":", 1, true) then
			return nil, "must be SRC or SRC:DST (\\: for a colon in a name)"
		end
		source = absolute(source, cwd)
		local at = target ~= "" and absolute(target, cwd) or source
		return { mounts = { base().make("mount", { op = kind, { source, at = at }, where = "" }) } }
	end
end

local function limit(name, convert)
	return function(value)
		return { limits = { [name] = convert and convert(value) or value } }
	end
end

local function whole(value)
	return value:find("^%d+$") and math.tointeger(tonumber(value)) or value
end

local function amount(value)
	return tonumber(value) or value
end

local function id(name)
	return function(value)
		return { user = { [name] = whole(value) } }
	end
end

local plan = "run plan doctor why"
local launch = "run plan why"

M.rows = {
	{ name = "profile", short = "p", metavar = "PROFILE", verbs = plan,
		help = "the profile: a name, or a path with a /; `default` where none is given" },
	{ name = "ro", metavar = "SRC[:DST]", verbs = launch, set = bind("ro"),
		help = "SRC of the host read-only at DST, or at its own path" },
	{ name = "rw", metavar = "SRC[:DST]", verbs = launch, set = bind("rw"),
		help = "SRC of the host read-write at DST, or at its own path" },
	{ name = "tmpfs", metavar = "DST", verbs = launch,
		help = "an empty directory in memory at DST",
		set = place(function(path)
			return { mounts = { base().make("mount", { op = "tmpfs", { path }, where = "" }) } }
		end) },
	{ name = "net", metavar = "MODE", verbs = launch,
		help = "the network: none, host, veth (with NAT), veth:ADDRESS/PREFIX[,GATEWAY], join:WHERE",
		set = function(value)
			local address, gateway = value:match("^veth:([^,]+),?([^,]*)$")
			if value == "veth" then
				return { net = base().make("net", { op = "veth", where = "", { nat = true } }) }
			elseif value:find("^join:") then
				return { net = base().make("net", { op = "join", where = "", value:sub(6) }) }
			elseif address then
				return { net = base().make("net", { op = "veth", where = "",
					{ address = address, gateway = gateway ~= "" and gateway or nil } }) }
			elseif value ~= "none" and value ~= "host" then
				return nil, "must be none, host, veth, veth:ADDRESS/PREFIX[,GATEWAY] or join:WHERE"
			end
			return { net = value }
		end },
	{ name = "publish", metavar = "SPEC", verbs = launch,
		help = "a port of the sandbox on the host: [ADDR:]HOST:INSIDE[/udp]",
		set = function(value) return { publish = { value } } end },
	{ name = "memory", metavar = "SIZE", verbs = launch, set = limit("memory", amount),
		help = "how much memory all of it may use" },
	{ name = "pids", metavar = "N", verbs = launch, set = limit("pids", whole),
		help = "how many processes and threads there may be" },
	{ name = "cpus", metavar = "X", verbs = launch, set = limit("cpus", amount),
		help = "how many CPUs' worth of time it may use" },
	{ name = "cgroup-parent", metavar = "PATH", verbs = launch,
		help = "the cgroup below which the sandbox's own is made",
		set = function(value) return { cgroup_parent = value } end },
	{ name = "wall", metavar = "TIME", verbs = launch, set = limit("wall", amount),
		help = "how long it may take: 10 (seconds), 500ms, 2m, 1h" },
	{ name = "cpu", metavar = "TIME", verbs = launch, set = limit("cpu", amount),
		help = "how much CPU time it may use" },
	{ name = "grace", metavar = "TIME", verbs = launch, set = limit("grace", amount),
		help = "how long it may take to end when its time is up" },
	{ name = "output", metavar = "SIZE[,truncate]", verbs = launch,
		help = "how much it may write to each output before it is ended, or the rest thrown away",
		set = function(value)
			local size, over = value:match("^([^,]*),?(.*)$")
			if over ~= "" and over ~= "truncate" then
				return nil, "must be SIZE or SIZE,truncate"
			end
			return { limits = { output = amount(size), on_output = over ~= "" and over or nil } }
		end },
	{ name = "env", metavar = "K[=V]", verbs = launch,
		help = "the environment variable K, with the caller's value or V",
		set = function(value)
			local name, text = value:match("^([^=]*)=(.*)$")
			if name then
				return { env = { set = { [name] = text } } }
			end
			local none = base().make("none", {})
			return { env = { keep = { value }, set = { [value] = none } } }
		end },
	{ name = "chdir", metavar = "DIR", verbs = launch,
		help = "the working directory inside",
		set = place(function(path) return { cwd = path } end) },
	{ name = "hostname", metavar = "NAME", verbs = launch,
		help = "the host's name inside",
		set = function(value) return { hostname = value } end },
	{ name = "uid", metavar = "N", verbs = launch, set = id("uid"),
		help = "the user id inside" },
	{ name = "gid", metavar = "N", verbs = launch, set = id("gid"),
		help = "the group id inside" },
	{ name = "tty", verbs = launch,
		help = "a terminal of the sandbox's own",
		set = function() return { process = { tty = true } } end },
	{ name = "name", metavar = "NAME", verbs = launch,
		help = "a name for the running sandbox, by which others join its network",
		set = function(value) return { process = { name = value } } end },
	{ name = "set", metavar = "PARAM=VALUE", verbs = plan .. " check seccomp",
		help = "a value for a parameter of the profile",
		set = function() return {} end },
	{ name = "report", metavar = "FILE|fd:N", verbs = "run",
		help = "where the report goes when it is over, as one JSON object" },
	{ name = "plan", metavar = "FILE", verbs = "run",
		help = "run the plan in FILE; takes no command, and only --report, --verbose and --verify" },
	{ name = "verbose", short = "v", verbs = "run",
		help = "say what was refused and what was skipped, and how it ended" },
	{ name = "verify", verbs = "run",
		help = "compare the filter with its rules, for every call, before it is installed" },
	{ name = "to", short = "o", metavar = "FILE", verbs = "seccomp",
		help = "write the answer to FILE in place of standard output" },
	{ name = "json", verbs = "plan doctor profiles",
		help = "print one JSON object" },
	{ name = "help", short = "h", verbs = "*", help = "print this and exit" },
	{ name = "version", verbs = "", help = "print the version and exit" },
}

-- parameter() - adds PARAM=VALUE of --set to @given
function M.parameter(value, given)
	local name, text = value:match("^([%a_][%w_]*)=(.*)$")
	if not name then
		base().fail("", "--set", "must be PARAM=VALUE: " .. value)
	end
	given[name] = text
end

-- What the program is given on the command line it may use: where the profile lists places for
-- Landlock, they list the new mount too. Without the kernel's Landlock there is nothing to list.
local function list_for_landlock(state, value)
	local mount = value.mounts and value.mounts[1]
	if not mount or not state.landlock then
		return
	end
	local lists, values = {}, state.values
	local at = { mount[1].at or mount[1][1] }
	if mount.op ~= "ro" and values["landlock.rw"] then
		lists.rw = at
	elseif values["landlock.ro"] then
		lists.ro = at
	end
	if values["landlock.exec"] then
		lists.exec = at
	end
	value.landlock = base().make("prefer", { lists })
end

-- A cgroup is made for the limits that it holds. A profile may name one for those of its children.
local function check_parent(state)
	for _, name in ipairs { "memory", "memory_high", "swap", "pids", "cpus", "cpu_weight", "cpuset",
		"io", "io_weight", "hugetlb" } do
		if state.values["limits." .. name] then
			return
		end
	end
	base().fail("", "--cgroup-parent", "there is no limit that a cgroup would hold",
		"--memory, --pids and --cpus are such limits, and in a profile those marked (cgroup)")
end

-- apply() - puts the question's options on top of the merged profile, in their order
function M.apply(state, question)
	local by_name = {}
	for _, row in ipairs(M.rows) do
		by_name[row.name] = row
	end
	for _, option in ipairs(question.options) do
		local row = by_name[option.key]
		if not row or not row.set then
			base().fail("", "--" .. option.key, "changes no plan")
		end
		local value, wrong = row.set(option.value, question.cwd)
		if not value then
			base().fail("", "--" .. option.key, wrong)
		end
		list_for_landlock(state, value)
		state.apply({ value = value, option = "--" .. option.key, question = question })
	end
	if state.owner.cgroup_parent and state.owner.cgroup_parent.option then
		check_parent(state)
	end
	local grace = state.owner["limits.grace"]
	if grace and grace.option and not state.values["limits.wall"] then
		base().fail("", "--grace", "there is no limit of time at whose end it would be given",
			"give --wall, too")
	end
end

return M
