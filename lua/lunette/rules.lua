-- rules.lua - seccomp rules: from names to intervals of numbers, one entry of the kernel at a time
--
-- Order: the layers' guards, the oldest ancestor's first; then the layers' other rules, the child's
-- first. A list of names under one action is one rule; a call with tests is one more before it.
-- `remove` of a layer takes names out of the layers before it.

local native = ...
local base = native.load("lunette.base")
local tag, fail, line = base.tag, base.fail, base.line
local concat, ipairs, next, type = table.concat, ipairs, next, type
local call_number = native.call

local M = {}

-- The named guards, as lines of the plan without their entry: ACTION NAME... [TEST]. What an entry
-- does not have is left out.
local guards = {
	-- clone and unshare with CLONE_NEWUSER; clone3 hides its flags, so programs must use clone.
	["no-new-userns"] = {
		"errno:1 clone unshare a0.4&0x10000000=0x10000000-0x10000000", "errno:1 setns",
		"errno:38 clone3",
	},
	-- TIOCSTI and TIOCLINUX; the kernel takes 32 bits of the command.
	["no-tty-injection"] = {
		"errno:1 ioctl a1.4&0xffffffff=0x5412-0x5412 a1.4&0xffffffff=0x541c-0x541c or",
	},
	["no-io-uring"] = { "errno:38 io_uring_setup io_uring_enter io_uring_register" },
	["no-keyring"] = { "errno:38 add_key request_key keyctl" },
	-- AF_VSOCK; i386's socketcall hides the family, so it makes no socket at all.
	["no-vsock"] = {
		"errno:97 socket a0.4&0xffffffff=0x28-0x28", "errno:38 socketcall a0.4&0xffffffff=0x1-0x1",
	},
	-- PROT_WRITE with PROT_EXEC, PROT_EXEC later, SHM_EXEC, READ_IMPLIES_EXEC. i386's first mmap hides
	-- its arguments.
	["no-write-execute"] = {
		"errno:1 !mmap mmap2 a2.4&0x6=0x6-0x6", "errno:1 mprotect pkey_mprotect a2.4&0x4=0x4-0x4",
		"errno:1 shmat a2.4&0x8000=0x8000-0x8000",
		"errno:1 ipc a0.4&0xffff=0x15-0x15 a2.4&0x8000=0x8000-0x8000 and",
		"errno:1 personality a0.4&0x400000=0x400000-0x400000 "
			.. "a0.4&0xffffffff=0xffffffff-0xffffffff not and",
	},
	["no-ptrace"] = {
		"errno:1 ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd",
	},
	["no-bpf-perf"] = { "errno:1 bpf perf_event_open lookup_dcookie" },
	["no-userfaultfd"] = { "errno:1 userfaultfd" },
}
M.named = guards

-- Adds to @rules what @value, an item of a rule list, says.
local function collect(state, layer, rules, value, preferred, path)
	local kind
	value, kind, preferred = state.unwrap(value, preferred)
	if kind == "rule" then
		local list = value.list
		if type(list) ~= "table" or tag(list) then
			fail(value.where, path, 'an action is called with a list: allow { "read", "write" }')
		end
		if value.action == "notify" then
			native.load("lunette.unbuilt")(state, layer, path, preferred, "notify", value.where)
			return
		end
		local rule = { action = value.action, where = value.where, path = path, names = {}, calls = {} }
		state.items(layer, path, list, preferred, function(item, class, optional)
			if class == "optional" then
				item, optional = item[1], true
				class = tag(item)
			end
			if class == "call" then
				item.optional = optional
				rule.calls[#rule.calls + 1] = item
			elseif type(item) == "string" then
				rule.names[#rule.names + 1] = item
				rule.optional = rule.optional or optional and {}
				if optional then
					rule.optional[item] = true
				end
			else
				fail(value.where, path, 'a rule lists names, "@groups" and sys.NAME { ... }')
			end
		end)
		rules[#rules + 1] = rule
	elseif kind == "remove" then
		layer.removes = layer.removes or {}
		for _, name in ipairs(state.removed(value)) do
			layer.removes[#layer.removes + 1] = { name = name, where = value.where, path = path }
		end
	else
		state.wrong(layer, path, "must be a rule, such as allow { \"read\" } or errno \"EPERM\" { ... }",
			type(value) == "string" and 'allow { "' .. value .. '" }' or nil)
	end
end

-- rule() - one positional item of `seccomp`
function M.rule(state, layer, value, preferred, path)
	collect(state, layer, layer.rules, value, preferred, path)
end

-- guards() - the list `seccomp.guard`
function M.guards(state, layer, list, preferred)
	local path = "seccomp.guard"
	if tag(list) then
		state.wrong(layer, path, "must be a list", "a parent's guards go only by remove { \"NAME\" }")
	end
	state.items(layer, path, list, preferred, function(item, class, prefers, at)
		if type(item) ~= "string" then
			return collect(state, layer, layer.guards, item, prefers, at)
		end
		local lines = guards[item]
		if not lines then
			native.load("lunette.explain").unknown(line(layer, path), at, item, guards)
		end
		layer.guards[#layer.guards + 1] = { guard = item, lines = lines, where = line(layer, path) }
	end)
end

local groups = {}

-- The calls of a group, or nil.
local function members(name)
	local list = groups[name]
	if not list then
		list = native.group(name)
		groups[name] = list
	end
	return list
end

-- What this lowering works on; set for one entry at a time.
local entry, entries, put

local function unknown_call(rule, name)
	native.load("lunette.explain").call(rule.where, rule.path, name, entry)
end

-- Is there nothing wrong with @name missing from this entry?
local function elsewhere(name)
	for _, other in ipairs(entries) do
		if call_number(other, name) then
			return true
		end
	end
end

local function intervals(set, top)
	local out, first = {}, nil
	for number = 0, top + 1 do
		if set[number] then
			first = first or number
		elseif first then
			out[#out + 1] = first == number - 1 and first or first .. "-" .. number - 1
			first = nil
		end
	end
	return concat(out, ",")
end

-- The numbers of a list of names as the plan's intervals, or nil where there are none.
local function numbers(rule, removed)
	local set, top = {}, -1
	for _, name in ipairs(rule.names) do
		local group = name:byte() == 64
		local list = { name }
		if group then
			list = members(name)
				or native.load("lunette.explain").unknown(rule.where, rule.path, name, "group")
		end
		for index = 1, #list do
			local call = list[index]
			local number = call_number(entry, call)
			if number then
				if removed and removed[call] then
					removed[call].hit = true
				else
					set[number] = true
					if number > top then
						top = number
					end
				end
			elseif not group and not (rule.optional and rule.optional[call])
				and not elsewhere(call) then
				unknown_call(rule, call)
			end
		end
	end
	return top >= 0 and intervals(set, top) or nil
end

local function emit(text, where)
	put("seccomp.rule", entry .. " " .. text, where)
end

local function lower_call(rule, call, removed)
	local number = call_number(entry, call.name)
	if not number then
		if not call.optional and not elsewhere(call.name) then
			unknown_call(call, call.name)
		end
	elseif removed and removed[call.name] then
		removed[call.name].hit = true
	else
		call.path = rule.path
		local tests, clone_flags = native.load("lunette.matchers")(call, entry)
		if clone_flags then
			local clone3 = call_number(entry, "clone3")
			if clone3 then
				emit("errno:38 " .. clone3, call.where)
			end
		end
		emit(rule.action .. " " .. number .. tests, call.where)
	end
end

local function lower_guard(guard)
	for _, text in ipairs(guard.lines) do
		local action, names, tests = text:match("^(%S+) (.-)( a%d.*)$")
		if not action then
			action, names, tests = text:match("^(%S+) (.*)$")
		end
		local set, top = {}, -1
		for open, name in names:gmatch("(!?)([%w_]+)") do
			local number = call_number(entry, name)
			if number and open ~= "" and entry == "i386" then
				emit(action .. " " .. number, guard.where)
			elseif number then
				set[number] = true
				top = number > top and number or top
			end
		end
		if top >= 0 then
			emit(action .. " " .. intervals(set, top) .. (tests or ""), guard.where)
		end
	end
end

local function lower(rules, removed)
	for _, rule in ipairs(rules) do
		if rule.guard then
			if removed and removed[rule.guard] then
				removed[rule.guard].hit = true
			else
				lower_guard(rule)
			end
		else
			for _, call in ipairs(rule.calls) do
				lower_call(rule, call, removed)
			end
			local list = numbers(rule, removed)
			if list then
				emit(rule.action .. " " .. list, rule.where)
			end
		end
	end
end

-- What each layer loses: name -> the remove that says so, of any later layer.
local function removals(layers)
	local out, after = {}, nil
	for index = #layers, 1, -1 do
		out[index] = after
		for _, remove in ipairs(layers[index].removes or {}) do
			local more = {}
			for name, other in next, after or {} do
				more[name] = other
			end
			more[remove.name] = remove
			for _, name in ipairs(type(remove.name) == "string" and members(remove.name) or {}) do
				more[name] = remove
			end
			after = more
		end
	end
	return out
end

-- lower() - puts the plan's lines for all entries: @native_entry first, then seccomp.arch
function M.lower(state, native_entry, put_line)
	local layers = state.layers
	local removed = removals(layers)
	put = put_line
	entries = { native_entry }
	for _, name in ipairs(state.values["seccomp.arch"] or {}) do
		if name ~= native_entry then
			entries[#entries + 1] = name
		end
	end
	for _, name in ipairs(entries) do
		entry = name
		put("seccomp.known", name .. " " .. native.known(name))
		for index = 1, #layers do
			lower(layers[index].guards, removed[index])
		end
		for index = #layers, 1, -1 do
			lower(layers[index].rules, removed[index])
		end
	end
	for _, layer in ipairs(layers) do
		for _, remove in ipairs(layer.removes or {}) do
			if not remove.hit then
				fail(remove.where, remove.path, "there is nothing to remove: " .. tostring(remove.name))
			end
		end
	end
end

return M
