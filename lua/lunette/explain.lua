-- explain.lua - errors that name what was probably meant
--
-- Loaded only to fail: every function raises.

local native = ...
local base = native.load("lunette.base")
local fail, line = base.fail, base.line
local next, type = next, type

local M = {}

local function meant(name)
	return name and 'did you mean "' .. name .. '"?' or nil
end

local function closest(name, ...)
	local names = {}
	for _, known in next, { ... } do
		for key in next, known do
			if type(key) == "string" then
				names[#names + 1] = key
			end
		end
	end
	table.sort(names)
	return type(name) == "string" and native.closest(name, names) or nil
end

-- Names of Lua's own that a profile is not given
local withheld = { collectgarbage = true, coroutine = true, debug = true, dofile = true,
	io = true, load = true, loadfile = true, os = true, package = true, print = true,
	require = true, warn = true }
local only_computes = "a profile can only compute: of the host it knows what `host` tells"

local kinds = { errno = "error", group = "group of calls" }

-- unknown() - @name, at @path, is not one of the keys of the tables that follow, or not one of the
-- tables' kind "errno" or "group"
function M.unknown(where, path, name, known, ...)
	if type(known) == "string" then
		fail(where, path, ('there is no %s "%s"'):format(kinds[known], name),
			meant(native.nearest(known, name)))
	elseif path == "word" then
		fail(where, "`" .. name .. "`", "a profile has no such name",
			withheld[name] and only_computes or meant(closest(name, known, ...)))
	elseif path == "host" or path == "params" then
		fail(where, path .. "." .. name,
			"there is no such " .. (path == "host" and "fact" or "parameter"), meant(closest(name, known)))
	end
	fail(where, path, ('there is no "%s"'):format(name), meant(closest(name, known, ...)))
end

-- key() - a profile or a section at @path has no key @name
function M.key(layer, path, name, known)
	local full = path == "" and tostring(name) or path .. "." .. tostring(name)
	if type(name) == "number" then
		fail(line(layer, path), path == "" and "profile" or path, "has no items, only keys")
	end
	fail(line(layer, full), full, "there is no such key", meant(closest(name, known)))
end

-- zero() - a limit at @path of @layer is 0, with which no program could begin
function M.zero(state, layer, path)
	state.wrong(layer, path, "must be more than 0: with 0 nothing could run",
		"without a limit there is none; a profile takes its parent's away by `none`")
end

-- one() - limits.pids is 1, and there is a pid 1 beside the program
function M.one(state)
	state.wrong(state.owner["limits.pids"], "limits.pids", "must be more than 1: pid 1 counts too")
end

-- profile() - @name cannot be loaded
function M.profile(from, name, message)
	fail(from, from == "" and name or "extends",
		message and name .. ": " .. message or 'there is no profile "' .. name .. '"',
		not message and "`lunette profiles` lists the shipped ones; a path holds a /" or nil)
end

-- mount() - there is no mount at @at to remove
function M.mount(layer, path, at, list)
	local clean = base.path(at)
	fail(line(layer, "mounts"), path, "there is no mount to remove at " .. tostring(at),
		clean and meant(closest(clean, list)))
end

-- attribute() - a mount has no attribute @name
function M.attribute(mount, name, known)
	local names = {}
	for one in known:gmatch("%S+") do
		names[one] = true
	end
	if type(name) == "number" then
		fail(mount.where, mount.path, mount.op .. " takes one path",
			mount.op == "symlink" and 'symlink { "usr/bin", at = "/bin" }' or nil)
	end
	fail(mount.where, mount.path, ('%s has no attribute "%s"'):format(mount.op, tostring(name)),
		meant(closest(name, names)) or "it has" .. known:gsub(" $", ""):gsub(" (%S+)", " %1,"):sub(1, -2))
end

-- call() - @entry has no call @name
function M.call(where, path, name, entry)
	if name:byte() == 64 then
		M.unknown(where, path, name, "group")
	end
	local elsewhere
	for _, other in next, { "x86_64", "i386", "x32", "aarch64", "riscv64" } do
		if native.known(other) and native.call(other, name) then
			elsewhere = other
		end
	end
	if elsewhere then
		fail(where, path, ('%s has no system call "%s"'):format(entry, name),
			'optional "' .. name .. '" skips it there')
	end
	local guards = native.load("lunette.rules").named
	fail(where, path, ('there is no system call "%s"'):format(name),
		guards[name] and "it is a guard: seccomp.guard = { \"" .. name .. '" }'
			or meant(native.nearest("call", name)))
end

-- value() - @value is nothing that the argument @this can be compared with
function M.value(this, value)
	local path = "sys." .. this.call.name .. "." .. this.name
	if type(value) == "table" then
		fail(this.call.where, path, "must be a value or a matcher", "one_of { ... }")
	elseif this.class == "mode" then
		fail(this.call.where, path, "must be octal text, since Lua reads numbers as decimal: "
			.. tostring(value), '"0644", or names: "suid | sgid"')
	end
	fail(this.call.where, path, "must be a whole number: " .. tostring(value))
end

local rules = {
	list = 'an action is called with a list: allow { "read", "write" }',
	items = 'a rule lists names, "@groups" and sys.NAME { ... }',
	many = "these are more than 10000 rules; ranges, one_of and groups say the same in fewer",
	remove = "remove takes names of calls, groups and guards",
}

-- rule() - @value, at @path, is no rule: it is wrong in its list, its items or what it removes, or
-- one too many
function M.rule(value, path, what)
	fail(value.where, path, rules[what])
end

-- no_rule() - what stands at @path of @layer, @value, is no rule; or it should be a list of guards
function M.no_rule(state, layer, path, value)
	if value == nil then
		state.wrong(layer, path, "must be a list",
			"a parent's guards go only by remove { \"NAME\" }")
	end
	state.wrong(layer, path, "must be a rule, such as allow { \"read\" } or errno \"EPERM\" { ... }",
		type(value) == "string" and 'allow { "' .. value .. '" }' or nil)
end

-- contradiction() - @rule names @name, for which @older of the same profile has another action
function M.contradiction(rule, name, older)
	fail(rule.where, rule.path, ('"%s" has another action already, %s at %s'):format(name,
		older.action, older.where), "the first match decides: name it once")
end

-- constant() - @name is no value of the argument @this
function M.constant(this, name)
	local path = "sys." .. this.call.name .. "." .. this.name
	if name:find("^%-?0%d+$") and this.class ~= "mode" then
		local octal = tonumber(name, 8)
		fail(this.call.where, path, ('"%s" would be octal in C and is not here'):format(name),
			octal and ("write %d, or %s"):format(octal, (name:gsub("^(%-?)0+(%d)", "%1%2"))))
	end
	if not this.family then
		fail(this.call.where, path, 'has no named values, such as "' .. name .. '"')
	end
	fail(this.call.where, path, 'has no value "' .. name .. '"',
		meant(native.nearest(this.family, name)))
end

-- argument() - @call has no argument @key at @entry
function M.argument(call, entry, key, list)
	local path = "sys." .. call.name
	local hidden = {
		clone3 = "clone3 hides its arguments behind a pointer; rules on clone's flags answer it "
			.. "with ENOSYS",
		socketcall = "socketcall hides its arguments behind a pointer",
		ipc = "ipc hides its arguments behind a pointer",
	}
	local other = entry ~= "x86_64" and native.signature(call.name, "x86_64") or ""
	if type(key) == "string" and (" " .. other .. ","):find(" " .. key .. ",", 1, true) then
		fail(call.where, path .. "." .. key, entry .. " hides it behind a pointer")
	end
	local names, shown = {}, {}
	for index, argument in ipairs(list) do
		names[argument[2]] = true
		shown[index] = argument[2]
	end
	fail(call.where, path, type(key) == "number" and "has no argument " .. key
		or 'has no argument "' .. tostring(key) .. '"', meant(closest(key, names)) or hidden[call.name]
			or (#shown > 0 and "it has " .. table.concat(shown, ", ") or "it has none"))
end

return M
