-- tables.lua - turns the text tables of policy/tables/ into C
--
-- Usage: lua lua/generate/tables.lua OUTDIR policy/tables
--
-- Writes OUTDIR/raw/number.h (RAW_openat2 and so on, per architecture), OUTDIR/raw/pointers.h
-- (which arguments are addresses) and the static data of policy/tables.c,
-- OUTDIR/policy/tables_data.h. All strings of one kind lie in one pool and are named by 16-bit
-- offsets; every table is sorted by name, so that tables.c finds things by binary search. The
-- same tables give the same bytes.
--
-- It must not know what the numbers mean: what is wrong in a table is an error with file and line.

local entries = { "x86_64", "i386", "x32", "aarch64", "riscv64" }
local entry_bit = {}
for i, name in ipairs(entries) do
	entry_bit[name] = 1 << (i - 1)
end
local all_entries = (1 << #entries) - 1

local function fail(where, text, ...)
	error(where .. ": " .. text:format(...), 0)
end

-- The lines of a table as lists of fields; comments and empty lines are left out.
local function read_table(directory, name)
	local path = directory .. "/" .. name
	local file = assert(io.open(path))
	local rows, number = {}, 0
	for line in file:lines() do
		number = number + 1
		if line ~= "" and not line:find("^#") then
			local row = { where = path .. ":" .. number }
			for field in (line .. "\t"):gmatch("([^\t]*)\t") do
				row[#row + 1] = field
			end
			rows[#rows + 1] = row
		end
	end
	file:close()
	return rows
end

local function to_number(row, text)
	local value = math.tointeger(tonumber(text))
	if not value then
		fail(row.where, "%q is no whole number", text)
	end
	return value
end

local function split(text, separator)
	local parts = {}
	for part in text:gmatch("[^" .. separator .. "]+") do
		parts[#parts + 1] = part
	end
	return parts
end

local function entry_mask(row, text)
	if not text or text == "" then
		return all_entries
	end
	local mask = 0
	for _, name in ipairs(split(text, ",")) do
		mask = mask | (entry_bit[name] or fail(row.where, "no entry %q", name))
	end
	return mask
end

-- A pool of strings: offset(text) adds it once and returns where it starts.
local function new_pool()
	local pool = { parts = {}, at = {}, size = 0 }
	function pool.offset(text)
		if not pool.at[text] then
			pool.at[text] = pool.size
			pool.parts[#pool.parts + 1] = text
			pool.size = pool.size + #text + 1
			assert(pool.size <= 65536, "a pool of strings outgrew 16 bits")
		end
		return pool.at[text]
	end
	return pool
end

local function read_calls(directory)
	local calls, by_name = {}, {}
	for _, row in ipairs(read_table(directory, "calls.tsv")) do
		if row[1] == "at" then
			local call = by_name[row[2]] or fail(row.where, "no call %q", row[2])
			local mask = entry_mask(row, row[3])
			table.insert(call.others, { mask = mask, signature = row[4] })
		elseif #row ~= 8 then
			fail(row.where, "%d fields in place of 8", #row)
		else
			local call = {
				name = row[1], numbers = {}, others = {},
				groups = split(row[7], ","),
				signature = row[8] == "-" and "" or row[8],
			}
			if #calls > 0 and calls[#calls].name >= call.name then
				fail(row.where, "%s is out of order", call.name)
			end
			for i = 1, #entries do
				call.numbers[i] = row[i + 1] ~= "-" and to_number(row, row[i + 1])
			end
			call.index = #calls
			calls[#calls + 1] = call
			by_name[call.name] = call
		end
	end
	return calls, by_name
end

-- Groups as lists of calls, in order of name.
local function read_groups(directory, calls, by_name)
	local groups, by_group = {}, {}
	for _, row in ipairs(read_table(directory, "groups.tsv")) do
		local group = { name = row[1], doc = row[3], members = {}, where = row.where }
		for _, member in ipairs(row[2] == "-" and {} or split(row[2], " ")) do
			table.insert(group.members, member)
		end
		groups[#groups + 1] = group
		by_group[group.name] = group
	end
	for _, call in ipairs(calls) do
		for _, name in ipairs(call.groups) do
			local group = by_group["@" .. name] or fail(call.name, "no group %q", name)
			table.insert(group.members, call.name)
		end
	end

	local function add(group, set, value, from, depth)
		if depth == 8 then
			fail(from.where, "%s holds itself, or groups are nested more than 8 deep", from.name)
		end
		for _, member in ipairs(group.members) do
			local taken, name = member:match("^(!?)(.*)$")
			local wanted = value
			if taken == "!" then
				wanted = nil
			end
			if by_group[name] then
				add(by_group[name], set, wanted, from, depth + 1)
			elseif by_name[name] then
				set[name] = wanted
			else
				fail(from.where, "no call or group %q", name)
			end
		end
	end
	for _, group in ipairs(groups) do
		local set = {}
		add(group, set, true, group, 0)
		group.calls = {}
		for name in pairs(set) do
			table.insert(group.calls, name)
		end
		table.sort(group.calls)
	end
	table.sort(groups, function(a, b) return a.name < b.name end)
	return groups
end

local function read_constants(directory)
	local constants = {}
	for _, row in ipairs(read_table(directory, "constants.tsv")) do
		constants[#constants + 1] = {
			family = row[1], name = row[2], value = to_number(row, row[3]),
			mask = entry_mask(row, row[4]), where = row.where,
		}
	end
	-- Of names for one value the first of the file is the one that is shown.
	local taken = {}
	for _, constant in ipairs(constants) do
		local at = constant.family .. " " .. constant.value
		constant.shown = constant.mask & ~(taken[at] or 0)
		taken[at] = (taken[at] or 0) | constant.mask
	end
	table.sort(constants, function(a, b)
		if a.family ~= b.family then
			return a.family < b.family
		elseif a.name ~= b.name then
			-- tables.c looks up without regard to case.
			return a.name:lower() < b.name:lower()
		end
		return a.mask < b.mask
	end)
	for i = 2, #constants do
		local a, b = constants[i - 1], constants[i]
		if a.family == b.family and a.name == b.name and a.mask & b.mask ~= 0 then
			fail(b.where, "%s %s has two values at one entry", b.family, b.name)
		end
	end
	return constants
end

-- Output

local function write_file(path, lines)
	local file = assert(io.open(path, "w"))
	file:write(table.concat(lines, "\n"), "\n")
	file:close()
end

-- Numbers, at most 90 columns a line.
local function write_list(out, head, values)
	out[#out + 1] = head .. " = {"
	local line = "\t"
	for _, value in ipairs(values) do
		local text = value .. ","
		if #line + #text > 84 then
			out[#out + 1] = line
			line = "\t"
		end
		line = line .. text .. " "
	end
	out[#out + 1] = (line:gsub(" $", ""))
	out[#out + 1] = "};"
	out[#out + 1] = ""
end

local function write_pool(out, name, pool)
	out[#out + 1] = ("static const char %s[] ="):format(name)
	for i, part in ipairs(pool.parts) do
		out[#out + 1] = ("\t%q%s"):format(part, i < #pool.parts and ' "\\0"' or ";")
	end
	out[#out + 1] = ""
end

local function map(list, field)
	local result = {}
	for i, item in ipairs(list) do
		result[i] = field(item)
	end
	return result
end

-- The entries that we are compiled for.
local guards = {
	{ "#if defined(__x86_64__)", 1 }, { "#elif defined(__aarch64__)", 4 },
	{ "#elif defined(__riscv)", 5 },
}

-- A bit for each argument that is an address, also where the kernel calls its type a number; eight
-- bits above it one for each that is a number or an address, as another argument says (ioctl(2)).
-- Of ptrace(2) `addr` is another process's, and `data` is where some requests store their answer.
local function pointer_mask(call)
	local mask, at = 0, 0
	for kind, name in call.signature:gmatch("([%w_:]+) ([%w_]+)") do
		if kind == "ptr" or kind == "str"
			or (name:find "addr" and kind == "u64" and call.name ~= "ptrace")
			or (name == "data" and call.name == "ptrace") then
			mask = mask | 1 << at
		elseif kind == "u64" and name:find "^arg%d?$" then
			mask = mask | 1 << at + 8
		end
		at = at + 1
	end
	return mask
end

local function write_pointers(path, calls)
	local out = {
		"/* pointers.h - which arguments are addresses, by number; made from policy/tables/calls.tsv */",
		"#ifndef RAW_POINTERS_H", "#define RAW_POINTERS_H", "", "#include <stdint.h>", "",
	}
	for _, guard in ipairs(guards) do
		local masks, last = {}, 0
		for _, call in ipairs(calls) do
			local number = call.numbers[guard[2]]
			if number then
				masks[number], last = pointer_mask(call), math.max(last, number)
			end
		end
		local row = {}
		for number = 0, last do
			row[number + 1] = masks[number] or 63 -- no such call: all of them
		end
		out[#out + 1] = guard[1]
		write_list(out, "static const uint16_t raw_pointers[]", row)
	end
	out[#out + 1] = "#endif"
	out[#out + 1] = ""
	out[#out + 1] = "#endif"
	write_file(path, out)
end

local function write_numbers(path, calls)
	local out = {
		"/* number.h - numbers of system calls, made from policy/tables/calls.tsv */",
		"#ifndef RAW_NUMBER_H", "#define RAW_NUMBER_H", "",
	}
	for _, guard in ipairs(guards) do
		out[#out + 1] = guard[1]
		for _, call in ipairs(calls) do
			if call.numbers[guard[2]] then
				out[#out + 1] = ("#define RAW_%s %d"):format(call.name, call.numbers[guard[2]])
			end
		end
	end
	out[#out + 1] = "#else"
	out[#out + 1] = '#error "no system-call numbers for this architecture"'
	out[#out + 1] = "#endif"
	out[#out + 1] = ""
	out[#out + 1] = "#endif"
	write_file(path, out)
end

local function write_calls(out, calls)
	local names, signatures = new_pool(), new_pool()
	local other = {}
	write_list(out, "static const uint16_t call_names[]", map(calls, function(call)
		return names.offset(call.name)
	end))
	write_list(out, "static const uint16_t call_signatures[]", map(calls, function(call)
		return signatures.offset(call.signature)
	end))
	for _, call in ipairs(calls) do
		for _, at in ipairs(call.others) do
			other[#other + 1] = ("{ %d, %d, %d }"):format(call.index, at.mask,
				signatures.offset(at.signature))
		end
	end
	write_list(out, "static const struct tables_other call_others[]", other)
	local numbers = {}
	for _, call in ipairs(calls) do
		for i = 1, #entries do
			numbers[#numbers + 1] = call.numbers[i] or -1
		end
	end
	write_list(out, "static const int16_t call_numbers[]", numbers)
	write_pool(out, "call_pool", names)
	write_pool(out, "signature_pool", signatures)
end

-- For each entry: which call has a number, and the known numbers as intervals.
local function write_entries(out, calls)
	for i, entry in ipairs(entries) do
		local at, last = {}, -1
		for _, call in ipairs(calls) do
			local number = call.numbers[i]
			if number and at[number] then
				error(("%s: %s and %s are both %d"):format(entry, at[number].name, call.name, number))
			elseif number then
				at[number] = call
				last = math.max(last, number)
			end
		end
		local index, known, first = {}, {}, nil
		for number = 0, last + 1 do
			if number <= last then
				index[#index + 1] = at[number] and at[number].index or -1
			end
			if at[number] and not first then
				first = number
			elseif first and not at[number] then
				known[#known + 1] = ("{ %d, %d }"):format(first, number - 1)
				first = nil
			end
		end
		write_list(out, ("static const int16_t call_at_%s[]"):format(entry), index)
		write_list(out, ("static const struct policy_interval known_%s[]"):format(entry), known)
	end
end

local function write_groups(out, groups, by_name)
	local pool = new_pool()
	local rows = {}
	for i, group in ipairs(groups) do
		local members = map(group.calls, function(call)
			return by_name[call].index
		end)
		members[#members + 1] = -1
		rows[i] = ("{ %d, %d, group_members_%d }"):format(pool.offset(group.name),
			pool.offset(group.doc), i - 1)
		group.list = members
	end
	write_pool(out, "group_pool", pool)
	for i, group in ipairs(groups) do
		write_list(out, ("static const int16_t group_members_%d[]"):format(i - 1), group.list)
	end
	write_list(out, "static const struct tables_group_row group_rows[]", rows)
end

local function write_constants(out, constants)
	local pool = new_pool()
	local families = {}
	for i, constant in ipairs(constants) do
		if i == 1 or constants[i - 1].family ~= constant.family then
			families[#families + 1] = { name = constant.family, first = i - 1 }
		end
	end
	write_list(out, "static const uint16_t constant_names[]", map(constants, function(constant)
		return pool.offset(constant.name)
	end))
	write_list(out, "static const uint8_t constant_entries[]", map(constants, function(constant)
		return constant.mask
	end))
	write_list(out, "static const uint8_t constant_shown[]", map(constants, function(constant)
		return constant.shown
	end))
	write_list(out, "static const uint64_t constant_values[]", map(constants, function(constant)
		return ("0x%x"):format(constant.value)
	end))
	local rows = map(families, function(family)
		return ("{ %d, %d }"):format(pool.offset(family.name), family.first)
	end)
	rows[#rows + 1] = ("{ %d, %d }"):format(pool.offset(""), #constants)
	write_list(out, "static const struct tables_family family_rows[]", rows)
	write_pool(out, "constant_pool", pool)
end

local function write_small(out, directory)
	local pool = new_pool()
	local errnos = map(read_table(directory, "errnos.tsv"), function(row)
		return ("{ %d, %d }"):format(pool.offset(row[1]), to_number(row, row[2]))
	end)
	write_list(out, "static const struct tables_errno_row errno_rows[]", errnos)
	local caps = read_table(directory, "capabilities.tsv")
	write_list(out, "static const uint16_t capability_names[]", map(caps, function(row)
		return pool.offset(row[2])
	end))
	local kinds = { fs = "LANDLOCK_FS", net = "LANDLOCK_NET", scope = "LANDLOCK_SCOPE" }
	local landlock = map(read_table(directory, "landlock.tsv"), function(row)
		local kind = kinds[row[1]] or fail(row.where, "no kind %q", row[1])
		return ("{ %d, %s, %d, %d, %d }"):format(pool.offset(row[2]), kind, to_number(row, row[3]),
			to_number(row, row[4]), row[5] == "dir" and 1 or 0)
	end)
	write_list(out, "static const struct tables_landlock_row landlock_rows[]", landlock)
	write_pool(out, "small_pool", pool)
end

local function write_data(path, directory, calls, by_name)
	local out = {
		"/* tables_data.h - the data of policy/tables.c, made from policy/tables/ */",
		"#ifndef POLICY_TABLES_DATA_H", "#define POLICY_TABLES_DATA_H", "",
	}
	write_calls(out, calls)
	write_entries(out, calls)
	write_groups(out, read_groups(directory, calls, by_name), by_name)
	write_constants(out, read_constants(directory))
	write_small(out, directory)
	out[#out + 1] = "#endif"
	write_file(path, out)
end

local function main(out_directory, directory)
	if not out_directory or not directory then
		error("usage: tables.lua OUTDIR policy/tables", 0)
	end
	for _, sub in ipairs { "raw", "policy" } do
		assert(os.execute(("mkdir -p '%s/%s'"):format(out_directory, sub)))
	end
	local calls, by_name = read_calls(directory)
	write_numbers(out_directory .. "/raw/number.h", calls)
	write_pointers(out_directory .. "/raw/pointers.h", calls)
	write_data(out_directory .. "/policy/tables_data.h", directory, calls, by_name)
end

main(...)
