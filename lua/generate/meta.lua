-- meta.lua - the profile language as annotations for editors (LuaLS)
--
--   lua meta.lua OUTPUT lua/lunette
--
-- The file is never run: an editor that knows ---@meta completes profiles with it and checks them.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local schema = dofile(here .. "/schema.lua")
local output, directory = table.unpack(arg, 1, 2)
assert(directory, "usage: meta.lua OUTPUT lua/lunette")
local tables = schema.read(directory)

-- What a type of schema.lua is to an editor.
local types = {
	text = "string", flag = "boolean", count = "integer", id = "integer", fd = "integer",
	port = "integer", cpus = "number", weight = "integer", cpuset = "string", io = "table[]",
	hugetlb = "table<string, string|integer>", cgroup = "string", size = "string|integer",
	time = "string|number", offset = "string|integer", hostname = "string", path = "string",
	place = "string|table",
	umask = "string", variable = "string", variables = "table<string, string>", name = "string",
	capability = "string", securebit = "string", action = "lunette.Action",
	newer = 'lunette.Action|"default"', guard = "(string|lunette.Rule)[]",
	namespace = '"user"|"mount"|"pid"|"net"|"ipc"|"uts"|"cgroup"|"time"',
	entry = '"x86_64"|"i386"|"x32"|"aarch64"|"riscv64"', scope = '"signal"|"abstract_unix"',
	mount = "(lunette.Mount|lunette.Remove)[]", net = '"none"|"host"|lunette.Net',
	stream = '"inherit"|"null"|string', tty = '"inherit"|"auto"|boolean', need = "string",
	groups = 'integer[]|"keep"', excess = '"stop"|"truncate"',
	denial = '"report"|"silent"',
	outer = "integer|table", publish = "string", map = "table", any = "any",
}

local function type_of(class)
	local name = class:match("^%a+")
	local base = assert(types[name], class)
	return class:find("*", 1, true) and "(" .. base .. ")[]" or base
end

local classes, order = {}, {}
for _, row in ipairs(tables.keys) do
	local section, name = row[1]:match("^([%w_]+)%.([%w_]+)$")
	local class = section and tables.schema[section][name] or tables.schema[row[1]]
	section = section or ""
	if not classes[section] then
		classes[section] = {}
		order[#order + 1] = section
		if section ~= "" then
			table.insert(classes[""], ("---@field %s? lunette.%s"):format(section, section))
		end
	end
	table.insert(classes[section], ("---@field %s? %s # %s"):format(name or row[1], type_of(class),
		row[4]))
end

local out = {
	"---@meta lunette", "-- Made by lua/generate/meta.lua from the tables of lua/lunette/.", "",
	"---@class lunette.Mount", "---@class lunette.Rule", "---@class lunette.Call",
	"---@class lunette.Matcher", "---@class lunette.Net", "---@class lunette.Remove",
	"---@class lunette.Action", "---@overload fun(calls: table): lunette.Rule", "",
}
for _, section in ipairs(order) do
	out[#out + 1] = "---@class lunette." .. (section == "" and "Profile" or section)
	out[#out + 1] = table.concat(classes[section], "\n")
	out[#out + 1] = ""
end

local makes = {
	Mount = "ro rw same tmpfs proc dev sysfs mqueue overlay symlink file dir mask",
	Matcher = "one_of has without only masked range lt le gt ge ne all_of any_of no",
	Net = "veth join broker pod", Remove = "remove",
}
local made = {}
for class, names in pairs(makes) do
	for name in names:gmatch("%S+") do
		made[name] = class
	end
end
local actions = { allow = true, kill = true, kill_thread = true, log = true, notify = true }
for _, row in ipairs(tables.words) do
	local name = row[1]
	out[#out + 1] = ("--- `%s`: %s"):format(row[2], row[3])
	if name == "profile" then
		out[#out + 1] = "---@param keys lunette.Profile\nfunction profile(keys) end"
	elseif actions[name] then
		out[#out + 1] = "---@type lunette.Action\n" .. name .. " = nil"
	elseif name == "errno" or name == "trap" or name == "trace" then
		out[#out + 1] = "---@param value string|integer\n---@return lunette.Action\nfunction " .. name
			.. "(value) end"
	elseif name == "sys" then
		out[#out + 1] = "---@type table<string, fun(arguments: table): lunette.Call>\nsys = nil"
	elseif name == "host" then
		out[#out + 1] = "---@type { uid: integer, gid: integer, cwd: string, home: string, arch: string, "
			.. "kernel: string, command: string[], env: table<string, string>, "
			.. "exists: fun(path: string): string?, readlink: fun(path: string): string?, "
			.. "feature: fun(name: string): string? }\nhost = nil"
	elseif name == "none" then
		out[#out + 1] = "---@type any\nnone = nil"
	else
		out[#out + 1] = ("---@return %s\nfunction %s(value, second) end"):format(
			made[name] and "lunette." .. made[name] or "any", name)
	end
	out[#out + 1] = ""
end
schema.write(output, table.concat(out, "\n"))
