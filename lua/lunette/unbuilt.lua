-- unbuilt.lua - what the language has and lunette does not do yet
--
-- An error, or under prefer() a line `skipped` in the plan: what a profile writes is never ignored
-- silently.

local native = ...
local base = native.load("lunette.base")

local reasons = {
	broker = "the egress broker is",
	pod = "pods are",
}

return function(state, layer, path, preferred, what, where)
	local reason = reasons[what] .. " not built yet"
	if preferred then
		state.skip(path, reason)
		return
	end
	local hint = layer.text and "prefer(...) around the value has it skipped" or nil
	if where then
		base.fail(where, path, reason, hint)
	end
	state.wrong(layer, path, reason, hint)
end
