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
		keys = docs.keys, words = docs.words, guards = docs.guards,
	}
end

-- verbs() - the verbs that any option names, and `lua`, which has none of its own; sorted
function M.verbs(options)
	local seen, out = { lua = true }, { "lua" }
	for _, row in ipairs(options) do
		for verb in row.verbs:gmatch("%a+") do
			if not seen[verb] then
				seen[verb] = true
				out[#out + 1] = verb
			end
		end
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
