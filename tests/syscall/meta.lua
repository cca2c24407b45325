-- meta.lua - the annotations for editors: is all of the library in them, and do they fit?

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local constants = require "syscall.constants"
local index = require "syscall.index"
local S = require "syscall"
local ok, is = tap.ok, tap.is

local build = os.getenv "LUNETTE_BUILD" or "build/release"
local text = assert(S.util.readfile(build .. "/generated/meta/syscall.lua"))

ok(load(text, "=meta", "t"), "they are Lua", select(2, load(text)))
ok(text:find "^%-%-%-@meta syscall\n", "of module syscall")

-- Each function with the parameters that are annotated for it.
local functions, wrong, params = {}, {}, {}
for line in text:gmatch "[^\n]+" do
	local param = line:match "^%-%-%-@param (%S+)"
	local owner, name, list = line:match "^function (%w+[.:])([%w_]+)%((.*)%) end$"
	if param then
		params[#params + 1] = param:gsub("%?$", "")
	elseif name then
		functions[owner .. name] = list
		local annotated = table.concat(params, ", ")
		if annotated ~= list then
			wrong[#wrong + 1] = ("%s%s: (%s), annotated (%s)"):format(owner, name, list, annotated)
		end
		params = {}
	end
end
is(table.concat(wrong, "\n"), "", "what is annotated are the parameters")

local function lacking(names, owner)
	local list = {}
	for name in pairs(names) do
		list[#list + 1] = not functions[owner .. name] and name or nil
	end
	table.sort(list)
	return table.concat(list, " ")
end
is(lacking(index.functions, "S."), "", "every function of the index")
is(lacking(index.methods, "fd:"), "", "every method")
for _, module in ipairs { "util", "terminal" } do
	local names = {}
	for name, value in pairs(S[module]) do
		names[name] = type(value) == "function" and not name:find "^__" or nil
	end
	is(lacking(names, module .. "."), "", "every function of S." .. module)
end
local missing = {}
for name in pairs(index.types) do
	missing[#missing + 1] = not text:find("\n---@class syscall.t." .. name .. ":", 1, true) and name
		or nil
end
for _, family in ipairs(constants.families()) do
	local line = math.type(constants.c[family]) and "\n---@field %s integer\n"
		or "\n---@class syscall.c.%s\n"
	missing[#missing + 1] = not text:find(line:format(family), 1, true) and family or nil
end
is(table.concat(missing, " "), "", "every type and every family of constants")

-- A few whole

is(functions["S.openat"], "dirfd, pathname, flags, mode", "arguments of a row")
is(functions["S.pipe"], "flags", "but for those that the library gives")
is(functions["S.close"], "fd", "of a function that is assigned")
is(functions["S.preadv2"], "fd, list, offset, flags", "of one that another makes")
is(functions["fd:pread"], "buf, count, offset", "of a method")
ok(text:find("\n---@param flags integer|string? of `S.c.O`\n", 1, true), "types of arguments")
ok(text:find("@return syscall.fd?\n---@return syscall.error? err\nfunction S.openat(", 1, true),
	"what is given")
is(functions["util.eventfd_read"], "fd, memory", "of one of a module that another makes")
ok(text:find "%-%-%- `open%(path", "what the reference says of it")
ok(text:find "@class syscall.t.timespec: syscall.memory\n%-%-%-@field nsec integer\n", "fields")
ok(text:find "@class syscall.c.SEEK\n.-%-%-%-@field CUR integer\n", "constants")
ok(text:find "@field limits any", "fields of S.process")
tap.done()
