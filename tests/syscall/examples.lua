-- examples.lua - the examples of docs/syscall/ run, and each function of a page is in one
--
-- An example that begins with `-- as root` needs root and is left out without.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local index = require "syscall.index"
local S = require "syscall"

local function is_root()
	local status = assert(S.open "/proc/self/status")
	local text = status:read(nil, 4096)
	status:close()
	return text:match "Uid:%s+%d+%s+(%d+)" == "0"
end

-- What an example prints is made, and would be no TAP.
local function quiet_print(...)
	for i = 1, select("#", ...) do
		tostring((select(i, ...)))
	end
end

-- The functions that the page of family or module @name is about. Those of nl are many, and the
-- page's table says what the others are made of; other pages are about no module.
local function functions_of(name)
	local list = {}
	for function_name in (index.families[name] or ""):gmatch "%S+" do
		list[#list + 1] = S[function_name] and function_name
	end
	if not index.families[name] and name ~= "nl" and S.stat("lua/syscall/" .. name .. ".lua") then
		for key, value in pairs(require("syscall." .. name)) do
			list[#list + 1] = type(value) == "function" and key or nil
		end
	end
	return list
end

local own = S.getpid()
local pages = assert(io.popen "ls docs/syscall/*.md")
for path in pages:lines() do
	local file = assert(io.open(path))
	local text = file:read "a"
	file:close()
	local name, examples = path:match "([%w_]+)%.md$", {}
	local line = 1
	local at = 1
	while true do
		local from, to, block = text:find("\n```lua\n(.-)\n```", at)
		if not from then
			break
		end
		line = line + select(2, text:sub(at, from):gsub("\n", ""))
		examples[#examples + 1] = block
		local title = ("%s:%d"):format(path, line + 1)
		if block:find "^%-%- as root" and not is_root() then
			tap.skip(title, "host: needs root")
		else
			local before = check.open_fds()
			local environment = setmetatable({ S = S, print = quiet_print }, { __index = _G })
			local chunk = assert(load(block, "=" .. title, "t", environment))
			local good, message = xpcall(chunk, debug.traceback)
			if S.getpid() ~= own then
				S._exit(99) -- a child in which something failed: its parent's assertion tells
			end
			tap.ok(good, title .. " runs", message)
			local after = check.open_fds()
			tap.ok(not good or after == before, title .. " leaves no fd open", before .. " before",
				after .. " after")
		end
		line = line + select(2, text:sub(from + 1, to):gsub("\n", ""))
		at = to + 1
	end
	local all, lacking = table.concat(examples, "\n"), {}
	for _, function_name in ipairs(functions_of(name)) do
		if not all:find("%f[%w_]" .. function_name .. "%f[^%w_]") then
			lacking[#lacking + 1] = function_name
		end
	end
	table.sort(lacking)
	tap.is(table.concat(lacking, " "), "", path .. ": each function is in an example")
end
pages:close()
tap.done()
