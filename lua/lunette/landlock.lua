-- landlock.lua - the section `landlock` as rights of the kernel's own ABI
--
-- `ro` gives reading, `rw` all but execution, `exec` reading and execution; without any `exec` the
-- other two give execution as well. A list that is there handles its rights: what it does not grant
-- is refused. Linux calls the versions of Landlock ABIs: 3 has truncation (without which nothing is
-- read-only), 4 ports, 6 scopes.

local native = ...
local line = native.load("lunette.base").line

-- The ABI that each list needs.
local needs = { ro = 3, rw = 3, exec = 1, bind = 4, connect = 4, scope = 6 }
local order = { "ro", "rw", "exec", "bind", "connect", "scope" }

local function right(kind, name)
	return native.landlock(kind, name)
end

-- @put(key, tokens, where), @escape as in lower.lua
return function(state, put, escape)
	local section, values = state.landlock, state.values
	local answer = native.ask("feature", "landlock")
	local abi = tonumber(answer) or 0
	local lacks = {}
	for _, name in ipairs(order) do
		local list = values["landlock." .. name]
		if list and abi < needs[name] then
			local reason = abi == 0 and "this kernel has no Landlock"
				or ("needs Landlock ABI %d, this kernel has %d"):format(needs[name], abi)
			if not (section.prefer or state.preferred["landlock." .. name]) then
				state.wrong(state.owner["landlock." .. name], "landlock." .. name, reason,
					"prefer(...) does without")
			end
			if abi == 0 or needs[name] > 3 then
				lacks[name] = true
			end
			state.skip("landlock." .. name, reason)
		end
	end
	if abi == 0 then
		return
	end
	local fs, net, scope = 0, 0, 0
	local all = native.landlock_all("fs", abi)
	local run = right("fs", "execute")
	local read = right("fs", "read_file") | right("fs", "read_dir")
	local also = values["landlock.exec"] and 0 or run
	local grants = {
		ro = read | also, rw = all & ~run | also, exec = read | run,
		bind = right("net", "bind_tcp"), connect = right("net", "connect_tcp"),
	}
	for _, name in ipairs(order) do
		local key = "landlock." .. name
		local list = not lacks[name] and values[key]
		local grant = grants[name]
		if list and name == "scope" then
			for _, item in ipairs(list) do
				scope = scope | right("scope", item)
			end
		elseif list and (name == "bind" or name == "connect") then
			net = net | grant
			for _, port in ipairs(list) do
				put("landlock.port", ("0x%x %d"):format(grant, port), line(list.at[port], key))
			end
		elseif list then
			fs = all
			local rights = ("0x%x "):format(grant & all)
			for _, path in ipairs(list) do
				put("landlock.path", rights .. escape(path)
					.. ((section.prefer or list.optional[path]) and " optional" or ""),
					line(list.at[path], key))
			end
		end
	end
	if fs | net | scope == 0 then
		return
	end
	local where = line(section.layer, "landlock")
	for _, kind in ipairs { { "fs", fs }, { "net", net }, { "scope", scope } } do
		if kind[2] ~= 0 then
			put("landlock." .. kind[1], ("0x%x"):format(kind[2]), where)
		end
	end
	if section.prefer then
		put("landlock.prefer")
	end
end
