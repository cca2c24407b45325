-- words.lua - the names that a profile sees, and the loading of one profile
--
-- Each profile runs in a table of its own, whose names are made when they are first used. Nearly
-- all constructors do the same: wrap their arguments with a tag and the line they stand on. What
-- they hold is checked where it is used, with the key's path at hand.
--
-- Must not give a profile a way to the front end's own tables: libraries are copies.

local native = ...
local base = native.load("lunette.base")
local make, tag, fail, where = base.make, base.tag, base.fail, native.where
local next, pcall, setmetatable, tostring, type = next, pcall, setmetatable, tostring, type

local plain = {
	assert = assert, error = error, ipairs = ipairs, next = next, pairs = pairs, pcall = pcall,
	rawequal = rawequal, rawlen = rawlen, select = select, tonumber = tonumber,
	tostring = tostring, type = type, xpcall = xpcall, _VERSION = _VERSION,
}

local libraries = { string = string, table = table, math = math, utf8 = utf8 }

-- The tag of what each word makes.
local classes = {
	ro = "mount", rw = "mount", same = "mount", tmpfs = "mount", proc = "mount",
	dev = "mount", sysfs = "mount", mqueue = "mount", overlay = "mount", symlink = "mount",
	file = "mount", dir = "mount", mask = "mount",
	one_of = "matcher", has = "matcher", without = "matcher", only = "matcher",
	masked = "matcher", range = "matcher", lt = "matcher", le = "matcher", gt = "matcher",
	ge = "matcher", ne = "matcher", all_of = "matcher", any_of = "matcher", no = "matcher",
	path = "param", text = "param", number = "param", size = "param", time = "param",
	flag = "param", choice = "param",
	veth = "net", join = "net", broker = "net", pod = "net",
	allow = "action", kill = "action", kill_thread = "action", log = "action",
	notify = "action", errno = "action", trap = "action", trace = "action",
	params = "special", host = "special", sys = "special",
	prefer = "prefer", optional = "optional", remove = "remove", replace = "replace",
	profile = "profile", none = "none",
}

local function rule(action, list)
	return make("rule", { action = action.text, list = list, where = where(1) })
end

local function action(text)
	return make("action", { text = text }, rule)
end

-- errno "EPERM", errno(1), trap(3), trace(3)
local function numbered(name)
	return function(value)
		local number = math.tointeger(value)
		if name == "errno" and type(value) == "string" then
			number = native.errno(value)
				or native.load("lunette.explain").unknown(where(1), "errno", value, "errno")
		end
		if not number or number < 0 or number > (name == "errno" and 4095 or 65535) then
			fail(where(1), name, "must be called with a number from 0 to "
				.. (name == "errno" and '4095, or a name such as "EPERM"' or "65535"))
		end
		return action(name .. ":" .. number)
	end
end

local function strict(what, object, index)
	return setmetatable(object, { __index = index or function(_, name)
		return native.load("lunette.explain").unknown(where(1), what, tostring(name), object)
	end })
end

local function ask(kind)
	return function(argument)
		if type(argument) ~= "string" then
			fail(where(1), "host." .. kind, "must be called with text")
		end
		return native.ask(kind, argument)
	end
end

local function host(question)
	return strict("host", {
		uid = question.uid, gid = question.gid, cwd = question.cwd, arch = question.arch,
		home = question.home or false, kernel = question.kernel,
		command = table.move(question.command, 1, #question.command, 1, {}),
		exists = ask("exists"), readlink = ask("readlink"), feature = ask("feature"),
		env = setmetatable({}, { __index = function(_, name)
			return native.ask("env", tostring(name))
		end }),
	})
end

local sys = setmetatable({}, { __index = function(_, name)
	return function(arguments)
		return make("call", { name = name, arguments = arguments, where = where(1) })
	end
end })

-- What @name means in a profile that is loaded as @layer.
local function word(layer, name)
	local class = classes[name]
	if class == "action" then
		if name == "errno" or name == "trap" or name == "trace" then
			return numbered(name)
		end
		return action(name)
	elseif class == "none" then
		return make("none", {})
	elseif name == "sys" then
		return sys
	elseif name == "host" then
		return host(layer.question)
	elseif name == "params" then
		return function(declared)
			layer.declared = native.load("lunette.params")(layer, declared, where(1))
			return layer.declared
		end
	elseif class == "mount" then
		return function(value, second)
			-- With room for what merge.lua and mounts.lua add.
			return make(class, { op = name, value, second, where = where(1), path = "", target = "",
				layer = false })
		end
	elseif class then
		return function(value, second)
			return make(class, { op = name, value, second, where = where(1) })
		end
	elseif libraries[name] then
		local copy = {}
		for key, value in next, libraries[name] do
			copy[key] = value
		end
		copy.dump = nil
		return copy
	end
	local value = plain[name]
	if value == nil then
		native.load("lunette.explain").unknown(where(1), "word", tostring(name), classes, plain,
			libraries)
	end
	return value
end

-- load() - runs the profile @name with the parameters @given: adds to @layer its text, name, the
-- table of its `profile` and that one's line. @from is where it is asked for.
return function(layer, name, from)
	local text, shown = native.ask("profile", name)
	if not text then
		native.load("lunette.explain").profile(from, name, shown)
	end
	local world = setmetatable({}, { __index = function(world, key)
		local value = word(layer, key)
		world[key] = value
		return value
	end })
	layer.text, layer.name, layer.lines = text, shown or name, {}
	layer.where = layer.name .. ":1"
	local chunk, message = native.compile(text, layer.name, world)
	if not chunk then
		if text:byte() == 27 then
			fail(layer.name, "", "is compiled Lua, and a profile is text")
		end
		error(message, 0)
	end
	local result = chunk()
	if tag(result) ~= "profile" or type(result[1]) ~= "table" then
		fail(layer.where, "profile", "the file must return profile { ... }")
	end
	layer.where = result.where ~= "" and result.where or layer.where
	layer.value = result[1]
	if next(layer.given) and not layer.declared then
		fail(from, next(layer.given), layer.name .. " takes no parameters")
	end
end
