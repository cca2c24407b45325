-- index.lua - does each name of the library's index stand in the file that the index says?

package.path = "tests/lib/?.lua;lua/?.lua;" .. package.path
local tap = require "tap"
local index = require "syscall.index"
local S = require "syscall"

local function exists(path)
	local file = io.open(path)
	return file and file:close()
end

local missing = {}
local families = {}
for family in pairs(index.families) do
	families[#families + 1] = family
end
table.sort(families)
for _, family in ipairs(families) do
	local there = exists("lua/syscall/" .. family .. ".lua")
	local has = there and require("syscall." .. family) or {}
	local rows = has.rows or {}
	local unlisted = {}
	for name in pairs(has) do
		if name ~= "rows" and index.functions[name] ~= family then
			unlisted[#unlisted + 1] = name
		end
	end
	for name in pairs(rows) do
		if index.functions[name] ~= family then
			unlisted[#unlisted + 1] = name
		elseif S[name] == nil then
			tap.skip(family .. ": " .. name, "host: this architecture has no such call")
		end
	end
	tap.is(table.concat(unlisted, " "), "", family .. ": the index names all that is there")
	for name in index.families[family]:gmatch "%S+" do
		if not has[name] and not rows[name] then
			missing[#missing + 1] = name
		end
	end
end
for name, family in pairs(index.types) do
	tap.ok(require("syscall.types." .. family)[name], "type " .. name .. " is in types/" .. family)
end
table.sort(missing)
print(("# %d functions of the index are not built: %s"):format(#missing, table.concat(missing,
	" ")))
tap.done()
