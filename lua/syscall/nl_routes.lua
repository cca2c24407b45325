-- nl_routes.lua - netlink: routes, neighbours and rules (see nl.lua)

local errors = require "syscall.errors"
local types = require "syscall.types.nl"
local specs = require "syscall.nl_specs"
local c = require("syscall.constants").c

return function(nl)
	local M = {}

	-- Routes

	-- What a route of a table is: { dst = "10.0.0.0/8" or "default", via =, dev =, table =, metric =,
	-- src =, scope =, type =, protocol =, multipath = { { via =, dev =, weight = }, … }, onlink =, …
	-- }. A route in the making is { header =, out = its attributes, family =, kind = the caller }; its
	-- family is what the table says or else that of the first address.

	local function addressed(route, text)
		local address, family, length = nl.prefix(text, route.kind)
		route.family = route.family or family
		return address, length
	end

	-- The attributes of one way to go: a gateway of the route's family or of another.
	local function hop(route, one)
		local made = {}
		if one.via then
			local address, family = nl.prefix(one.via, route.kind)
			route.family = route.family or family
			made[family == route.family and "gateway" or "via"] = address
		end
		return made
	end

	-- Where the route goes to, and by which ways. True, or nil, err, text: there is no such device.
	local function add_ways(route, values)
		local header, out = route.header, route.out
		if values.dst and values.dst ~= "default" then
			out.dst, header.dst_len = addressed(route, values.dst)
		end
		for key, value in pairs(hop(route, values)) do
			out[key] = value
		end
		if not values.via and not values.multipath and values.dev then
			header.scope = "link"
		end
		out.multipath = values.multipath and {}
		for i, one in ipairs(values.multipath or {}) do
			if type(one) ~= "table" then
				errors.raise("multipath: a list of tables expected, got %s", errors.given(one))
			end
			local index, err, text = nl.index(one.dev)
			if one.dev and not index then
				return nil, err, text
			end
			out.multipath[i] = { attributes = hop(route, one), ifindex = index or 0, weight = one.weight,
				flags = one.onlink and c.RTNH_F.ONLINK or 0 }
		end
		local index, err, text = nl.index(values.dev)
		if values.dev and not index then
			return nil, err, text
		end
		out.oif = index
		return true
	end

	-- The table of a route or a rule: past 255 only the attribute has room for it.
	local function set_table(header, out, value)
		local number = c.RT_TABLE[value]
		header.table = number < 256 and number or c.RT_TABLE.UNSPEC
		out.table = number
	end

	local of_header = { scope = true, type = true, protocol = true, tos = true }
	local of_ways = { dst = true, via = true, dev = true, multipath = true, family = true }

	-- The header and the attributes of the route that @values describe, or nil, err, text.
	local function route_parts(values, kind)
		local header, out = types.rtmsg { protocol = "static", type = "unicast", scope = "universe",
			table = "main" }, {}
		local route = { header = header, out = out, kind = kind,
			family = values.family and c.AF[values.family] }
		local done, err, text = add_ways(route, values)
		if not done then
			return nil, err, text
		end
		for key, value in pairs(values) do
			if of_header[key] then
				header[key] = value
			elseif key == "table" then
				set_table(header, out, value)
			elseif key == "onlink" then
				header.flags = value and c.RTNH_F.ONLINK or 0
			elseif key == "src" then
				out.prefsrc = addressed(route, value)
			elseif key == "metric" then
				out.priority = value
			elseif not of_ways[key] then
				out[key] = value
			end
		end
		header.family = route.family or c.AF.INET
		return header, out
	end

	-- newroute(flags, rtmsg, name, value, …), as in ljsyscall; or newroute(table)
	function M.newroute(flags, rtm, ...)
		if type(flags) == "table" then
			local header, out, text = route_parts(flags, "newroute")
			if not header then
				return nil, out, text
			end
			return nl.change("newroute", rtm or "create, excl", header, specs.route, out)
		end
		return nl.change("newroute", c.NLM_F[flags or 0] | c.NLM_F.CREATE, nl.header(types.rtmsg, rtm),
			specs.route, { ... })
	end

	function M.delroute(rtm, ...)
		if type(rtm) == "table" and (rtm.dst or rtm.via or rtm.dev or rtm.multipath) then
			local values = { scope = "nowhere", protocol = "unspec", type = "unspec" }
			for key, value in pairs(rtm) do
				values[key] = value
			end
			local header, out, text = route_parts(values, "delroute")
			if not header then
				return nil, out, text
			end
			return nl.change("delroute", 0, header, specs.route, out)
		end
		return nl.change("delroute", 0, nl.header(types.rtmsg, rtm), specs.route, { ... })
	end

	-- getroute(family [, type [, table [, protocol [, scope]]]]) - a list; the kernel filters
	function M.getroute(af, kind, tab, protocol, scope)
		return nl.get("getroute", types.rtmsg, { family = af or 0, type = kind or 0, table = tab or 0,
			protocol = protocol or 0, scope = scope or 0 }, specs.route)
	end

	-- Neighbours

	-- newneigh(device, { dst =, lladdr =, state =, flags =, family = })
	local function neigh_change(kind, flags, device, values, ...)
		local index, err, text = nl.index(device)
		if not index then
			return nil, err, text
		end
		local header, out = { ifindex = index }, { ... }
		if #out == 0 then
			out = {}
			for key, value in pairs(values) do
				if key == "state" or key == "flags" or key == "type" or key == "family" then
					header[key] = value
				elseif key == "dst" then
					local family
					out.dst, family = nl.prefix(value, kind)
					header.family = header.family or family
				else
					out[key] = value
				end
			end
		else
			for key, value in pairs(values) do
				header[key] = value
			end
		end
		return nl.change(kind, flags, types.ndmsg(header), specs.neigh, out)
	end

	-- As in ljsyscall newneigh(index, { family =, state = … }, name, value, …); or with all in the
	-- table
	function M.newneigh(index, values, ...)
		return neigh_change("newneigh", "create, replace", index, values, ...)
	end

	function M.delneigh(index, values, ...)
		return neigh_change("delneigh", 0, index, values, ...)
	end

	-- getneigh([device [, { family = }]]) - a list
	function M.getneigh(device, values)
		local index, err, text = nl.index(device)
		if device and not index then
			return nil, err, text
		end
		return nl.get("getneigh", types.ndmsg, { family = values and values.family or 0 }, specs.neigh,
			index and { ifindex = index } or {})
	end

	-- Rules

	local function rule_change(kind, flags, values)
		local header, out = { action = "to_tbl", family = values.family or "inet" }, {}
		for key, value in pairs(values) do
			if key == "from" or key == "to" then
				local name = key == "from" and "src" or "dst"
				local address, family, length = nl.prefix(value, kind)
				out[name], header[name .. "_len"], header.family = address, length, family
			elseif key == "table" then
				set_table(header, out, value)
			elseif key == "action" or key == "tos" or key == "flags" then
				header[key] = value
			elseif key == "iif" or key == "oif" then
				out[key .. "name"] = value
			elseif key ~= "family" then
				out[key] = value
			end
		end
		return nl.change(kind, flags, types.fib_rule_hdr(header), specs.rule, out)
	end

	-- newrule { from =, to =, iif =, oif =, fwmark =, table =, priority =, action =, family = }
	function M.newrule(values)
		return rule_change("newrule", "create, excl", values)
	end

	function M.delrule(values)
		return rule_change("delrule", 0, values)
	end

	function M.getrule(af)
		return nl.get("getrule", types.fib_rule_hdr, { family = af or 0 }, specs.rule)
	end

	return M
end
