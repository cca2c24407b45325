-- rules.lua - seccomp rules: from names to intervals of numbers, one entry of the kernel at a time
--
-- Order: the layers' guards, the oldest ancestor's first; then the layers' other rules, the child's
-- first. A list of names under one action is one rule; a call with tests is one more before it.
-- `remove` of a layer takes names out of the layers before it.

local native = ...
local base = native.load("lunette.base")
local tag, line = base.tag, base.line
local ipairs, type = ipairs, type
local call_number = native.call

local M = {}

local function explain()
	return native.load("lunette.explain")
end

-- The named guards: { action, calls, test }. What an entry does not have is left out.
local guards = {
	-- clone and unshare with CLONE_NEWUSER; clone3 hides its flags, so programs must use clone.
	["no-new-userns"] = {
		{ "errno:1", { "clone", "unshare" }, " a0.4&0x10000000=0x10000000-0x10000000" },
		{ "errno:1", { "setns" } }, { "errno:38", { "clone3" } },
	},
	-- TIOCEXCL, TIOCSTI, TIOCLINUX and TIOCSETD; the kernel takes 32 bits of the command.
	["no-tty-injection"] = { { "errno:1", { "ioctl" },
		" a1.4&0xffffffff=0x540c-0x540c a1.4&0xffffffff=0x5412-0x5412 or"
			.. " a1.4&0xffffffff=0x541c-0x541c or a1.4&0xffffffff=0x5423-0x5423 or" } },
	["no-io-uring"] = { { "errno:38", { "@io-uring" } } },
	["no-keyring"] = { { "errno:38", { "add_key", "request_key", "keyctl" } } },
	-- AF_VSOCK; i386's socketcall hides the family, so it makes no socket at all.
	["no-vsock"] = {
		{ "errno:97", { "socket" }, " a0.4&0xffffffff=0x28-0x28" },
		{ "errno:38", { "socketcall" }, " a0.4&0xffffffff=0x1-0x1" },
	},
	-- Families besides unix, inet, inet6 and netlink: no namespace was made for them.
	["no-odd-sockets"] = {
		-- A pair of a family that has none still loads and runs what makes its sockets.
		{ "errno:97", { "socket", "socketpair" }, " a0.4&0xffffffff=0x1-0x2 "
			.. "a0.4&0xffffffff=0xa-0xa or a0.4&0xffffffff=0x10-0x10 or not" },
		{ "errno:38", { "socketcall" }, " a0.4&0xffffffff=0x1-0x1 a0.4&0xffffffff=0x8-0x8 or" },
	},
	["no-ptrace"] = { { "errno:1", { "ptrace", "process_vm_readv", "process_vm_writev",
		"process_madvise", "kcmp", "pidfd_getfd" } } },
	["no-bpf-perf"] = { { "errno:1", { "bpf", "perf_event_open", "lookup_dcookie" } } },
	["no-userfaultfd"] = { { "errno:1", { "userfaultfd" } } },
	-- S_ISUID and S_ISGID in the mode of what is changed or made (O_CREAT, O_TMPFILE); openat2's
	-- is out of a filter's sight.
	["no-setuid-files"] = {
		{ "errno:1", { "chmod", "fchmod", "creat", "mknod" }, " a1.4&0xc00=0x1-0xc00" },
		{ "errno:1", { "fchmodat", "fchmodat2", "mknodat" }, " a2.4&0xc00=0x1-0xc00" },
		{ "errno:1", { "open" }, " a1.4&0x400040=0x1-0x400040 a2.4&0xc00=0x1-0xc00 and" },
		{ "errno:1", { "openat" }, " a2.4&0x400040=0x1-0x400040 a3.4&0xc00=0x1-0xc00 and" },
		{ "errno:38", { "openat2" } },
	},
	["no-write-execute"] = false, -- in writexec.lua
}
M.named = guards

-- Adds to @rules what @value, an item of a rule list, says.
local function collect(state, layer, rules, value, preferred, path)
	local kind
	value, kind, preferred = state.unwrap(value, preferred)
	if kind == "rule" then
		local list = value.list
		if type(list) ~= "table" or tag(list) then
			explain().rule(value, path, "list")
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
				rules[item] = rules[item] or rule
				if rules[item].action ~= rule.action then
					explain().contradiction(rule, item, rules[item])
				end
				rule.names[#rule.names + 1] = item
				rule.optional = rule.optional or optional and {}
				if optional then
					rule.optional[item] = true
				end
			else
				explain().rule(value, path, "items")
			end
		end)
		rules[#rules + 1] = rule
	elseif kind == "remove" then
		native.load("lunette.removal").collect(state, layer, value, path)
	else
		explain().no_rule(state, layer, path, value)
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
		explain().no_rule(state, layer, path)
	end
	state.items(layer, path, list, preferred, function(item, _, prefers, _, index)
		local at = path .. "[" .. index .. "]"
		if type(item) ~= "string" then
			return collect(state, layer, layer.guards, item, prefers, at)
		end
		local rows = guards[item]
		if rows == nil then
			explain().unknown(line(layer, path), at, item, guards)
		end
		layer.guards[#layer.guards + 1] = {
			guard = item, where = line(layer, path),
			rows = rows or native.load("lunette.writexec"),
		}
	end)
end

-- What this lowering works on; set for one entry at a time.
local entry, entries, put, count

-- Is there nothing wrong with @name missing from this entry?
local function elsewhere(name)
	for _, other in ipairs(entries) do
		if call_number(other, name) then
			return true
		end
	end
end

local function emit(text, where)
	count = count + 1
	if count > 10000 then
		explain().rule({ where = where }, "seccomp", "many")
	end
	put("seccomp.rule", entry .. " " .. text, where)
end

-- The numbers of a rule's names as the plan's intervals; "" where there are none.
local function numbers(rule, removed)
	local names = rule.names
	if removed then
		names = native.load("lunette.removal").filter(names, removed, entry)
	end
	local text, missing = native.numbers(entry, names)
	for _, name in ipairs(missing or {}) do
		if not (rule.optional and rule.optional[name]) and not elsewhere(name) then
			explain().call(rule.where, rule.path, name, entry)
		end
	end
	if entry == "i386" then
		native.load("lunette.multiplexed").each(names, function(name, test)
			emit(rule.action .. " " .. call_number(entry, name) .. test, rule.where)
		end)
	end
	return text
end

local function lower_call(rule, call, removed)
	local number = call_number(entry, call.name)
	if not number then
		if not call.optional and not elsewhere(call.name) then
			explain().call(call.where, rule.path, call.name, entry)
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
		if entry == "i386" then
			local name, test = native.load("lunette.multiplexed").one(call.name)
			if name then
				emit((tests ~= "" and "errno:38 " or rule.action .. " ") .. call_number(entry, name)
					.. test, call.where)
			end
		end
		emit(rule.action .. " " .. number .. tests, call.where)
	end
end

local function lower(rules, removed)
	for _, rule in ipairs(rules) do
		if rule.guard then
			if removed and removed[rule.guard] then
				removed[rule.guard].hit = true
			else
				for _, row in ipairs(rule.rows) do
					local list = native.numbers(entry, row[2])
					if list ~= "" and (not row.entry or row.entry == entry) then
						emit(row[1] .. " " .. list .. (row[3] or ""), rule.where)
					end
				end
			end
		else
			for _, call in ipairs(rule.calls) do
				lower_call(rule, call, removed)
			end
			local list = numbers(rule, removed)
			if list ~= "" then
				emit(rule.action .. " " .. list, rule.where)
			end
		end
	end
end

-- lower() - puts the plan's lines for all entries: @native_entry first, then seccomp.arch
function M.lower(state, native_entry, put_line)
	local layers = state.layers
	local removed, removes = {}, false
	for _, layer in ipairs(layers) do
		removes = removes or layer.removes
	end
	if removes then
		removed = native.load("lunette.removal").sets(layers)
	end
	put, count = put_line, 0
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
	if removes then
		native.load("lunette.removal").check(layers)
	end
end

return M
