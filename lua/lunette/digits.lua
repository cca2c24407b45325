-- digits.lua - a number that stands as text in a rule: "15", "0x1f"
--
-- A mode's digits are octal, as in mounts. Elsewhere a 0 in front is refused: C would read octal.

local native = ...

-- Answers the value of @text for the argument @this, or raises what it could have meant.
return function(this, text)
	local value
	if this.class == "mode" then
		value = text:find("^[0-7]+$") and tonumber(text, 8)
	elseif not text:find("^%-?0%d") then
		value = math.tointeger(tonumber(text))
	end
	return value or native.load("lunette.explain").constant(this, text)
end
