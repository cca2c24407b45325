-- security.lua - capabilities, prctl(2), seccomp(2), Landlock, keys
--
-- The arguments of prctl(2) and keyctl(2) are numbers, texts or memory depending on the operation,
-- and a number that is taken for an address must not come from Lua: so each operation stands here
-- with what it takes, and one that does not is refused.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local types = require "syscall.types.security"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	landlock_restrict_self = "fd flags:LANDLOCK_RESTRICT -> true",
	add_key = "text text data enum:KEY_SPEC -> int",
	request_key = "text text text? enum:KEY_SPEC -> int",
}

-- Capabilities: three sets of 64 bits, which the kernel has in two halves.

local get_caps = bind("capget", "in:user_cap_header mem:24 -> true")
local set_caps = bind("capset", "in:user_cap_header mem:24 -> true")
local sets = { "effective", "permitted", "inheritable" }

-- capget([pid or header]) - an object with the sets effective, permitted and inheritable
function M.capget(pid)
	local data, out = memory.new(24), {}
	local header = raw.ismemory(pid) and pid
		or { version = "3", pid = check.integer("capget", 1, pid or 0) }
	local done, err = get_caps(header, data)
	if not done then
		return nil, err
	end
	for i, name in ipairs(sets) do
		out[name] = data:u32(4 * i - 4) | data:u32(4 * i + 8) << 32
	end
	return types.capabilities(out)
end

-- capset(capabilities) - of this thread: capget()'s answer, or a table that t.capabilities() takes
function M.capset(caps)
	local data = memory.new(24)
	caps = types.capabilities(check.table("capset", 1, caps))
	for i, name in ipairs(sets) do
		data:u32(4 * i - 4, caps[name].value & 0xffffffff)
		data:u32(4 * i + 8, caps[name].value >> 32)
	end
	return set_caps({ version = "3" }, data)
end

-- prctl(option, …)

local control = {
	number = bind("prctl", "enum:PR i64=0 i64=0 i64=0 i64=0 -> int"),
	memory = bind("prctl", "enum:PR mem #0 #0 #0 -> true"),
	text = bind("prctl", "enum:PR text #0 #0 #0 -> true"),
	filter = bind("prctl", "enum:PR enum:SECCOMP_MODE in:sock_fprog #0 #0 -> true"),
}

-- Option → the families of its arguments ("-": a number), behind an arrow what it gives other than
-- true: int, or i32 and text, which the kernel stores.
local options = {}
for name, what in ([[
	SET_PDEATHSIG=SIG; GET_PDEATHSIG=>i32; GET_DUMPABLE=>int; SET_DUMPABLE=-; GET_KEEPCAPS=>int
	SET_KEEPCAPS=-; GET_TIMING=>int; SET_TIMING=-; GET_SECCOMP=>int
	CAPBSET_READ=CAP>int; CAPBSET_DROP=CAP; GET_TSC=>i32; SET_TSC=-; GET_SECUREBITS=>int
	SET_SECUREBITS=SECBIT; SET_TIMERSLACK=-; GET_TIMERSLACK=>int
	TASK_PERF_EVENTS_DISABLE=; TASK_PERF_EVENTS_ENABLE=; SET_CHILD_SUBREAPER=-
	GET_CHILD_SUBREAPER=>i32; SET_NO_NEW_PRIVS=-; GET_NO_NEW_PRIVS=>int; SET_THP_DISABLE=- -
	GET_THP_DISABLE=>int; GET_SPECULATION_CTRL=->int; SET_SPECULATION_CTRL=- -
	SET_IO_FLUSHER=-; GET_IO_FLUSHER=>int; SET_MDWE=-; GET_MDWE=>int; SET_MEMORY_MERGE=-
	GET_MEMORY_MERGE=>int; SET_PTRACER=-; SET_NAME=text; GET_NAME=>text; SET_FP_MODE=-
	GET_FP_MODE=>int; SVE_SET_VL=->int; SVE_GET_VL=>int; SME_SET_VL=->int; SME_GET_VL=>int
	SET_TAGGED_ADDR_CTRL=-; GET_TAGGED_ADDR_CTRL=>int; MCE_KILL=- -
]]):gmatch "([%w_]+)=([^;\n]*)" do
	options[name] = what
end

local function stored(number, kind)
	local room = memory.new(16)
	local done, err = control.memory(number, room)
	return done and (kind == "i32" and room:i32(0) or kind == "text" and room:cstring(0)), err
end

local function ambient(number, operation, cap)
	operation = c.PR_CAP_AMBIENT[operation]
	cap = cap and c.CAP[cap] or 0
	local result, err = control.number(number, operation, cap)
	return result and (operation ~= c.PR_CAP_AMBIENT.IS_SET or result), err
end

local function arguments(families, ...)
	local out, i = {}, 0
	for family in families:gmatch "%S+" do
		i = i + 1
		local value = select(i, ...)
		value = value == true and 1 or value or 0
		out[i] = family == "-" and check.integer("prctl", i + 1, value) or c[family][value]
	end
	return table.unpack(out)
end

function M.prctl(option, ...)
	local number = c.PR[option]
	local name = constants.name("PR", number)
	if name == "CAP_AMBIENT" then
		return ambient(number, ...)
	elseif name == "SET_SECCOMP" then
		local mode, program = ...
		mode = c.SECCOMP_MODE[mode]
		if mode == c.SECCOMP_MODE.FILTER then
			return control.filter(number, mode, program)
		end
		local done, err = control.number(number, mode)
		return done and true, err
	elseif not options[name] then
		errors.complain("prctl", 1, "an option without addresses among its arguments", option)
	end
	local families, result = options[name]:match "^([^>]*)>?(.*)$"
	if families == "text" then
		return control.text(number, (...))
	elseif result == "i32" or result == "text" then
		return stored(number, result)
	end
	local value, err = control.number(number, arguments(families, ...))
	return value and (result ~= "int" or value), err
end

-- seccomp(operation [, flags [, argument]]): of filters a sock_fprog or a list of sock_filter;
-- true, with new_listener an fd. get_action_avail takes a name of SECCOMP_RET and gives a boolean.

local of_filter = "enum:SECCOMP_SET_MODE flags:SECCOMP_FILTER_FLAG in:sock_fprog"
local filter = bind("seccomp", of_filter .. " -> int")
local listener = bind("seccomp", of_filter .. " -> fd")
local strict = bind("seccomp", "enum:SECCOMP_SET_MODE u32 #0 -> true")
local action = bind("seccomp", "enum:SECCOMP_SET_MODE u32 in:u32 -> true")
local sizes = bind("seccomp", "enum:SECCOMP_SET_MODE u32 out:seccomp_notif_sizes -> out")

function M.seccomp(operation, flags, argument)
	local number, names = c.SECCOMP_SET_MODE[operation], c.SECCOMP_SET_MODE
	if number == names.SET_MODE_FILTER then
		flags = c.SECCOMP_FILTER_FLAG[flags or 0]
		if flags & c.SECCOMP_FILTER_FLAG.NEW_LISTENER ~= 0 then
			return listener(number, flags, argument)
		end
		local result, err = filter(number, flags, argument)
		if result and result ~= 0 then
			return nil, errors.objects[c.E.SRCH] -- a thread that TSYNC could not bring along
		end
		return result and true, err
	elseif number == names.GET_ACTION_AVAIL then
		local done, err = action(number, flags or 0, c.SECCOMP_RET[argument])
		if done or err.OPNOTSUPP then
			return done or false
		end
		return nil, err
	elseif number == names.GET_NOTIF_SIZES then
		return sizes(number, flags or 0)
	elseif number == names.SET_MODE_STRICT then
		return strict(number, flags or 0)
	end
	errors.complain("seccomp", 1, "an operation of SECCOMP_SET_MODE", operation)
end

-- Landlock

local create = bind("landlock_create_ruleset", "in:landlock_ruleset_attr len #0 -> fd")
local ask = bind("landlock_create_ruleset", "#0 #0 flags:LANDLOCK_CREATE -> int")

-- landlock_create_ruleset(attr) - an fd; landlock_create_ruleset(nil, "version") - a number
function M.landlock_create_ruleset(attr, flags)
	if attr == nil then
		return ask(flags)
	end
	return create(attr)
end

local rules = {
	PATH_BENEATH = bind("landlock_add_rule",
		"fd enum:LANDLOCK_RULE in:landlock_path_beneath_attr u32=0 -> true"),
	NET_PORT = bind("landlock_add_rule",
		"fd enum:LANDLOCK_RULE in:landlock_net_port_attr u32=0 -> true"),
}

function M.landlock_add_rule(fd, kind, attr, flags)
	local add = rules[constants.name("LANDLOCK_RULE", c.LANDLOCK_RULE[kind])]
		or errors.complain("landlock_add_rule", 2, "a kind of LANDLOCK_RULE", kind)
	return add(fd, kind, attr, flags)
end

-- keyctl(operation, …). A key is a number or a name of KEY_SPEC.

local KEY = "enum:KEYCTL enum:KEY_SPEC"
local operations = {
	GET_KEYRING_ID = KEY .. " i32=0 -> int",
	JOIN_SESSION_KEYRING = "enum:KEYCTL text? -> int",
	UPDATE = KEY .. " data -> true",
	REVOKE = KEY .. " -> true",
	CHOWN = KEY .. " u32 u32 -> true",
	SETPERM = KEY .. " u32 -> true",
	CLEAR = KEY .. " -> true",
	LINK = KEY .. " enum:KEY_SPEC -> true",
	UNLINK = KEY .. " enum:KEY_SPEC -> true",
	SEARCH = KEY .. " text text enum:KEY_SPEC -> int",
	INSTANTIATE = KEY .. " data enum:KEY_SPEC -> true",
	NEGATE = KEY .. " u32 enum:KEY_SPEC -> true",
	REJECT = KEY .. " u32 enum:E enum:KEY_SPEC -> true",
	SET_REQKEY_KEYRING = "enum:KEYCTL enum:KEY_REQKEY_DEFL -> int",
	SET_TIMEOUT = KEY .. " u32 -> true",
	ASSUME_AUTHORITY = KEY .. " -> int",
	SESSION_TO_PARENT = "enum:KEYCTL -> true",
	INVALIDATE = KEY .. " -> true",
	GET_PERSISTENT = "enum:KEYCTL i32 enum:KEY_SPEC -> int",
	RESTRICT_KEYRING = KEY .. " text? text? -> true",
	MOVE = KEY .. " enum:KEY_SPEC enum:KEY_SPEC u32=0 -> true",
}
local reads = { DESCRIBE = true, READ = true, GET_SECURITY = true }
local read_key = bind("keyctl", KEY .. " mem size -> int")
local bound = {}

-- What the key holds, of any length: it may grow between two calls.
local function text_of(number, key, ends)
	local room = 256
	while true do
		local buffer = memory.new(room)
		local length, err = read_key(number, key, buffer, room)
		if not length then
			return nil, err
		elseif length <= room then
			return buffer:string(0, ends and math.max(length - 1, 0) or length)
		end
		room = length
	end
end

function M.keyctl(operation, ...)
	local number = c.KEYCTL[operation]
	local name = constants.name("KEYCTL", number)
	if reads[name] then
		return text_of(number, (...), name ~= "READ")
	elseif not operations[name] then
		errors.complain("keyctl", 1, "an operation that the library has", operation)
	end
	bound[name] = bound[name] or bind("keyctl", operations[name])
	return bound[name](number, ...)
end

return M
