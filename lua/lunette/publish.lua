-- publish.lua - ports of the host that lead into the sandbox: "[ADDR:]HOST:INSIDE[/udp]"
--
-- An item becomes the tokens of its line in the plan: ADDRESS HOST INSIDE tcp|udp.

local native = ...
local address = native.load("lunette.address")

local M = {}

local wanted = 'must be "[ADDR:]HOST:INSIDE", such as "8080:80" or "127.0.0.1:53:53/udp"'

local function port(text)
	local number = text:find("^%d+$") and #text <= 5 and tonumber(text)
	return number and number >= 1 and number <= 65535 and number or nil
end

-- check() - the tokens of one item
function M.check(value)
	if type(value) ~= "string" then
		return nil, wanted
	end
	local text, protocol = value:match("^(.-)/(%a+)$")
	text, protocol = text or value, protocol or "tcp"
	local where, outside, inside = text:match("^(.*):(%d+):(%d+)$")
	if not where then
		where, outside, inside = "127.0.0.1", text:match("^(%d+):(%d+)$")
	end
	if not outside or protocol ~= "tcp" and protocol ~= "udp" then
		return nil, wanted
	end
	local canonical = address(where:match("^%[(.*)%]$") or where)
	if where:find(":", 1, true) and not where:find("^%[.*%]$") then
		return nil, "an IPv6 address stands in brackets: [::1]:8080:80"
	elseif not canonical then
		return nil, "must begin with an address, not a name: " .. where
	elseif not port(outside) or not port(inside) then
		return nil, "a port is a number from 1 to 65535"
	end
	return ("%s %d %d %s"):format(canonical, port(outside), port(inside), protocol)
end

-- lower() - the plan's lines; the network must be the sandbox's own
function M.lower(state, net, put)
	local list = state.values.publish
	if net == "host" or type(net) == "table" and net.join then
		state.wrong(state.owner.publish, "publish", "needs a network of the sandbox's own",
			'net = "none" or veth { ... }')
	end
	for _, item in ipairs(list) do
		local layer = list.at[item]
		put("publish", item, layer.text and native.load("lunette.base").line(layer, "publish"))
	end
end

return M
