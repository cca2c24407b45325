-- headers.lua - every structure and constant of the library against the C headers, by the compiler
--
-- Writes C that asserts each size, offset and value, for each set of headers a file of its own, and
-- lets the compiler of each architecture look at it. What Linux 6.1's headers do not have yet
-- carries the version that brought it (`since` of a type or field, fifth column of a constant's
-- line), and must then really be missing there: so nothing goes unchecked for being misspelt.

package.path = "tests/lib/?.lua;lua/?.lua;lua/?/init.lua;"
	.. (os.getenv "LUNETTE_BUILD" or "build/release") .. "/generated/?.lua;" .. package.path
local tap = require "tap"
local raw = require "syscall.raw"

local compilers = {
	x86_64 = "x86_64-linux-gnu-gcc",
	aarch64 = "aarch64-linux-gnu-gcc",
	riscv64 = "riscv64-linux-gnu-gcc",
}

local function there(command)
	return os.execute(("command -v %s >/dev/null"):format(command)) == true
end

-- The compiler's complaints about @lines of C, as text.
local function compile(compiler, headers, lines)
	local name = os.tmpname()
	local file = assert(io.open(name, "w"))
	file:write("#define _GNU_SOURCE\n#include <stddef.h>\n")
	for header in headers:gmatch "[^,]+" do
		file:write(("#include <%s>\n"):format(header))
	end
	file:write(table.concat(lines, "\n"), "\n")
	file:close()
	local pipe = assert(io.popen(("%s -std=gnu11 -w -fsyntax-only -fmax-errors=0 -x c %s 2>&1")
		:format(compiler, name)))
	local output = pipe:read "a"
	pipe:close()
	os.remove(name)
	return output
end

-- What the compiler says of each tag "#NAME#" of an assertion, or of its line.
local function judge(output, items)
	local wrong, missing = {}, {}
	for line, message in output:gmatch "[^\n]-:(%d+):%d+: [fatal ]*error: ([^\n]*)" do
		local item = items[tonumber(line)]
		if not item then
			wrong[#wrong + 1] = message
		elseif message:find "static assertion failed" then
			wrong[#wrong + 1] = item.name .. " differs"
		elseif message:find "undeclared" or message:find "has no member" or message:find "incomplete type"
			or message:find "invalid application" or message:find "undefined" then
			missing[item] = true
		end
	end
	for _, item in pairs(items) do
		if missing[item] and not item.since then
			wrong[#wrong + 1] = item.name .. " is not in the headers"
		elseif item.since and not missing[item] then
			wrong[#wrong + 1] = item.name .. " is in the headers, and its line says it is newer"
		end
	end
	table.sort(wrong)
	return wrong
end

local function check(name, compiler, headers, assertions)
	local first = 2 + select(2, headers:gsub("[^,]+", "")) + 1
	local lines, items = {}, {}
	for i, one in ipairs(assertions) do
		lines[i] = ("_Static_assert(%s, \"\");"):format(one.test)
		items[first + i - 1] = one
	end
	local wrong = judge(compile(compiler, headers, lines), items)
	tap.ok(#wrong == 0, ("%s: %d assertions"):format(name, #assertions), table.unpack(wrong))
end

-- Structures

local function check_types(arch, compiler)
	-- A raw of another architecture: only its name matters to the layout.
	for name in pairs(package.loaded) do
		if name:find "^syscall" then
			package.loaded[name] = nil
		end
	end
	local other = {}
	for key, value in pairs(raw) do
		other[key] = value
	end
	other.arch = arch
	package.loaded["syscall.raw"] = other
	local list = assert(io.popen "ls lua/syscall/types")
	for file in list:lines() do
		require("syscall.types." .. file:gsub("%.lua$", ""))
	end
	list:close()
	local by_header = {}
	for _, type in ipairs(require("syscall.struct").all) do
		if type.c then
			local list_of = by_header[type.header] or {}
			by_header[type.header] = list_of
			table.insert(list_of, { name = "sizeof " .. type.c, since = type.since,
				test = ("sizeof(%s) == %d"):format(type.c, type.size) })
			for _, field in ipairs(type.fields) do
				local c = field.c or (type.prefix or "") .. field.name
				table.insert(list_of, { name = type.c .. "." .. c, since = field.since or type.since,
					test = ("offsetof(%s, %s) == %d && sizeof(((%s *)0)->%s) == %d"):format(type.c, c,
						field.offset, type.c, c, field.size) })
			end
		end
	end
	local headers = {}
	for header in pairs(by_header) do
		headers[#headers + 1] = header
	end
	table.sort(headers)
	for _, header in ipairs(headers) do
		check(("%s: structures of %s"):format(arch, header), compiler, header, by_header[header])
	end
end

-- Constants

local function each_row(path)
	local next_line = io.lines(path)
	return function()
		for line in next_line do
			if line ~= "" and not line:find "^#" then
				local row = {}
				for field in (line .. "\t"):gmatch "([^\t]*)\t" do
					row[#row + 1] = field
				end
				return row
			end
		end
	end
end

local families, rows = {}, {}

local function read_tables()
	local list = assert(io.popen "ls policy/tables/constants.tsv lua/syscall/tables/*.tsv")
	for path in list:lines() do
		for row in each_row(path) do
			if row[1] == "=" then
				families[row[2]] = { prefix = row[4] ~= "" and row[4] or row[2] .. "_", headers = row[5] }
			else
				table.insert(rows, row)
			end
		end
	end
	list:close()
end

local function check_constants(arch, compiler)
	local by_headers = {}
	for _, row in ipairs(rows) do
		local family = families[row[1]]
		local archs = row[4] or ""
		local here = archs == "" or ("," .. archs .. ","):find("," .. arch .. ",", 1, true)
		if family and family.headers and here then
			local list = by_headers[family.headers] or {}
			by_headers[family.headers] = list
			local c = (family.prefix == "-" and "" or family.prefix) .. row[2]
			table.insert(list, { name = c, since = row[5] ~= "" and row[5] or nil,
				test = ("(unsigned long long)%s == (unsigned long long)%s"):format(c, row[3]) })
		end
	end
	local headers = {}
	for header in pairs(by_headers) do
		headers[#headers + 1] = header
	end
	table.sort(headers)
	for _, header in ipairs(headers) do
		check(("%s: constants of %s"):format(arch, header), compiler, header, by_headers[header])
	end
end

read_tables()
for _, arch in ipairs { "x86_64", "aarch64", "riscv64" } do
	local compiler = compilers[arch]
	if there(compiler) then
		check_types(arch, compiler)
		check_constants(arch, compiler)
	else
		tap.skip(arch .. ": layouts and constants", compiler .. " is not installed (./quickstart setup)")
	end
end

-- Controls: what is wrong is found.
if there(compilers[raw.arch]) then
	local wrong = judge(compile(compilers[raw.arch], "fcntl.h", {
		"_Static_assert(O_RDWR == 3, \"\");", "_Static_assert(O_RDWRR == 2, \"\");",
		"_Static_assert(O_RDWR == 2, \"\");",
	}), { [4] = { name = "value" }, [5] = { name = "name" }, [6] = { name = "both", since = "6.9" } })
	tap.is(table.concat(wrong, "; "), "both is in the headers, and its line says it is newer; "
		.. "name is not in the headers; value differs", "a wrong value, name or version is found")
end
tap.done()
