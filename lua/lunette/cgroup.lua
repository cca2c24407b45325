-- cgroup.lua - the limits that only a cgroup can hold and that are not one plain number
--
-- Types of schema.lua, as in keys.lua. A canonical value is what stands in the plan behind the
-- key's name; a list of them makes several lines.

local native = ...
local base = native.load("lunette.base")
local ipairs, next, tointeger, type = ipairs, next, math.tointeger, type

local M = {}

-- cpus() - 1.5 becomes 150000: microseconds of CPU time in each 100 ms
function M.cpus(value)
	if type(value) ~= "number" or not (value >= 0.01 and value <= 8192) then
		return nil, "must be a number from 0.01 to 8192"
	end
	return tointeger(value * 100000 // 1)
end

function M.weight(value)
	local number = type(value) == "number" and tointeger(value)
	if not number or number < 1 or number > 10000 then
		return nil, "must be a whole number from 1 to 10000; 100 is usual"
	end
	return number
end

-- cpuset() - "0-3,7" in ascending order
function M.cpuset(value)
	local wrong = 'must be CPUs in ascending order, such as "0-3,7"'
	if type(value) ~= "string" then
		return nil, wrong
	end
	local out, least = {}, -1
	for item in (value .. ","):gmatch("([^,]*),") do
		local first, dash, last = item:match("^(%d+)(%-?)(%d*)$")
		first = tointeger(tonumber(first))
		last = last == "" and dash == "" and first or tointeger(tonumber(last))
		if not first or not last or first <= least or last < first or last > 8191 then
			return nil, wrong
		end
		out[#out + 1] = first == last and first or first .. "-" .. last
		least = last
	end
	return table.concat(out, ",")
end

local rates = { "rbps", "wbps", "riops", "wiops" }

-- io() - a list of { DEVICE, rbps = SIZE, wbps = SIZE, riops = N, wiops = N }
function M.io(value)
	local wrong = 'must be a list of { "/dev/NAME", rbps =, wbps =, riops =, wiops = }'
	if type(value) ~= "table" or base.tag(value) or #value == 0 or #value > 64 then
		return nil, wrong
	end
	local out = {}
	for index, item in ipairs(value) do
		local path = type(item) == "table" and not base.tag(item) and base.path(item[1])
		if not path then
			return nil, wrong
		end
		local line, known = { native.token(path) }, { [1] = true }
		for _, rate in ipairs(rates) do
			local most = base.size(item[rate] or 0)
			if not most or item[rate] and most == 0 then
				return nil, rate .. ' must be a size above 0, such as "10M"'
			end
			line[#line + 1] = most
			known[rate] = item[rate] and true
		end
		for key in next, item do
			if not known[key] then
				return nil, wrong
			end
		end
		if next(known, 1) == nil then
			return nil, path .. " is not limited: " .. table.concat(rates, ", ")
		end
		out[index] = table.concat(line, " ")
	end
	return out
end

-- hugetlb() - { ["2M"] = SIZE }: how much of it in pages of that size
function M.hugetlb(value)
	if type(value) ~= "table" or base.tag(value) or next(value) == nil then
		return nil, 'must be sizes by the size of a page: { ["2M"] = "64M" }'
	end
	local pages, most = {}, {}
	for key, size in next, value do
		local page = type(key) == "string" and base.size(key)
		if not page or page < 4096 or page > 1 << 40 or page & page - 1 ~= 0 then
			return nil, tostring(key) .. ' is no size of a page, such as "2M"'
		end
		most[page] = base.size(size)
		if not most[page] then
			return nil, 'must be a size for each size of a page: { ["2M"] = "64M" }'
		end
		pages[#pages + 1] = page
	end
	table.sort(pages)
	for index, page in ipairs(pages) do
		pages[index] = page .. " " .. most[page]
	end
	return pages
end

-- cgroup() - a path as /proc/self/cgroup has it
function M.cgroup(value)
	local path, wrong = base.path(value)
	if path and (path .. "/"):find("^/sys/fs/cgroup/") then
		return nil, "must be a path as /proc/self/cgroup has it",
			"leave /sys/fs/cgroup away: " .. (path:sub(15) == "" and "/" or path:sub(15))
	end
	return path, wrong
end

return M
