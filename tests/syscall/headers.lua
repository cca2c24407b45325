-- headers.lua - every structure and constant of the library against the C headers, by the compiler
--
-- Writes C that asserts each size, offset and value, for each set of headers a file of its own, and
-- lets the compiler of each architecture look at it. What Linux 6.1's headers do not have yet
-- carries the version that brought it (`since` of a type or field, fifth column of a constant's
-- line), and must then really be missing there: so nothing goes unchecked for being misspelt.
--
-- Where newer headers are at hand, NEWER_HEADERS=DIRECTORY has these looked at first: only what
-- carries a version is compared then, as far as they have it (for this machine's architecture).

package.path = "tests/lib/?.lua;lua/?.lua;lua/?/init.lua;"
	.. (os.getenv "LUNETTE_BUILD" or "build/release") .. "/generated/?.lua;" .. package.path
local tap = require "tap"
local raw = require "syscall.raw"
local newer = os.getenv "NEWER_HEADERS"

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
		file:write(("#if __has_include(<%s>)\n#include <%s>\n#endif\n"):format(header, header))
	end
	file:write("#line 1 \"assertions\"\n", table.concat(lines, "\n"), "\n")
	file:close()
	local options = "-x c -std=gnu11 -w -fsyntax-only -fmax-errors=0"
		.. (newer and " -D__user= -isystem " .. newer or "")
	local pipe = assert(io.popen(("LC_ALL=C %s %s %s 2>&1"):format(compiler, options, name)))
	local output = pipe:read "a"
	pipe:close()
	os.remove(name)
	return output
end

local absent = {
	"undeclared", "has no member", "incomplete type", "invalid application", "undefined",
}

local function says(message, texts)
	for _, text in ipairs(texts) do
		if message:find(text, 1, true) then
			return true
		end
	end
end

-- What is wrong with @items, by line of C, and which that are newer than Linux 6.1 are there.
-- One that may be called in several ways has a line for each, and must be there in one.
local function judge(output, items)
	local wrong, missing, seen, newer_found, said = {}, {}, {}, {}, {}
	for file, line, message in output:gmatch "([^\n]-):(%d+):%d+: [fatal ]*error: ([^\n]*)" do
		local at = tonumber(line)
		local item = file == "assertions" and items[at]
		if item and says(message, absent) then
			missing[at] = true
		elseif item and message:find("static assertion failed", 1, true) then
			wrong[#wrong + 1] = item.name .. " differs"
		elseif not (item and said[at] and message:find "is not an integer$") then
			wrong[#wrong + 1] = ("%s:%d: %s"):format(item and item.name or file, at, message)
		end
		said[at] = item
	end
	for line, item in pairs(items) do
		seen[item] = seen[item] or not missing[line]
	end
	for item, found in pairs(seen) do
		if not found and not item.since then
			wrong[#wrong + 1] = item.name .. " is not in the headers"
		elseif found and item.since and newer then
			newer_found[item.name] = true
		elseif found and item.since and not item.since:find "+$" then
			wrong[#wrong + 1] = item.name .. " is in the headers, and its line says it is newer"
		end
	end
	table.sort(wrong)
	return wrong, newer_found
end

local unseen, compared = {}, 0 -- of what is newer than Linux 6.1

local function check(name, compiler, headers, assertions)
	local lines, items = {}, {}
	for _, one in ipairs(assertions) do
		for _, test in ipairs((one.since or not newer) and one.tests or {}) do
			lines[#lines + 1] = ("_Static_assert(%s, \"\");"):format(test)
			items[#lines] = one
		end
	end
	local wrong, found = judge(compile(compiler, headers, lines), items)
	for _, one in ipairs(newer and assertions or {}) do
		if found[one.name] then
			compared = compared + 1
		elseif one.since then
			unseen[#unseen + 1] = one.name
		end
	end
	tap.ok(#wrong == 0, ("%s: %d assertions"):format(name, #lines), table.unpack(wrong))
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
				tests = { ("sizeof(%s) == %d"):format(type.c, type.size) } })
			for _, field in ipairs(type.fields) do
				local c = field.c or (type.prefix or "") .. field.name
				table.insert(list_of, { name = type.c .. "." .. c, since = field.since or type.since,
					tests = { ("offsetof(%s, %s) == %d && sizeof(((%s *)0)->%s) == %d"):format(type.c,
						c, field.offset, type.c, c, field.size) } })
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

-- Numbers of C: sizes and signs

local spelt_numbers = { char = "char", uchar = "unsigned char", int = "int", uint = "unsigned int",
	long = "long", ulong = "unsigned long" }
local number_headers = "stdint.h,sys/types.h,sys/socket.h,netinet/in.h,poll.h,linux/aio_abi.h"

local function check_numbers(arch, compiler)
	local list = {}
	for name, type in pairs(require "syscall.types.scalars") do
		local bits = _G.type(type) == "table" and type.bits
		local c = spelt_numbers[name] or name .. "_t"
		list[#list + 1] = bits and { name = c, tests = { ("sizeof(%s) * 8 == %d && ((%s)-1 < 0) == %d")
			:format(c, bits, c, type.signed and 1 or 0) } } or nil
	end
	check(arch .. ": numbers", compiler, number_headers, list)
end

-- Requests of ioctl that are macros of C with arguments, and places of bits

local function check_macros(arch, compiler)
	local c = require("syscall.constants").c
	local list = {}
	local function add(text, value, since)
		list[#list + 1] = { name = text, since = since, tests = { ("%s == %d"):format(text, value) } }
	end
	for name, f in pairs(require "syscall.requests") do
		if name:find "^_IO" then
			local last = name ~= "_IO" and ", struct input_absinfo" or ""
			add(("%s('E', 7%s)"):format(name, last), f("E", 7, "input_absinfo"))
		elseif name == "EVIOCGBIT" then
			add("EVIOCGBIT(EV_KEY, 96)", f("key", 96))
		elseif name:find "ABS$" then
			add(name .. "(ABS_Y)", f "y")
		else
			add(name .. "(300)", f(300))
		end
	end
	check(arch .. ": requests with arguments", compiler, "linux/input.h", list)
	list = {}
	for name in ([[ USER KERNEL HV ANY ANY_CALL ANY_RETURN IND_CALL ABORT_TX IN_TX NO_TX COND
			CALL_STACK IND_JUMP CALL NO_FLAGS NO_CYCLES TYPE_SAVE HW_INDEX PRIV_SAVE COUNTERS
		]]):gmatch "%S+" do
		add(("PERF_SAMPLE_BRANCH_%s_SHIFT"):format(name), c.PERF_SAMPLE_BRANCH[name .. "_SHIFT"],
			name == "COUNTERS" and "6.8" or nil)
	end
	check(arch .. ": places of bits", compiler, "linux/perf_event.h", list)
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

-- Tables that hold more than constants: a row as family, name, value.
local others = {
	["errnos.tsv"] = function(row) return { "E", row[1]:sub(2), row[2] } end,
	["capabilities.tsv"] = function(row) return { "CAP", row[2]:upper(), row[1] } end,
	["landlock.tsv"] = function(row)
		local abi = tonumber(row[4])
		return { row[1] == "scope" and "LANDLOCK_SCOPE" or "LANDLOCK_ACCESS_" .. row[1]:upper(),
			row[2]:upper(), tostring(1 << tonumber(row[3])), "", abi > 2 and "ABI " .. abi or "" }
	end,
}

local function read_tables()
	local list = assert(io.popen("ls policy/tables/constants.tsv lua/syscall/tables/*.tsv "
		.. "policy/tables/errnos.tsv policy/tables/capabilities.tsv policy/tables/landlock.tsv"))
	for path in list:lines() do
		local form = others[path:match "[^/]+$"]
		for row in each_row(path) do
			if row[1] == "=" then
				families[row[2]] = { prefix = row[4] ~= "" and row[4] or row[2] .. "_", headers = row[5] }
			else
				table.insert(rows, form and form(row) or row)
			end
		end
	end
	list:close()
end

-- What C spells otherwise.
local spelt = {
	AF_DECNET = "AF_DECnet", LANDLOCK_SCOPE_ABSTRACT_UNIX = "LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET",
}

-- What C may call a constant: each of the family's prefixes before its name, `-` for none; or a
-- pattern in which `*` stands for the name, `~` for it in lower case.
local function names_in_c(family, name)
	local names = {}
	for prefix in family.prefix:gmatch "[^,]+" do
		local c = prefix == "-" and name or prefix .. name
		if prefix:find "[*~]" then
			c = prefix:gsub("*", name):gsub("~", name:lower())
		end
		names[#names + 1] = not c:find "^%d" and (spelt[c] or c) or nil
	end
	return names
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
			local names, tests = names_in_c(family, row[2]), {}
			for i, c in ipairs(names) do
				tests[i] = ("(unsigned long long)%s == (unsigned long long)%s"):format(c, row[3])
			end
			table.insert(list, { name = names[1], since = row[5] ~= "" and row[5] or nil,
				tests = tests })
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
local unnamed = {}
for _, row in ipairs(rows) do
	local family = families[row[1]]
	if not (family and family.headers) and unnamed[#unnamed] ~= row[1] then
		unnamed[#unnamed + 1] = row[1]
	end
end
tap.is(table.concat(unnamed, " "), "", "the headers of each family are named")

for _, arch in ipairs(newer and { raw.arch } or { "x86_64", "aarch64", "riscv64" }) do
	local compiler = compilers[arch]
	if there(compiler) then
		check_types(arch, compiler)
		check_numbers(arch, compiler)
		check_macros(arch, compiler)
		check_constants(arch, compiler)
	else
		tap.skip(arch .. ": layouts and constants", compiler .. " is not installed (./quickstart setup)")
	end
end
if newer then
	print(("# %d that are newer than Linux 6.1 are in %s; these are not: %s"):format(compared, newer,
		table.concat(unseen, " ")))
end

-- Controls: what is wrong is found.
if there(compilers[raw.arch]) and not newer then
	local both = { name = "one of two" }
	local wrong = judge(compile(compilers[raw.arch], "fcntl.h,none.h", {
		"_Static_assert(O_RDWR == 3, \"\");", "_Static_assert(O_RDWRR == 2, \"\");",
		"_Static_assert(O_RDWR == 2, \"\");", "_Static_assert(O_RDRW == 2, \"\");",
		"_Static_assert(O_RDWR == 2, \"\");", "_Static_assert(1 +, \"\");",
	}), { { name = "value" }, { name = "name" }, { name = "since", since = "6.9" }, both, both,
		{ name = "syntax" } })
	tap.is(table.concat(wrong, "; "), "name is not in the headers; since is in the headers, and its "
		.. "line says it is newer; syntax:6: expected expression before ',' token; value differs",
		"a wrong value, name or version is found, and what does not compile")
end
tap.done()
