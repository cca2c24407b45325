-- address.lua - addresses of IPv4 and IPv6: their canonical text (RFC 5952), as the plan wants it

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

-- address() - canonical text and family (4 or 6) of "10.0.0.2/24" or, without @prefix, "10.0.0.1";
-- nil for any other value
return function(text, prefix)
	local bare, bits = type(text) == "string" and text, nil
	if not bare then
		return nil
	end
	if prefix then
		bare, bits = text:match("^(.*)/(%d+)$")
		bits = tonumber(bits)
	end
	local four = bare and ipv4(bare)
	local six = bare and not four and ipv6(bare)
	if not four and not six or prefix and bits > (four and 32 or 128) then
		return nil
	elseif six and six[1] | six[2] | six[3] | six[4] | six[5] == 0
		and six[6] | six[7] ~= 0 then
		return nil -- IPv4 in disguise
	end
	local out = four and table.concat(four, ".") or ipv6_text(six)
	return prefix and out .. "/" .. bits or out, four and 4 or 6
end
