-- lower.lua - from the merged profile to the plan's text
--
-- Lines are gathered by key; the keys are sorted at the end, as docs/plan.md asks.

local native = ...
local base = native.load("lunette.base")
local keys = native.load("lunette.keys")
local fail, ipairs, next, type = base.fail, ipairs, next, type
local concat, escape, digits = table.concat, native.token, base.digits

-- lower() - the plan's text for @question with the merged @state
return function(state, question)
	local values, owner, preferred = state.values, state.owner, state.preferred
	local lines, names = {}, {}

	local origins = {}
	local function put(key, tokens, where)
		local list = lines[key]
		if not list then
			list = {}
			lines[key] = list
			names[#names + 1] = key
		end
		local count = #list
		list[count + 1] = tokens
		if where and where ~= "" then
			origins[#origins + 1] = key .. " " .. (digits[count] or count) .. " " .. escape(where)
		end
	end

	local function where(path)
		return owner[path] and base.line(owner[path], path)
	end

	local function plain(key, fallback)
		local value = values[key]
		if value == nil then
			value = fallback
		end
		if value ~= nil and value ~= false then
			put(key, escape(value))
		end
	end

	local function switch(key, fallback)
		local value = values[key]
		if value == nil then
			value = fallback
		end
		put(key, value and "1" or "0")
		return value
	end

	-- Namespaces, and what needs one
	local given, has = values.namespaces, {}
	for _, name in ipairs(given or keys.namespaces) do
		has[name] = given ~= nil or name ~= "time"
	end
	local function needs(name, path)
		if not has[name] then
			state.wrong(owner[path], path, 'needs the namespace "' .. name .. '"')
		end
	end
	local net = values.net or (has.net or not given) and "none" or "host"
	if net == "host" or type(net) == "table" and net.join then
		has.net = false
	elseif not has.net then
		needs("net", "net")
	end
	if type(net) == "string" then
		put("net", net, where("net"))
	else
		native.load("lunette.rarely").put_net(net, state, put, where("net"))
	end
	if values.publish then
		native.load("lunette.publish").lower(state, net, put)
	end
	for _, clock in ipairs { "time.boottime", "time.monotonic" } do
		if values[clock] then
			has.time = has.time or not given
			needs("time", clock)
			put(clock, values[clock])
		end
	end
	local spaces = {}
	for _, name in ipairs(keys.namespaces) do
		spaces[#spaces + 1] = has[name] and name or nil
	end
	if #spaces > 0 then
		put("namespaces", concat(spaces, " "))
	end
	for key, fallback in next, { hostname = "lunette", domainname = "(none)" } do
		if values[key] then
			needs("uts", key)
		end
		plain(key, has.uts and fallback or nil)
	end

	-- Identities
	local outer = values["user.outer"] or { uid = 65534, gid = 65534 }
	for _, id in ipairs { "uid", "gid" } do
		local own = question[id]
		-- Root's 0 is not passed on: who wants it inside writes it.
		plain("user." .. id, question.privileged and own == 0 and outer[id] or own)
		put("user.outer." .. id, outer[id])
	end
	local groups = values["user.groups"]
	put("user.groups", groups == "keep" and "keep" or groups and groups.prefer and "prefer" or "drop")
	for _, id in ipairs(groups and groups ~= "keep" and groups or {}) do
		put("user.group", id)
	end
	if values["user.map"] then
		native.load("lunette.rarely").put_map(values["user.map"], put)
	end
	if values["user.nested"] then
		put("user.nested", "1")
	end
	if values["caps.keep"] or values["caps.ambient"] or values["caps.securebits"] then
		native.load("lunette.rarely").put_caps(state, put)
	end

	-- What the program sees
	if not has.mount and state.mounts[1] then
		fail(state.mounts[1].where, "mounts", 'needs the namespace "mount"')
	end
	local mount_line = native.load("lunette.mounts").line
	native.load("lunette.mounts").ask(state.mounts)
	for _, mount in ipairs(state.mounts) do
		if mount then
			local text, why = mount_line(mount, escape)
			if text then
				put("mount", text, mount.where)
			else
				state.skip("mount " .. mount.target, why or "the host has no such path")
			end
		end
	end
	plain("cwd")
	plain("umask", "0022")
	local variables = values["env.set"] or {}
	for _, name in ipairs(values["env.keep"] or {}) do
		if not variables[name] then
			put("env.keep", escape(name))
		end
	end
	for _, name in ipairs(variables) do
		put("env.set", escape(name) .. " " .. escape(variables[name]))
	end

	-- What it may do
	if state.seccomp then
		local default = values["seccomp.default"] or "allow"
		local newer = values["seccomp.newer"] or "errno:38"
		put("seccomp.default", default, where("seccomp.default"))
		put("seccomp.newer", newer == "default" and default or newer, where("seccomp.newer"))
		put("seccomp.foreign", "kill")
		plain("seccomp.on_denied")
		native.load("lunette.rules").lower(state, question.arch, put)
	end
	if state.landlock then
		native.load("lunette.landlock")(state, put, escape)
	end
	plain("cgroup_parent")
	-- A text takes less bytecode than a list (tests/lua/schema.lua).
	for name in ([[address_space core cpu cpu_weight cpus cpuset data files fsize grace hugetlb io
		io_weight memlock memory memory_high msgqueue nice nproc output pids process_cpu rtprio rttime
		sigpending stack swap wall]]):gmatch "%g+" do
		local path = "limits." .. name
		local value = values[path]
		for _, item in ipairs(type(value) == "table" and value or { value }) do
			put("limit." .. name, item .. (preferred[path] and " prefer" or ""), where(path))
		end
	end

	if values["limits.on_output"] then
		put("limit.on_output", "truncate")
	end

	-- The process
	for _, argument in ipairs(question.command) do
		put("arg", escape(argument))
	end
	if values["process.init"] then
		needs("pid", "process.init")
	end
	local init = switch("process.init", has.pid or false)
	local die = switch("process.die_with_parent", init)
	for path, wanted in next, { ["process.die_with_parent"] = die,
		["seccomp.on_denied"] = values["seccomp.on_denied"], ["limits.cpu"] = values["limits.cpu"],
		["process.tty"] = values["process.tty"] and values["process.tty"] ~= "inherit" } do
		if wanted and not init then
			state.wrong(owner[path] or owner["process.init"], path, "needs process.init")
		end
	end
	if init and values["limits.pids"] == 1 then
		native.load("lunette.explain").one(state)
	end
	for _, key in ipairs { "arg0", "name", "tty" } do
		plain("process." .. key)
	end
	for _, key in ipairs { "process.stderr", "process.stdin", "process.stdout" } do
		if values[key] ~= "inherit" then
			plain(key)
		end
	end
	local fds = values["process.fds"]
	if fds then
		table.sort(fds)
		for _, fd in ipairs(fds) do
			put("process.fd", fd)
		end
	end
	put("profile", escape(question.profile))
	table.sort(state.skipped, function(one, other) return one[1] < other[1] end)
	for _, item in ipairs(state.skipped) do
		put("skipped", escape(item[1]) .. " " .. escape(item[2]))
	end

	if #origins > 0 then
		lines.origin = origins
		names[#names + 1] = "origin"
	end
	table.sort(names)
	local out = { "lunette-plan 1" }
	for _, name in ipairs(names) do
		local list = lines[name]
		out[#out + 1] = #list > 0 and name .. " " .. concat(list, "\n" .. name .. " ") or name
	end
	out[#out + 1] = ""
	return concat(out, "\n")
end
