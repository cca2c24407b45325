-- sha256.lua - the SHA-256 of a text, for generators; FIPS 180-4
--
--   local sha256 = dofile "lua/generate/sha256.lua"
--   sha256 "abc" --> "ba7816bf..."

local WORD = 0xffffffff

-- The first 32 bits of the fractional parts of the roots of the first primes.
local function constants(count, root)
	local found, candidate = {}, 2
	while #found < count do
		local prime = true
		for divisor = 2, candidate - 1 do
			prime = prime and candidate % divisor ~= 0
		end
		if prime then
			local value = candidate ^ (1 / root)
			found[#found + 1] = math.floor((value - math.floor(value)) * 2 ^ 32)
		end
		candidate = candidate + 1
	end
	return found
end

local INITIAL, ROUND = constants(8, 2), constants(64, 3)

local function rotated(word, count)
	return (word >> count | word << (32 - count)) & WORD
end

local function add_block(state, block, at)
	local words = { string.unpack((">I4"):rep(16), block, at) }
	for i = 17, 64 do
		local x, y = words[i - 15], words[i - 2]
		local s0 = rotated(x, 7) ~ rotated(x, 18) ~ x >> 3
		local s1 = rotated(y, 17) ~ rotated(y, 19) ~ y >> 10
		words[i] = (words[i - 16] + s0 + words[i - 7] + s1) & WORD
	end
	local a, b, c, d, e, f, g, h = table.unpack(state)
	for i = 1, 64 do
		local s1 = rotated(e, 6) ~ rotated(e, 11) ~ rotated(e, 25)
		local t1 = h + s1 + (e & f ~ ~e & g) + ROUND[i] + words[i]
		local s0 = rotated(a, 2) ~ rotated(a, 13) ~ rotated(a, 22)
		local t2 = s0 + (a & b ~ a & c ~ b & c)
		a, b, c, d, e, f, g, h = (t1 + t2) & WORD, a, b, c, (d + t1) & WORD, e, f, g
	end
	for i, word in ipairs { a, b, c, d, e, f, g, h } do
		state[i] = (state[i] + word) & WORD
	end
end

return function(text)
	local state = table.move(INITIAL, 1, 8, 1, {})
	local padded = text .. "\x80" .. ("\0"):rep(-(#text + 9) % 64) .. string.pack(">I8", #text * 8)
	for at = 1, #padded, 64 do
		add_block(state, padded, at)
	end
	return ("%08x"):rep(8):format(table.unpack(state))
end
