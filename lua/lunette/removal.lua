-- removal.lua - what `remove { ... }` in `seccomp` takes out of the layers before it
--
-- A guard goes by its own name only; a call also out of the groups that hold it.

local native = ...
local base = native.load("lunette.base")

local M = {}

-- collect() - adds to @layer what @value, a `remove` at @path, takes away
function M.collect(state, layer, value, path)
	layer.removes = layer.removes or {}
	for _, name in ipairs(state.removed(value)) do
		if type(name) ~= "string" then
			native.load("lunette.explain").rule(value, path, "remove")
		end
		layer.removes[#layer.removes + 1] = { name = name, where = value.where, path = path }
	end
end

-- sets() - by layer, what later layers take away: name -> the remove that says so
function M.sets(layers)
	local out, after = {}, nil
	for index = #layers, 1, -1 do
		out[index] = after
		for _, remove in ipairs(layers[index].removes or {}) do
			local more = {}
			for name, other in next, after or {} do
				more[name] = other
			end
			for _, name in ipairs(native.group(remove.name) or { remove.name }) do
				more[name] = remove
			end
			after = more
		end
	end
	return out
end

-- filter() - @names without what @removed takes away; groups become the members that @entry has
function M.filter(names, removed, entry)
	local out = {}
	for _, name in ipairs(names) do
		local members = native.group(name)
		for _, call in ipairs(members or { name }) do
			if removed[call] then
				removed[call].hit = true
			elseif not members or native.call(entry, call) then
				out[#out + 1] = call
			end
		end
	end
	return out
end

-- check() - has each remove found something?
function M.check(layers)
	for _, layer in ipairs(layers) do
		for _, remove in ipairs(layer.removes or {}) do
			if not remove.hit then
				base.fail(remove.where, remove.path, "there is nothing to remove: " .. remove.name)
			end
		end
	end
end

return M
