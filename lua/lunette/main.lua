-- main.lua - the front end: a question of the launcher becomes the text of a plan
--
-- Loads the profile and its parents, merges them oldest first, applies the command line's options,
-- and lowers the result. Called once in a Lua state of its own, which is thrown away afterwards.
--
-- Answers function(question) -> text, warnings; raises { stage, object, reason, hint }.

local native = ...
local base = native.load("lunette.base")
local load_profile = native.load("lunette.words")
local fail, line = base.fail, base.line
local ipairs, next, type = ipairs, next, type

local MAX_PARENTS = 16

-- The parent that @layer extends as a layer not yet loaded, or nil.
local function parent(layer)
	local extends = layer.value.extends
	if extends == nil then
		return nil
	end
	local given = {}
	local name = extends
	if type(extends) == "table" then
		name = extends[1]
		for key, value in next, extends do
			if key ~= 1 then
				given[key] = value
			end
		end
	end
	if type(name) ~= "string" or name == "" then
		fail(line(layer, "extends"), "extends",
			"must be a profile's name or path, or { NAME, PARAM = ... }")
	end
	return { question = layer.question, given = given, ask = name }
end

-- Loads the chain of profiles: the child first.
local function chain(question, given)
	local layers, seen, from = {}, {}, ""
	local layer = { question = question, given = given, from_text = true, ask = question.profile }
	while layer do
		if #layers == MAX_PARENTS then
			fail(from, "extends", "more than " .. MAX_PARENTS .. " profiles extend each other")
		end
		load_profile(layer, layer.ask, from)
		if seen[layer.name] then
			fail(from, "extends", layer.name .. " extends itself")
		end
		seen[layer.name] = true
		layers[#layers + 1] = layer
		from = line(layer, "extends")
		layer = parent(layer)
	end
	return layers
end

return function(question)
	local options = question.options or {}
	local given = {}
	for _, option in ipairs(options) do
		if option.key == "set" then
			native.load("lunette.options").parameter(option.value, given)
		end
	end
	local layers = chain(question, given)
	local state = native.load("lunette.merge")
	state.history = question.verb == "check" and {} or nil
	for index = #layers, 1, -1 do
		state.apply(layers[index])
	end
	if #options > 0 then
		native.load("lunette.options").apply(state, question)
	end
	for _, need in ipairs(state.values.needs or {}) do
		native.load("lunette.rarely").check_need(state, need)
	end
	if question.verb == "check" then
		native.load("lunette.weak")(state)
	end
	return native.load("lunette.lower")(state, question), state.warnings
end
