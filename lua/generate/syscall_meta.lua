-- syscall_meta.lua - the system-call library as annotations for editors (LuaLS)
--
--   lua syscall_meta.lua OUTPUT GENERATED
--
-- GENERATED is where syscall.lua has put its modules. What is written comes from where it stands
-- already: functions and methods from index.lua, their arguments from the rows and the functions
-- themselves, what they give from the tables of docs/syscall/, fields from the types, names from
-- the constants. The file is never run: `---@meta syscall` says that it describes that module.

local output, generated = table.unpack(arg, 1, 2)
assert(generated, "usage: syscall_meta.lua OUTPUT GENERATED")
package.path = ("lua/?.lua;lua/?/init.lua;%s/?.lua"):format(generated)

-- The library's Lua without its C: what asks for memory or a binding gets a shadow, which answers
-- everything with itself.
local shadow = setmetatable({}, {})
local function itself()
	return shadow
end
getmetatable(shadow).__index, getmetatable(shadow).__call = itself, itself
local kinds = { u8 = 0, i8 = 1, u16 = 2, i16 = 3, u32 = 4, i32 = 5, u64 = 6, i64 = 7, u16be = 8,
	u32be = 9, u64be = 10 }
local memory = setmetatable({ kinds = kinds, names = {}, fields = function() end },
	{ __index = itself })
local function fresh()
	return {}
end
package.loaded["syscall.raw"] = setmetatable({ arch = "x86_64", memory = memory, state = fresh,
	metatable = fresh, mapping = fresh, handletype = fresh, ismemory = function() end,
	ishandle = function() end }, { __index = itself })

package.loaded["syscall.unsafe"] = shadow

local call = require "syscall.call"
local index = require "syscall.index"
local struct = require "syscall.struct"
local constants = require "syscall.constants"
local arguments = require "syscall.arguments"
local sorted = require("syscall.lists").names

local function read(path)
	local file = io.open(path)
	local text = file and file:read "a" or ""
	return file and file:close() and text or text
end

local out = {}
local function put(text, ...)
	out[#out + 1] = select("#", ...) > 0 and text:format(...) or text
end

-- What the reference says

-- A page's tables, of functions and what they give; and every function's form that the page has.
local function page_of(name)
	local text = read("docs/syscall/" .. name .. ".md"):gsub("\n```lua\n.-\n```", "")
	local page = { text = text:gsub("\\|", "|") }
	for first, second in ("\n" .. text):gmatch "\n| (`[^\n]-) | ([^\n]*) |%f[\n]" do
		page[#page + 1] = { first = first:gsub("\\|", "|"), second = second:gsub("\\|", "|") }
	end
	return page
end

local function describe(page, name)
	for _, row in ipairs(page) do
		for code in row.first:gmatch "`([^`]+)`" do
			if code:find("%f[%w_]" .. name .. "%f[^%w_]") then
				put("--- %s: %s", row.first, row.second)
				return
			end
		end
	end
end

-- The arguments of a form like `name(fd, list [, offset])`, or nil
local function form_in(page, name)
	local list = page.text:match("`" .. name .. "(%b())`")
	local found = {}
	for one in (list or "()"):sub(2, -2):gsub("[%[%]]", ""):gmatch "[^,]+" do
		one = one:match "^%s*([%a_][%w_]*)%s*$"
		if not one then
			return nil
		end
		found[#found + 1] = { one .. "?", "any" }
	end
	return list and found
end

-- Arguments

-- Kind of a row → type of an editor
local types = { fd = "syscall.FD", at = "syscall.FD?", path = "string", text = "string",
	i32 = "integer", u32 = "integer", i64 = "integer", u64 = "integer", size = "integer",
	flags = "integer|string", enum = "integer|string", mode = "integer|string",
	mem = "syscall.memory", ["in"] = "any", out = "any" }
local results = { ["true"] = "true?", int = "integer?", fd = "syscall.fd?", out = "any",
	bytes = "(string|integer)?", pair = "true?" }
local reserved = { ["in"] = true, ["end"] = true, ["repeat"] = true }

local function safe(name, taken)
	name = reserved[name] and name .. "_" or name
	while taken[name] do
		name = name .. "_"
	end
	taken[name] = true
	return name
end

-- Arguments of @row, named as the manual page names those of the kernel's call, and the type of the
-- result.
local function of_row(name, row)
	local words, result, _, kernel = call.words(row)
	local names = {}
	for one in (arguments[kernel or name] or ""):gmatch "%S+" do
		names[#names + 1] = one
	end
	local list, place, taken = {}, 0, {}
	for _, word in ipairs(words) do
		place = place + 1
		local kind, of = word.kind, word.of
		local called = names[place] or kind
		if word.takes == 2 then
			place = place + 1
			list[#list + 1] = { safe(called, taken), kind == "data" and "string|syscall.memory"
				or "syscall.memory?" }
			list[#list + 1] = { safe(names[place] or "count", taken), "integer?" }
		elseif word.takes == 1 then
			local may_lack = word.optional or word.default or kind == "flags" or kind == "mode"
				or kind == "out" or kind == "at"
			local editor = (types[kind] or "any"):gsub("%?$", "")
			if (kind == "in" or kind == "out") and index.types[of] then
				editor = "syscall.t." .. of .. (kind == "in" and "|table" or "")
			end
			list[#list + 1] = { safe(called, taken), editor .. (may_lack and "?" or ""),
				(kind == "flags" or kind == "enum") and "of `S.c." .. of .. "`" or nil }
		end
	end
	return list, result and results[result]
end

-- Functions that are written out: name → { arguments }, from the text of a file. Of those that
-- another function makes the arguments are not there to see.
local function written_in(path)
	local found = {}
	for name in ("\n" .. read(path)):gmatch "\n\t?M%.([%w_]+) = [%a_]" do
		found[name] = { { "...", "any" } }
	end
	for name, list in ("\n" .. read(path)):gmatch "\n\t?function M%.([%w_]+)%(([^)]*)%)" do
		found[name] = {}
		for one in list:gmatch "[%w_.]+" do
			table.insert(found[name], { one == "..." and one or one .. "?", "any" })
		end
	end
	return found
end

-- The arguments as the file has them, or else the reference.
local function given(list, page, name)
	if list and (not list[1] or list[1][1] ~= "...") then
		return list
	end
	return form_in(page, name) or { { "...", "any" } }
end

local function put_function(owner, name, list, result, separator)
	local names = {}
	for i, one in ipairs(list) do
		put("---@param %s %s%s", one[1], one[2], one[3] and " " .. one[3] or "")
		names[i] = one[1]:gsub("%?$", "")
	end
	put("---@return %s", result or "any")
	put "---@return syscall.error? err"
	put("function %s%s%s(%s) end\n", owner, separator or ".", name, table.concat(names, ", "))
end

-- The file

put "---@meta syscall"
put "-- Made by lua/generate/syscall_meta.lua from the tables of the library."
put [[

---@class syscall.error
---@field errno integer
---@field sym string
---@field lsym string
---@field [string] boolean

---@class syscall.memory
---@operator len: integer

---@alias syscall.FD syscall.fd|integer|file*|"stdin"|"stdout"|"stderr"

---@class syscall.fd
local fd = {}
function fd:close() end
function fd:getfd() end
function fd:nogc() end
]]

local signatures = {} -- name → arguments, result

put "---@class syscall\nlocal S = {}\n"
for _, family in ipairs(sorted(index.families)) do
	local page = page_of(family)
	local module = require("syscall." .. family)
	local written = written_in(("lua/syscall/%s.lua"):format(family))
	local names = {}
	for name in index.families[family]:gmatch "%S+" do
		names[name] = true
	end
	for _, name in ipairs(sorted(names)) do
		local row = module.rows and module.rows[name]
		local list, result
		if row then
			list, result = of_row(name, row)
		else
			list = given(written[name], page, name)
		end
		signatures[name] = { list, result }
		describe(page, name)
		put_function("S", name, list, result)
	end
end

for _, name in ipairs(sorted(index.methods)) do
	local signature = signatures[index.methods[name]]
	local list = table.move(signature[1], signature[1][1] and signature[1][1][1] ~= "..." and 2 or 1,
		#signature[1], 1, {})
	put_function("fd", name, list, signature[2], ":")
end

-- Modules above the families: S.util and its like, whose functions stand in one file or several.
local modules = { util = { "util", "util_linux" }, cgroup = { "cgroup" }, terminal = { "terminal" },
	nl = { "nl", "nl_objects", "nl_routes", "nl_nftables" } }
for _, module in ipairs(sorted(modules)) do
	put("---@class syscall.%s\nlocal %s = {}\nS.%s = %s\n", module, module, module, module)
	local page, functions = page_of(module), {}
	for _, file in ipairs(modules[module]) do
		for name, list in pairs(written_in(("lua/syscall/%s.lua"):format(file))) do
			functions[name] = list
		end
	end
	for _, name in ipairs(sorted(functions)) do
		describe(page, name)
		put_function(module, name, given(functions[name], page, name))
	end
end
put "---@type table<string|integer, any>\nS.proc = nil\n"
put "---@class syscall.process\n---@overload fun(pid: integer): syscall.process"
for _, row in ipairs(page_of "process") do
	for code in row.first:gmatch "`([^`]+)`" do
		for field in code:gmatch "%f[%w_.][%a_]+%f[^%w_.]" do
			put("---@field %s any %s", field, row.second:match "%s*([^|]*)$")
		end
	end
end
put "S.process = nil\n"

-- Types and constants

put "---@class syscall.types"
local type_names = sorted(index.types)
for _, name in ipairs(type_names) do
	put("---@field %s fun(...): syscall.t.%s", name, name)
end
put "---@field buffer fun(size: integer): syscall.memory\n---@field [string] any\nS.t = nil\n"
for _, name in ipairs(type_names) do
	index.load_type(name)
end
local by_name = {}
for _, type in ipairs(struct.all) do
	by_name[type.name] = type
end
for _, name in ipairs(type_names) do
	put("---@class syscall.t.%s: syscall.memory", name)
	local type = by_name[name]
	for _, field in ipairs(type and sorted(type.gets) or {}) do
		local kind = math.type(type.gets[field]) and "integer" or "any"
		if field:find "^[%a_][%w_]*$" then
			put("---@field %s %s", field, kind)
		end
	end
	put ""
end
put "---@class syscall.constants"
local families = {}
for _, family in ipairs(constants.families()) do
	local scalar = math.type(constants.c[family])
	families[#families + 1] = not scalar and family or nil
	put("---@field %s %s", family, scalar or "syscall.c." .. family)
end
put "S.c = nil\n"
for _, family in ipairs(families) do
	put("---@class syscall.c.%s\n---@field [string] integer", family)
	for _, name in ipairs(sorted(constants.c[family])) do
		if name:find "^[%a_][%w_]*$" then
			put("---@field %s integer", name)
		end
	end
	put ""
end
put [[
---@param family string
---@param value integer
---@return string
function S.names(family, value) end

function S.load_all() end

return S
]]

local file <close> = assert(io.open(output, "w"))
assert(file:write(table.concat(out, "\n")))
