-- veth.lua - veth { ... } of the key `net`: a pair of links with addresses
--
-- Addresses become canonical text (RFC 5952 for IPv6), sorted by family.

local native = ...
local base = native.load("lunette.base")
local tag, fail = base.tag, base.fail

local M = {}

local function ipv4(text)
	local parts = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
	for index, part in ipairs(parts) do
		if #part > 3 or tonumber(part) > 255 or #part > 1 and part:byte() == 48 then
			return nil
		end
		parts[index] = tonumber(part)
	end
	return #parts == 4 and parts or nil
end

-- The groups of one side of "::", appended to @out; nil where one is malformed.
local function groups(text, out)
	if text == "" then
		return out
	end
	for part in (text .. ":"):gmatch("([^:]*):") do
		if not part:find("^%x%x?%x?%x?$") then
			return nil
		end
		out[#out + 1] = tonumber(part, 16)
	end
	return out
end

local function ipv6(text)
	local head, dotted = text:match("^(.*:)(%d+%.%d+%.%d+%.%d+)$")
	if dotted then
		local four = ipv4(dotted)
		if not four then
			return nil
		end
		text = head .. ("%x:%x"):format(four[1] << 8 | four[2], four[3] << 8 | four[4])
	end
	local left, right = text:match("^(.-)::(.*)$")
	if not left then
		local all = groups(text, {})
		return all and #all == 8 and all or nil
	end
	local front, back = groups(left, {}), groups(right, {})
	if not front or not back or #front + #back > 7 then
		return nil
	end
	for _ = 1, 8 - #front - #back do
		front[#front + 1] = 0
	end
	return table.move(back, 1, #back, #front + 1, front)
end

local function ipv6_text(parts)
	local best, length = 0, 1
	for start = 1, 8 do
		local stop = start
		while parts[stop] == 0 do
			stop = stop + 1
		end
		if stop - start > length then
			best, length = start, stop - start
		end
	end
	local left, right = {}, {}
	for index = 1, 8 do
		if best == 0 or index < best then
			left[#left + 1] = ("%x"):format(parts[index])
		elseif index >= best + length then
			right[#right + 1] = ("%x"):format(parts[index])
		end
	end
	left, right = table.concat(left, ":"), table.concat(right, ":")
	return best == 0 and left or left .. "::" .. right
end

-- address() - canonical text and family (4 or 6) of "10.0.0.2/24" or, without @prefix, "10.0.0.1"
function M.address(text, prefix)
	local bare, bits = text, nil
	if prefix then
		bare, bits = text:match("^(.*)/(%d+)$")
		bits = tonumber(bits)
	end
	local four = bare and ipv4(bare)
	local six = bare and not four and ipv6(bare)
	if not four and not six or prefix and bits > (four and 32 or 128) then
		return nil
	elseif six and six[1] | six[2] | six[3] | six[4] | six[5] == 0 then
		return nil -- IPv4 in disguise, loopback or nothing: no address for a link
	end
	local out = four and table.concat(four, ".") or ipv6_text(six)
	return prefix and out .. "/" .. bits or out, four and 4 or 6
end

local function link_name(value)
	return type(value) == "string" and #value <= 15 and value ~= "." and value ~= ".."
		and value:find("^[^%s/:%%%c]+$") and value or nil
end

local function mac(value)
	if type(value) ~= "string" or not value:find("^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$")
		or tonumber(value:sub(2, 2), 16) % 2 == 1 then
		return nil
	end
	return value:lower()
end

local function mtu(value)
	local number = type(value) == "number" and math.tointeger(value)
	return number and number >= 68 and number <= 65535 and number or nil
end

local simple = {
	name = { link_name, "must be a link's name, at most 15 bytes" },
	host_name = { link_name, "must be a link's name, at most 15 bytes" },
	mac = { mac, 'must be a unicast address such as "02:00:00:00:00:01"' },
	mtu = { mtu, "must be a whole number from 68 to 65535" },
}
local unbuilt = { nat = true, dns = true, bridge = true }
local addresses = { address = true, gateway = false, peer = true }

-- Sorts one address, or a list of one per family, into @out by the plan's key.
local function sort(value, name, out, wrong)
	local prefix = addresses[name]
	for _, text in ipairs(type(value) == "table" and not tag(value) and value or { value }) do
		local canonical, family
		if type(text) == "string" then
			canonical, family = M.address(text, prefix)
		end
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

-- check() - the plan's values of a veth { ... }
function M.check(value, layer, preferred)
	local given, out = value[1], {}
	local function wrong(name, reason, hint)
		fail(value.where, name and "net.veth." .. name or "net.veth", reason, hint)
	end
	if type(given) ~= "table" or tag(given) then
		wrong(nil, 'is called with a table: veth { address = "10.0.0.2/24" }')
	end
	local state = native.load("lunette.merge")
	for name, wrapped in next, given do
		local item, _, prefers = state.unwrap(wrapped, preferred)
		if simple[name] then
			out[name] = simple[name][1](item) or wrong(name, simple[name][2])
		elseif addresses[name] ~= nil then
			sort(item, name, out, wrong)
		elseif unbuilt[name] then
			native.load("lunette.unbuilt")(state, layer, "net.veth." .. name, prefers, name, value.where)
		else
			native.load("lunette.explain").unknown(value.where, "net.veth", tostring(name), simple,
				addresses, unbuilt)
		end
	end
	if not out.address and not out.address6 then
		wrong("address", "must be given")
	end
	for _, family in ipairs { "", "6" } do
		if (out["gateway" .. family] or out["peer" .. family]) and not out["address" .. family] then
			wrong("gateway", "needs an address of the same family")
		end
	end
	if preferred and not native.ask("feature", "net.veth") then
		return nil
	end
	return out
end

function M.put(veth, put)
	for name, value in next, veth do
		put("net.veth." .. name, tostring(value))
	end
end

return M
