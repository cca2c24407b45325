-- veth.lua - veth { ... } of the key `net`: a pair of links with addresses
--
-- Addresses become canonical text, sorted by family. What is left open here (an address of the
-- pool, the MTU) the launcher decides, since it depends on the host at that moment.

local native = ...
local base = native.load("lunette.base")
local address = native.load("lunette.address")
local tag, fail = base.tag, base.fail

local M = {}

local function link_name(value)
	return type(value) == "string" and #value <= 15 and value ~= "." and value ~= ".."
		and value:find("^[!-~]+$") and not value:find("[/:%%]") and value or nil
end

local no_name <const> = "must be a link's name: 1 to 15 characters of ASCII, no space / : or %"

local function mac(value)
	if type(value) ~= "string" or not value:find("^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$")
		or tonumber(value:sub(2, 2), 16) % 2 == 1 then
		return nil
	end
	return value:lower()
end

local function whole(low, high)
	return function(value)
		local number = type(value) == "number" and math.tointeger(value)
		return number and number >= low and number <= high and number or nil
	end
end

local function flag(value)
	if type(value) == "boolean" then
		return value
	end
end

-- Bytes a second.
local function rate(value)
	local bytes = base.size(value)
	return bytes and bytes > 0 and bytes < 1 << 31 and bytes or nil
end

-- In microseconds.
local function delay(value)
	local milliseconds = base.time(value)
	return milliseconds and milliseconds > 0 and milliseconds <= 60000 and milliseconds * 1000 or nil
end

-- Of a hundred packets; in packets of a million.
local function loss(value)
	return type(value) == "number" and value > 0 and value <= 100
		and math.max(1, math.floor(value * 10000)) or nil
end

local simple = {
	name = { link_name, no_name },
	host_name = { link_name, no_name },
	bridge = { link_name, no_name },
	mac = { mac, 'must be a unicast address such as "02:00:00:00:00:01"' },
	mtu = { whole(68, 65535), "must be a whole number from 68 to 65535" },
	nat = { flag, "must be true or false" },
	forward = { flag, "must be true or false" },
	isolate = { flag, "must be true or false" },
	ipv6 = { flag, "must be true or false" },
	rate = { rate, 'must be bytes a second, below 2G, such as "10M"' },
	delay = { delay, 'must be a time of at most a minute, such as "20ms"' },
	loss = { loss, "must be a percentage above 0, at most 100" },
}
local addresses = { address = true, gateway = false, peer = true }
local lists = { routes = true, dns = false }

local function items(value)
	return type(value) == "table" and not tag(value) and value or { value }
end

-- Sorts one address, or a list of one per family, into @out by the plan's key.
local function sort(value, name, out, wrong)
	local prefix = addresses[name]
	for _, text in ipairs(items(value)) do
		local canonical, family = address(text, prefix)
		if not canonical then
			wrong(name, prefix and 'must be an address with its prefix, such as "10.0.0.2/24"'
				or 'must be an address, such as "10.0.0.1"')
		end
		local key = name .. (family == 6 and "6" or "")
		if out[key] then
			wrong(name, "holds two addresses of one family")
		end
		out[key] = canonical
	end
end

-- A list of addresses, or of networks.
local function list(value, name, wrong)
	local out, prefix = {}, lists[name]
	for _, text in ipairs(items(value)) do
		local canonical, family = address(text, prefix)
		if not canonical then
			wrong(name, prefix and 'must be a list of networks, such as "198.51.100.0/24"'
				or 'must be a list of addresses, such as "192.0.2.53"')
		end
		out[#out + 1] = canonical
		out[canonical] = family
	end
	if #out > (prefix and 32 or 3) then
		wrong(name, ("must be a list of at most %d"):format(prefix and 32 or 3))
	end
	return out
end

-- What goes together, and what follows from what is not said.
local function complete(out, wrong)
	local four = out.address or out.gateway or out.peer
	local six = out.address6 or out.gateway6 or out.peer6
	out.pool = not four and not six
	out.pool6 = out.ipv6 == true and not six
	if out.ipv6 == false and six then
		wrong("ipv6", "is false, yet there are addresses of it")
	end
	for _, family in ipairs { "", "6" } do
		if (out["gateway" .. family] or out["peer" .. family]) and not out["address" .. family] then
			wrong("gateway", "needs an address of the same family")
		elseif out.bridge and out["peer" .. family] then
			wrong("peer", "has no meaning on a bridge, whose address is the gateway")
		end
	end
	for _, to in ipairs(out.routes or {}) do
		local family = out.routes[to] == 6 and "6" or ""
		if not out["gateway" .. family] and not out["pool" .. family] then
			wrong("routes", "need a gateway of the same family: " .. to)
		end
	end
	if out.forward and not out.nat then
		wrong("forward", "has no meaning without nat = true")
	end
	if out.isolate == nil then
		out.isolate = out.nat or out.bridge ~= nil
	end
end

-- check() - the plan's values of a veth { ... } in @layer
function M.check(value, preferred, layer)
	local given, out = value[1], {}
	local function wrong(name, reason, hint)
		if layer.option then
			fail("", layer.option, name .. " " .. reason, hint)
		end
		fail(value.where, name and "net.veth." .. name or "net.veth", reason, hint)
	end
	if type(given) ~= "table" or tag(given) then
		wrong(nil, 'is called with a table: veth { address = "10.0.0.2/24" }')
	end
	local state = native.load("lunette.merge")
	for name, wrapped in next, given do
		local item = state.unwrap(wrapped, preferred)
		if simple[name] then
			local result = simple[name][1](item)
			if result == nil then
				wrong(name, simple[name][2])
			end
			out[name] = result
		elseif addresses[name] ~= nil then
			sort(item, name, out, wrong)
		elseif lists[name] ~= nil then
			out[name] = list(item, name, wrong)
		else
			native.load("lunette.explain").unknown(value.where, "net.veth", tostring(name), simple,
				addresses, lists)
		end
	end
	complete(out, wrong)
	if preferred and not native.ask("feature", "net.veth") then
		return nil
	end
	return out
end

-- A resolv.conf(5) of the sandbox's own, in the place of what the profile mounts there.
local function name_servers(servers, state, place)
	local lines = {}
	for index, server in ipairs(servers) do
		lines[index] = "nameserver " .. server .. "\n"
	end
	local mount = { op = "file", layer = state.owner.net, path = "net.veth.dns", where = place or "",
		target = "/etc/resolv.conf", { "/etc/resolv.conf", text = table.concat(lines) } }
	local mounts = state.mounts
	local index = mounts[mount.target] or #mounts + 1
	mounts[mount.target], mounts[index] = index, mount
end

-- lower() - the plan's lines, and the mount that the name servers are told by
function M.lower(net, state, put, place)
	for name, value in next, net do
		local key = "net.veth." .. name
		if name == "routes" then
			for _, to in ipairs(value) do
				put("net.veth.route", to)
			end
			put("net.veth.no_default_route", "1")
		elseif name == "dns" then
			name_servers(value, state, place)
		elseif type(value) ~= "boolean" then
			put(key, tostring(value))
		elseif value and name ~= "ipv6" then
			put(key, "1")
		end
	end
end

return M
