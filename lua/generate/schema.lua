-- schema.lua - reading the tables of lua/lunette/ for the generators beside this file
--
-- Not a generator itself.

local M = {}

local native = {}
function native.load() return {} end

local function module(directory, name)
	return assert(loadfile(directory .. "/" .. name .. ".lua"))(native)
end

-- read() - options, keys, words and guards of @directory (lua/lunette)
function M.read(directory)
	local docs = module(directory, "schema_doc")
	return {
		options = module(directory, "options").rows, schema = module(directory, "schema"),
		keys = docs.keys, words = docs.words, guards = docs.guards, verbs = docs.verbs,
		questions = docs.questions,
	}
end

-- names() - the keys of a table, sorted
function M.names(table_of)
	local out = {}
	for name in pairs(table_of) do
		out[#out + 1] = name
	end
	table.sort(out)
	return out
end

-- takes() - does the option belong to @verb?
function M.takes(row, verb)
	return row.verbs == "*" or (" " .. row.verbs .. " "):find(" " .. verb .. " ", 1, true) ~= nil
end

-- write() - makes the file @path
function M.write(path, text)
	local file <close> = assert(io.open(path, "wb"))
	assert(file:write(text))
end

return M
