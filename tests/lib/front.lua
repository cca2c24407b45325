-- front.lua - the Lua front end outside of lunette, for the tests of tests/lua/
--
-- A stand-in for the C functions of launcher/eval/: it reads the text tables of policy/tables/, the
-- modules from lua/lunette/ and the profiles from profiles/, and answers questions about the host
-- from a table of the test's.

local M = {}

local root = arg[0]:match("^(.*)/tests/") or "."
M.root = root

local function read(path)
	local file <close> = assert(io.open(path, "rb"))
	return file:read("a")
end

local function rows(name)
	local file = io.open(root .. "/policy/tables/" .. name .. ".tsv")
	return function()
		for line in file:lines() do
			if line:find("^[^#]") then
				local fields = {}
				for field in line:gmatch("[^\t]+") do
					fields[#fields + 1] = field
				end
				return fields
			end
		end
	end
end

local entries = { "x86_64", "i386", "x32", "aarch64", "riscv64" }

local calls, signatures, groups, constants = {}, {}, {}, {}
local errnos, capabilities, landlock = {}, {}, { fs = {}, net = {}, scope = {} }

local function load_tables()
	local grouped = {}
	for row in rows("calls") do
		if row[1] == "at" then
			for entry in row[3]:gmatch("[^,]+") do
				signatures[row[2]][entry] = row[4]
			end
		else
			local numbers = {}
			for index, entry in ipairs(entries) do
				numbers[entry] = tonumber(row[index + 1])
			end
			calls[row[1]] = numbers
			signatures[row[1]] = { all = row[8] == "-" and "" or row[8] }
			for group in row[7]:gmatch("[^,]+") do
				grouped["@" .. group] = grouped["@" .. group] or {}
				table.insert(grouped["@" .. group], row[1])
			end
		end
	end
	local texts = {}
	for row in rows("groups") do
		texts[row[1]] = row[2]
	end
	local function set_of(name)
		local set = {}
		for _, call in ipairs(grouped[name] or {}) do
			set[call] = true
		end
		for away, member in texts[name]:gmatch("(!?)([@%w_-]+)") do
			local list = member:byte() == 64 and set_of(member) or member ~= "-" and { [member] = true }
				or {}
			for call in pairs(list) do
				set[call] = away == "" or nil
			end
		end
		return set
	end
	for name in pairs(texts) do
		groups[name] = {}
		for call in pairs(set_of(name)) do
			table.insert(groups[name], call)
		end
		table.sort(groups[name])
	end
	for row in rows("constants") do
		local family = constants[row[1]] or {}
		constants[row[1]] = family
		local values = family[row[2]] or {}
		family[row[2]] = values
		for entry in (row[4] or table.concat(entries, ",")):gmatch("[^,]+") do
			values[entry] = math.tointeger(tonumber(row[3]))
		end
	end
	for row in rows("errnos") do
		errnos[row[1]] = math.tointeger(tonumber(row[2]))
	end
	for row in rows("capabilities") do
		capabilities[row[2]] = math.tointeger(tonumber(row[1]))
	end
	for row in rows("landlock") do
		landlock[row[1]][row[2]] = { bit = tonumber(row[3]) | 0, abi = tonumber(row[4]) }
	end
end
load_tables()

local known = {}
for _, entry in ipairs(entries) do
	local numbers, out = {}, {}
	for _, call in pairs(calls) do
		numbers[#numbers + 1] = call[entry]
	end
	table.sort(numbers)
	local first = numbers[1]
	for index, number in ipairs(numbers) do
		local following = numbers[index + 1]
		if following ~= number and following ~= number + 1 then
			out[#out + 1] = first == number and ("%d"):format(number) or ("%d-%d"):format(first, number)
			first = following
		end
	end
	known[entry] = table.concat(out, ",")
end

local function distance(a, b)
	a, b = a:lower(), b:lower()
	local row = {}
	for j = 0, #b do
		row[j] = j
	end
	for i = 1, #a do
		local diagonal = row[0]
		row[0] = i
		for j = 1, #b do
			local above = row[j]
			row[j] = math.min(above + 1, row[j - 1] + 1,
				diagonal + (a:byte(i) == b:byte(j) and 0 or 1))
			diagonal = above
		end
	end
	return row[#b]
end

local function closest(name, list)
	local best, least
	for _, other in ipairs(list) do
		local far = distance(name, other)
		if not least or far < least then
			best, least = other, far
		end
	end
	return least and least <= #name // 3 + 1 and best or nil
end

local function sorted_keys(map)
	local out = {}
	for key in pairs(map) do
		out[#out + 1] = key
	end
	table.sort(out)
	return out
end

local function landlock_all(kind, abi)
	local mask = 0
	for _, right in pairs(landlock[kind]) do
		mask = mask | (right.abi <= abi and 1 << right.bit or 0)
	end
	return mask
end

-- native() - what lunette.main is called with. @host: .profiles (name -> text), .files (path ->
-- "dir", "file" or "-> LINK"), .features, .env; questions asked are added to host.asked.
function M.native(host)
	local native, loaded = {}, {}
	function native.load(name)
		if loaded[name] == nil then
			local path = root .. "/lua/lunette/" .. name:match("^lunette%.(.*)$") .. ".lua"
			local chunk = assert(load(read(path), "@" .. path, "t"))
			loaded[name] = chunk(native)
			if host.loaded then
				table.insert(host.loaded, name)
			end
		end
		return loaded[name]
	end
	function native.ask(kind, argument)
		if host.asked then
			table.insert(host.asked, kind .. " " .. argument)
		end
		local file = (host.files or {})[argument]
		if kind == "exists" then
			return file and (file:find("^%->") and "other" or file)
		elseif kind == "readlink" then
			return file and file:match("^%-> (.*)$")
		elseif kind == "feature" then
			return (host.features or {})[argument]
		elseif kind == "env" then
			return (host.env or {})[argument]
		elseif host.profiles and host.profiles[argument] then
			return host.profiles[argument], argument:find("/") and argument or argument .. ".lua"
		end
		local ok, text = pcall(read, root .. "/profiles/" .. argument .. ".lua")
		if ok then
			return text, "profiles/" .. argument .. ".lua"
		end
	end
	function native.ask_all(kind, list)
		local out = {}
		for index, argument in ipairs(list) do
			out[index] = native.ask(kind, argument) or false
		end
		return out
	end
	function native.where()
		for level = 2, 50 do
			local info = debug.getinfo(level, "Sl")
			if not info then
				return ""
			elseif info.source:sub(1, 1) == "=" and info.currentline > 0 then
				return info.source:sub(2) .. ":" .. info.currentline
			end
		end
		return ""
	end
	function native.compile(text, name, world)
		return load(text, "=" .. name, "t", world)
	end
	function native.call(entry, name)
		return calls[name] and calls[name][entry]
	end
	function native.numbers(entry, list)
		local set, out, missing = {}, {}, nil
		for _, name in ipairs(list) do
			if not groups[name] and not (calls[name] and calls[name][entry]) then
				missing = missing or {}
				table.insert(missing, name)
			end
			for _, call in ipairs(groups[name] or { name }) do
				set[calls[call] and calls[call][entry] or -1] = true
			end
		end
		local first
		for number = 0, 1024 do
			if set[number] then
				first = first or number
			elseif first then
				out[#out + 1] = first == number - 1 and ("%d"):format(first)
					or ("%d-%d"):format(first, number - 1)
				first = nil
			end
		end
		return table.concat(out, ","), missing
	end
	function native.tag(value)
		local meta = type(value) == "table" and getmetatable(value)
		return meta and meta.is or nil
	end
	function native.path(value)
		local plain = type(value) == "string" and value:find("^/") and not value:find("[%z]")
			and not (value .. "/"):find("/%.?%.?/") and value
		return (plain or value == "/") and value or nil
	end
	function native.token(value)
		value = tostring(value)
		return value == "" and "\\e" or (value:gsub("[^!-[%]^-~]", function(byte)
			return ("\\x%02x"):format(byte:byte())
		end))
	end
	function native.known(entry)
		return known[entry]
	end
	function native.signature(name, entry)
		local of = signatures[name]
		return of and (of[entry or "x86_64"] or of.all)
	end
	function native.group(name)
		return groups[name] and table.move(groups[name], 1, #groups[name], 1, {})
	end
	function native.constant(family, name, entry)
		local value = (constants[family] or {})[name:upper()]
		return value and value[entry or "x86_64"]
	end
	function native.errno(name)
		return errnos[name:upper()]
	end
	function native.capability(name)
		return capabilities[name:lower():gsub("^cap_", "")]
	end
	function native.landlock(kind, name)
		return landlock[kind][name] and 1 << landlock[kind][name].bit or nil
	end
	native.landlock_all = landlock_all
	function native.nearest(kind, name)
		local maps = { call = calls, group = groups, errno = errnos, capability = capabilities }
		return closest(name, sorted_keys(maps[kind] or constants[kind] or {}))
	end
	native.closest = closest
	function native.lines(text)
		local number, words = 0, {}
		for line in text:gmatch("([^\n]*)\n?") do
			number = number + 1
			for word in line:gsub("==", ""):gmatch("([%w_]+)%s*=") do
				words[word] = words[word] or number
			end
		end
		return words
	end
	return native
end

M.question = {
	verb = "run", profile = "test", options = {}, command = { "id", "-u" }, cwd = "/home/me/here",
	uid = 1000, gid = 1000, home = "/home/me", arch = "x86_64", kernel = "6.18.44", privileged = false,
}

-- plan() - the plan of the profile @text, or nil and the error. @more: fields of the question, and
-- `host` for native().
function M.plan(text, more)
	more = more or {}
	local host = more.host or {}
	host.profiles = setmetatable({ test = text }, { __index = host.profiles })
	host.features = host.features or { landlock = "7", time = "1", overlay = "1", ["net.veth"] = "1" }
	local question = setmetatable({}, { __index = M.question })
	for key, value in pairs(more) do
		question[key] = value
	end
	local main = M.native(host).load("lunette.main")
	local ok, result, warnings = pcall(main, question)
	if ok then
		return result, warnings
	end
	return nil, result
end

-- lines() - the lines of @plan that begin with the key @key, without it
function M.lines(plan, key)
	local out = {}
	for line in plan:gmatch("[^\n]+") do
		if line == key or line:sub(1, #key + 1) == key .. " " then
			out[#out + 1] = line:sub(#key + 2)
		end
	end
	return out
end

local function compare(token, arguments)
	local index, width, mask, low, high = token:match("^a(%d)%.(%d)&(0x%x+)=(0x%x+)%-(0x%x+)$")
	local value = (arguments[tonumber(index) + 1] or 0)
	value = (width == "4" and value & 0xffffffff or value) & math.tointeger(tonumber(mask))
	return not math.ult(value, math.tointeger(tonumber(low)))
		and not math.ult(math.tointeger(tonumber(high)), value)
end

local function holds(tokens, arguments)
	local stack = {}
	for _, token in ipairs(tokens) do
		local top = #stack
		if token == "not" then
			stack[top] = not stack[top]
		elseif token == "and" or token == "or" then
			local one, two = stack[top - 1], table.remove(stack)
			stack[top - 1] = token == "and" and one and two or token == "or" and (one or two)
		else
			stack[top + 1] = compare(token, arguments)
		end
	end
	assert(#stack <= 1, "a test leaves one value")
	return stack[1] ~= false
end

local function within(number, intervals)
	for first, last in intervals:gmatch("(%d+)%-?(%d*)") do
		if number >= tonumber(first) and number <= tonumber(last ~= "" and last or first) then
			return true
		end
	end
	return false
end

-- decide() - what the rules of @plan answer to the call @name with @arguments
function M.decide(plan, name, arguments, entry)
	entry = entry or "x86_64"
	local number = type(name) == "number" and name or assert(calls[name][entry], name)
	for _, line in ipairs(M.lines(plan, "seccomp.rule")) do
		local words = {}
		for word in line:gmatch("%S+") do
			words[#words + 1] = word
		end
		if words[1] == entry and within(number, words[3])
			and holds(table.move(words, 4, #words, 1, {}), arguments or {}) then
			return words[2]
		end
	end
	for _, line in ipairs(M.lines(plan, "seccomp.known")) do
		if line:match("^%S+") == entry and within(number, line:match(" (.*)$")) then
			return M.lines(plan, "seccomp.default")[1]
		end
	end
	return M.lines(plan, "seccomp.newer")[1]
end

-- message() - an error as the launcher prints it
function M.message(err)
	if type(err) ~= "table" then
		return "profile: " .. tostring(err)
	end
	return ("%s: %s: %s%s"):format(err.stage, err.object, err.reason,
		err.hint and " (" .. err.hint .. ")" or "")
end

return M
