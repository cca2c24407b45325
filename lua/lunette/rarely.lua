-- rarely.lua - the types of keys.lua that few profiles use, and what they become in the plan

local native = ...
local base = native.load("lunette.base")
local keys = native.load("lunette.keys")
local tag = base.tag
local ipairs, next, tointeger, type = ipairs, next, math.tointeger, type

local M = {}

for _, name in ipairs { "cgroup", "cpus", "cpuset", "hugetlb", "io", "weight" } do
	M[name] = function(value)
		return native.load("lunette.cgroup")[name](value)
	end
end

-- offset() - seconds, also negative, whole
function M.offset(value, _, _, preferred)
	local seconds
	if type(value) == "string" then
		local sign, rest = value:match("^(-?)(.*)$")
		local milliseconds = base.time(rest)
		seconds = milliseconds and milliseconds % 1000 == 0
			and (sign == "-" and -milliseconds or milliseconds) // 1000
	else
		seconds = type(value) == "number" and tointeger(value)
	end
	if not seconds then
		return nil, 'must be a whole number of seconds, or text such as "-1h"'
	elseif preferred and not native.ask("feature", "time") then
		return nil
	end
	return seconds
end

function M.outer(value)
	local ids = { uid = value, gid = value }
	if type(value) == "table" and not tag(value) then
		ids = { uid = value.uid or 65534, gid = value.gid or 65534 }
		for key in next, value do
			if key ~= "uid" and key ~= "gid" then
				return nil, "must be an id, or { uid = N, gid = N }"
			end
		end
	end
	for _, name in ipairs { "uid", "gid" } do
		local id = keys.id(ids[name])
		if not id then
			return nil, "must be an id, or { uid = N, gid = N }"
		end
		ids[name] = id
	end
	return ids
end

local function overlap(ranges, at)
	for index, one in ipairs(ranges) do
		for other = 1, index - 1 do
			local two = ranges[other]
			if one[at] < two[at] + two[3] and two[at] < one[at] + one[3] then
				return true
			end
		end
	end
end

local function ranges(list)
	if type(list) ~= "table" or tag(list) or #list == 0 or #list > 32 then
		return nil, "must be a list of 1 to 32 ranges { INSIDE, OUTSIDE, COUNT }"
	end
	local out = {}
	for index, range in ipairs(list) do
		if type(range) ~= "table" or #range ~= 3 then
			return nil, "must be a list of ranges { INSIDE, OUTSIDE, COUNT }"
		end
		local one = {}
		for place = 1, 3 do
			one[place] = keys.id(range[place])
			if not one[place] then
				return nil, "a range holds three whole numbers from 0 to 4294967294"
			end
		end
		if one[3] == 0 or one[1] + one[3] > 4294967295 or one[2] + one[3] > 4294967295 then
			return nil, "a range's COUNT is above 0 and its last id at most 4294967294"
		end
		out[index] = one
	end
	if overlap(out, 1) or overlap(out, 2) then
		return nil, "two ranges overlap"
	end
	return out
end

-- map() - { uid = RANGES, gid = RANGES }
function M.map(value, _, _, preferred)
	if type(value) ~= "table" or tag(value) then
		return nil, "must be { uid = { { INSIDE, OUTSIDE, COUNT } }, gid = { ... } }"
	end
	local out = {}
	for key, list in next, value do
		if key ~= "uid" and key ~= "gid" then
			return nil, "must be { uid = { { INSIDE, OUTSIDE, COUNT } }, gid = { ... } }"
		end
		local wrong
		out[key], wrong = ranges(list)
		if not out[key] then
			return nil, wrong
		end
	end
	if not out.uid or not out.gid then
		return nil, "must have ranges of both, uid and gid"
	elseif preferred and not native.ask("feature", "subids") then
		return nil
	end
	return out
end

function M.put_map(map, put)
	for _, id in ipairs { "gid", "uid" } do
		for _, range in ipairs(map[id] or {}) do
			put("user.map." .. id, table.concat(range, " "))
		end
	end
end

-- The capability's bit; names in any case, with or without CAP_.
function M.capability(value)
	local bit = type(value) == "string" and native.capability(value)
	if not bit then
		local near = type(value) == "string" and native.nearest("capability", value)
		return nil, "there is no capability " .. tostring(value),
			near and 'did you mean "' .. near .. '"?'
	end
	return bit
end

local securebits = {
	noroot = 1, noroot_locked = 2, no_setuid_fixup = 4, no_setuid_fixup_locked = 8,
	keep_caps = 16, keep_caps_locked = 32, no_cap_ambient_raise = 64,
	no_cap_ambient_raise_locked = 128,
}

function M.securebit(value)
	local bit = type(value) == "string" and securebits[value:lower()]
	if not bit then
		local names = {}
		for name in next, securebits do
			names[#names + 1] = name
		end
		table.sort(names)
		return nil, "must be one of " .. table.concat(names, ", ")
	end
	return bit
end

function M.put_caps(state, put)
	local sets = {}
	for _, name in ipairs { "keep", "ambient", "securebits" } do
		local set = 0
		for _, bit in ipairs(state.values["caps." .. name] or {}) do
			set = set | (name == "securebits" and bit or 1 << bit)
		end
		sets[name] = set
	end
	if sets.ambient & ~sets.keep ~= 0 then
		state.wrong(state.owner["caps.ambient"], "caps.ambient",
			"holds a capability that caps.keep does not")
	end
	for name, set in next, sets do
		if set ~= 0 then
			put("caps." .. name, ("0x%x"):format(set))
		end
	end
end

function M.entry(value)
	if type(value) ~= "string" or not native.known(value) then
		return nil, 'must be one of "x86_64", "i386", "x32", "aarch64", "riscv64"'
	end
	return value
end

function M.fd(value)
	local fd = type(value) == "number" and tointeger(value)
	if not fd or fd < 3 or fd > 1048575 then
		return nil, "must be a file descriptor above 2"
	end
	return fd
end

function M.name(value)
	if type(value) ~= "string" or not value:find("^%w[%w._-]*$") or #value > 64 then
		return nil, "must be 1 to 64 letters, digits, dots, hyphens and underscores"
	end
	return value
end

-- denial(), excess() - false stands for the usual way, which has no line in the plan
function M.denial(value)
	if value ~= "report" and value ~= "silent" then
		return nil, 'must be "report" or "silent"'
	end
	return value == "report" and value
end

function M.excess(value)
	if value ~= "stop" and value ~= "truncate" then
		return nil, 'must be "stop" or "truncate"'
	end
	return value == "truncate" and value
end

-- stream() - a standard file: outputs may be captured, standard error may join standard output
function M.stream(value, _, path)
	local words = { "inherit", "null" }
	if path ~= "process.stdin" then
		words[#words + 1] = "capture"
	end
	if path == "process.stderr" then
		words[#words + 1] = "stdout"
	end
	for _, word in ipairs(words) do
		if value == word then
			return value
		end
	end
	local file = base.path(value)
	return file, not file and ('must be "%s" or an absolute path')
		:format(table.concat(words, '", "')) or nil
end

-- tty() - false when the program has a session of its own and no terminal
function M.tty(value)
	if value == "inherit" or value == "auto" or value == false then
		return value
	elseif value == true then
		return "new"
	end
	return nil, 'must be "inherit", "auto", true or false'
end

-- join "/run/netns/NAME", join "fd:5", join "pid:123", join "sandbox:NAME"
local function join(value, layer)
	local where = value[1]
	if type(where) ~= "string" or where:find("\0", 1, true)
		or not (base.path(where) or where:find("^fd:%d+$") or where:find("^pid:%d+$")
			or M.name(where:match("^sandbox:(.*)"))) then
		base.fail(value.where, layer.option or "net.join",
			(layer.option and "behind join: there " or "")
				.. 'must be a path such as "/run/netns/lab", "fd:N", "pid:N" or "sandbox:NAME"')
	end
	return { join = where:byte() == 47 and base.path(where) or where }
end

function M.net(value, layer, path, preferred)
	if tag(value) ~= "net" then
		return nil, 'must be "none", "host", veth { ... } or join "..."'
	elseif value.op == "veth" then
		return native.load("lunette.veth").check(value, preferred, layer)
	elseif value.op == "join" then
		return join(value, layer)
	end
	local state = native.load("lunette.merge")
	native.load("lunette.unbuilt")(state, layer, path, preferred, value.op, value.where)
	return nil, nil, nil, true
end

-- put_net() - the lines of a network that is more than a word
function M.put_net(net, state, put, where)
	if net.join then
		put("net", "join", where)
		put("net.join", native.token(net.join))
		return
	end
	put("net", "veth", where)
	native.load("lunette.veth").lower(net, state, put, where)
end

function M.publish(value)
	return native.load("lunette.publish").check(value)
end

-- need() - "landlock", "landlock >= 4", "kernel >= 6.6"
function M.need(value)
	if type(value) ~= "string" or not value:find("^[%w._]+$")
		and not value:find("^[%w._]+%s*>=%s*[%d.]+$") then
		return nil, 'must be a feature: "cgroup.memory", "landlock >= 4", "kernel >= 6.6"'
	end
	return value
end

local function below(have, wanted)
	local next_part = have:gmatch("%d+")
	for part in wanted:gmatch("%d+") do
		local has = tonumber(next_part() or 0)
		if has ~= tonumber(part) then
			return has < tonumber(part)
		end
	end
	return false
end

-- What launcher/eval/probe.c can try, beside cgroup.CONTROLLER
M.features = { "userns", "landlock", "kernel", "overlay", "idmap", "subids", "time", "net.veth",
	"net.nat", "net.rate", "net.delay" }

local function is_feature(name)
	for _, feature in ipairs(M.features) do
		if name == feature then
			return true
		end
	end
	return name:find("^cgroup%.")
end

function M.check_need(state, need)
	local name, wanted = need:match("^([%w._]+)%s*>?=?%s*([%d.]*)$")
	local have = native.ask("feature", name)
	if not have and not is_feature(name) then
		local near = native.closest(name, M.features)
		state.wrong(state.owner.needs, "needs", ('there is no feature "%s"'):format(name),
			near and 'did you mean "' .. near .. '"?'
				or "there are cgroup.CONTROLLER, " .. table.concat(M.features, ", "))
	elseif not have or wanted ~= "" and below(have, wanted) then
		state.wrong(state.owner.needs, "needs", ('this host has no "%s"'):format(need)
			.. (have and " but " .. name .. " " .. have or ""), "see `lunette doctor`")
	end
end

return M
