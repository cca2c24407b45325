-- man.lua - a manual page out of its template and the tables
--
--   lua man.lua OUTPUT TEMPLATE lua/lunette launcher/cmd/cmd.h policy/tables/groups.tsv
--
-- Lines of the template that begin with `.\" @` are replaced:
--
--   .\" @options VERB   the options of a verb
--   .\" @keys           the keys of a profile
--   .\" @words          the words of the profile language
--   .\" @guards         the named guards
--   .\" @groups         the groups of system calls
--
-- and @VERSION@ by the one that the header defines.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local schema = dofile(here .. "/schema.lua")
local output, template, directory, header, groups = table.unpack(arg, 1, 5)
assert(groups, "usage: man.lua OUTPUT TEMPLATE lua/lunette launcher/cmd/cmd.h "
	.. "policy/tables/groups.tsv")
local tables = schema.read(directory)
local version
for line in io.lines(header) do
	version = version or line:match('^#define LUNETTE_VERSION "(.*)"')
end
assert(version, header .. " defines no LUNETTE_VERSION")

-- Text for roff: no line begins with a control character, hyphens stay hyphens.
local function plain(text)
	text = text:gsub("\\", "\\e"):gsub("%-", "\\-")
	return (text:gsub("\n([.'])", "\n\\&%1"):gsub("^([.'])", "\\&%1"))
end

-- `code` in bold
local function prose(text)
	return (plain(text):gsub("`([^`]*)`", "\\fB%1\\fR"))
end

local makers = {}

function makers.options(verb)
	local out = {}
	for _, row in ipairs(tables.options) do
		if schema.takes(row, verb) then
			out[#out + 1] = ".TP\n" .. (row.short and "\\fB\\-" .. row.short .. "\\fR, " or "")
				.. "\\fB\\-\\-" .. plain(row.name) .. "\\fR"
				.. (row.metavar and " \\fI" .. plain(row.metavar) .. "\\fR" or "")
				.. "\n" .. prose(row.help:sub(1, 1):upper() .. row.help:sub(2)) .. "."
		end
	end
	return table.concat(out, "\n")
end

function makers.keys()
	local out = {}
	for _, row in ipairs(tables.keys) do
		local name, kind, default, doc = table.unpack(row)
		out[#out + 1] = (".TP\n\\fB%s\\fR%s\n%s%s"):format(plain(name),
			kind ~= "" and " = \\fI" .. plain(kind) .. "\\fR" or "", prose(doc),
			default ~= "" and "\nDefault: " .. plain(default) .. "." or "")
	end
	return table.concat(out, "\n")
end

function makers.words()
	local out = {}
	for _, row in ipairs(tables.words) do
		out[#out + 1] = (".TP\n\\fB%s\\fR\n%s"):format(plain(row[2]), prose(row[3]))
	end
	return table.concat(out, "\n")
end

function makers.guards()
	local out = {}
	for _, row in ipairs(tables.guards) do
		out[#out + 1] = (".TP\n\\fB%s\\fR\n%s."):format(plain(row[1]),
			prose(row[2]:sub(1, 1):upper() .. row[2]:sub(2)))
	end
	return table.concat(out, "\n")
end

function makers.groups()
	local out = {}
	for line in io.lines(groups) do
		local name, doc = line:match("^(@%S+)\t[^\t]*\t(.*)$")
		if name then
			out[#out + 1] = (".TP\n\\fB%s\\fR\n%s."):format(plain(name), prose(doc))
		end
	end
	return table.concat(out, "\n")
end

local lines = {}
for line in io.lines(template) do
	local name, argument = line:match('^%.\\" @(%a+) ?(.*)$')
	lines[#lines + 1] = name and assert(makers[name], line)(argument)
		or (line:gsub("@VERSION@", version))
end
schema.write(output, table.concat(lines, "\n") .. "\n")
