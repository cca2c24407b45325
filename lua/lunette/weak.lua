-- weak.lua - what `check` warns of where a child loosens its parents, or takes ids of the host's
--
-- Warnings only: whoever writes a profile may want what they name. Holes in the rules are found in
-- the plan, by policy/warn.c.

local native = ...

local strictness = {
	kill = 1, kill_thread = 2, trap = 3, errno = 4, notify = 5, trace = 6, log = 7, allow = 8,
}

local function rank(action)
	return strictness[action:match("^[%a_]+")]
end

local function sorted(set)
	local out = {}
	for key in next, set do
		out[#out + 1] = key
	end
	table.sort(out)
	return out
end

local function names_of(rule)
	local set = {}
	for _, name in ipairs(rule.names) do
		for _, call in ipairs(native.group(name) or { name }) do
			set[call] = true
		end
	end
	for _, call in ipairs(rule.calls) do
		set[call.name] = true
	end
	return set
end

-- Calls that a rule of @layer gives a milder answer than a rule of its parents did.
local function warn_rules(state, layer, parents)
	for _, rule in ipairs(layer.rules) do
		local mine, loosened = names_of(rule), {}
		for index = 1, parents do
			for _, older in ipairs(state.layers[index].rules) do
				if rank(older.action) < rank(rule.action) then
					for call in next, names_of(older) do
						loosened[call] = mine[call]
					end
				end
			end
		end
		local list = sorted(loosened)
		if #list > 0 then
			local shown = table.concat(list, ", ", 1, math.min(#list, 4))
			state.warnings[#state.warnings + 1] = ("%s: %s: loosens a parent's rule on %s%s"):format(
				rule.where, rule.path, shown, #list > 4 and (" and %d more"):format(#list - 4) or "")
		end
	end
end

local function looser(path, old, new)
	if path == "seccomp.default" then
		return rank(new or "allow") > rank(old)
	elseif path == "net" then
		return old == "none" and new ~= "none" and new ~= nil
	elseif path == "user.nested" then
		return not old and new
	elseif path:find("^limits%.") and type(old) == "number" then
		return not new or new > old
	end
end

-- What the host's own users have is below.
local users <const> = 65536

-- The program is to be nobody of the host's, but for its own caller.
local function warn_ids(state)
	local outer, map = state.values["user.outer"], state.values["user.map"]
	if outer and (outer.uid == 0 or outer.gid == 0) then
		state.warn(state.owner["user.outer"], "user.outer", "0 is the host's root where root launches")
	end
	for _, id in ipairs(map and { "uid", "gid" } or {}) do
		for _, range in ipairs(map[id]) do
			local first, count = range[2], range[3]
			if first == 0 or first < users and count > 1 then
				state.warn(state.owner["user.map"], "user.map",
					("%s %d outside is one of the host's own, not subordinate"):format(id, first))
			end
		end
	end
end

return function(state)
	warn_ids(state)
	if not state.seccomp then
		state.warn(state.layers[#state.layers], "seccomp", "not there: every system call is allowed")
	end
	for path, past in next, state.history do
		if path == "net" and past[1].layer ~= state.layers[1] then
			table.insert(past, 1, { value = "none" })
		end
		for index = 2, #past do
			local old, new = past[index - 1].value, past[index].value
			if old ~= nil and looser(path, old, new) then
				state.warn(past[index].layer, path, ("loosens a parent's: %s becomes %s"):format(old,
					type(new) == "table" and "veth" or new == nil and "none" or new))
			end
		end
	end
	local caps = state.values["caps.keep"]
	if caps and #state.layers > 1 and state.owner["caps.keep"] ~= state.layers[1] then
		state.warn(state.owner["caps.keep"], "caps.keep", "a parent kept fewer capabilities")
	end
	for index, layer in ipairs(state.layers) do
		for _, remove in ipairs(layer.removes or {}) do
			state.warnings[#state.warnings + 1] = remove.where .. ": " .. remove.path
				.. ": takes away a parent's " .. remove.name
		end
		warn_rules(state, layer, index - 1)
	end
	table.sort(state.warnings)
end
