-- syscall.lua - the tables of the system-call library as Lua modules
--
--   lua syscall.lua OUTDIR
--
-- Reads policy/tables/ and lua/syscall/tables/ and writes below OUTDIR/syscall/, for each
-- architecture that the library runs on, numbers_ARCH.lua (name → number) and constants_ARCH.lua
-- (family → "KIND|NAME=VALUE,…", which lua/syscall/constants.lua takes apart when the family is
-- asked for), and arguments.lua (call → names of its arguments, for error messages).
--
-- docs/syscall.md says what the lines of lua/syscall/tables/ are. What is wrong in a table is an
-- error with file and line.

local entries = { x86_64 = 2, aarch64 = 5, riscv64 = 6 } -- column of calls.tsv
local kinds = { flags = true, enum = true, mode = true, letters = true, list = true, scalar = true }

local function fail(where, text, ...)
	error(where .. ": " .. text:format(...), 0)
end

local function each_row(path)
	local file = assert(io.open(path))
	local number = 0
	return function()
		for line in file:lines() do
			number = number + 1
			if line ~= "" and not line:find "^#" then
				local row = { where = path .. ":" .. number }
				for field in (line .. "\t"):gmatch("([^\t]*)\t") do
					row[#row + 1] = field
				end
				return row
			end
		end
		file:close()
	end
end

local function write(path, text)
	local file <close> = assert(io.open(path, "w"))
	file:write(text)
end

-- Calls: their numbers, the names of their arguments, and which families these take.

local function read_calls()
	local numbers, arguments, use = { x86_64 = {}, aarch64 = {}, riscv64 = {} }, {}, {}
	for row in each_row "policy/tables/calls.tsv" do
		if row[1] ~= "at" then
			for arch, column in pairs(entries) do
				if row[column] ~= "-" then
					table.insert(numbers[arch], ("%s=%d"):format(row[1], tonumber(row[column])))
				end
			end
			local names = {}
			for kind, family, name in row[8]:gmatch "([%w]+):?([%w_]*) ([%w_]+)" do
				names[#names + 1] = name
				use[family] = kind:gsub("64$", "")
			end
			if #names > 0 then
				table.insert(arguments, ("%s=%q"):format(row[1], table.concat(names, " ")))
			end
		end
	end
	return numbers, arguments, use
end

-- Constants

local families, order = {}, {}

local function family_of(name)
	if not families[name] then
		families[name] = { name = name, rows = {}, at = {} }
		order[#order + 1] = name
	end
	return families[name]
end

local function add(family, name, value, archs, where)
	local at = family.at[name]
	for arch in pairs(entries) do
		if not archs or ("," .. archs .. ","):find("," .. arch .. ",", 1, true) then
			at = at or {}
			if at[arch] then
				fail(where, "%s %s stands in %s already", family.name, name, at.where)
			end
			at[arch] = value
		end
	end
	if at and not family.at[name] then
		at.where = where
		family.at[name] = at
		table.insert(family.rows, name)
	end
end

local function read_constants(path)
	for row in each_row(path) do
		if row[1] == "=" then
			local family = family_of(row[2])
			if not kinds[row[3]] then
				fail(row.where, "no kind %q of family", tostring(row[3]))
			elseif family.kind then
				fail(row.where, "%s has its kind already", row[2])
			end
			family.kind = row[3]
			family.same = row[6]
		else
			local value = math.tointeger(tonumber(row[3]))
			if not value then
				fail(row.where, "%q is no whole number", tostring(row[3]))
			end
			add(family_of(row[1]), row[2], value, row[4] ~= "" and row[4] or nil, row.where)
		end
	end
end

local function read_others()
	local errors = family_of "E"
	for row in each_row "policy/tables/errnos.tsv" do
		add(errors, row[1]:sub(2), math.tointeger(tonumber(row[2])), nil, row.where)
	end
	local caps = family_of "CAP"
	for row in each_row "policy/tables/capabilities.tsv" do
		add(caps, row[2]:upper(), math.tointeger(tonumber(row[1])), nil, row.where)
	end
	for row in each_row "policy/tables/landlock.tsv" do
		local family = family_of(row[1] == "scope" and "LANDLOCK_SCOPE"
			or "LANDLOCK_ACCESS_" .. row[1]:upper())
		add(family, row[2]:upper(), 1 << tonumber(row[3]), nil, row.where)
	end
end

local function constants_of(arch, use)
	local out = { "return {" }
	table.sort(order)
	for _, name in ipairs(order) do
		local family = families[name]
		local kind = family.kind or use[name]
			or fail(name, "a line `=` must say whether it is flags or enum")
		local list = {}
		local from = family.same and families[family.same] or family
		for _, constant in ipairs(from.rows) do
			local value = from.at[constant][arch]
			if value then
				list[#list + 1] = ("%s=%d"):format(constant, value)
			end
		end
		out[#out + 1] = ("[%q]=%q,"):format(name, kind .. "|" .. table.concat(list, ","))
	end
	out[#out + 1] = "}\n"
	return table.concat(out, "\n")
end

local function main(directory, ...)
	local head = "-- %s - made from policy/tables/ and lua/syscall/tables/\n"
	local numbers, arguments, use = read_calls()
	read_constants "policy/tables/constants.tsv"
	read_others()
	for _, path in ipairs { ... } do
		read_constants(path)
	end
	assert(os.execute(("mkdir -p '%s/syscall'"):format(directory)))
	local function module(name, text)
		write(("%s/syscall/%s"):format(directory, name), head:format(name) .. text)
	end
	for arch in pairs(entries) do
		module(("numbers_%s.lua"):format(arch),
			"return {" .. table.concat(numbers[arch], ",") .. "}\n")
		module(("constants_%s.lua"):format(arch), constants_of(arch, use))
	end
	module("arguments.lua", "return {" .. table.concat(arguments, ",\n") .. "}\n")
end

main(...)
