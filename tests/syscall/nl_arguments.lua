-- nl_arguments.lua - wrong arguments to S.nl are errors at the caller's line
--
-- Every function, method and attribute of every spec is given what it cannot take. What would be
-- sent goes to a socket that is none, or changes a network namespace that ends with the test. An
-- error that is no text, or that points into the library, is a failure.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local S = require "syscall"
local nl, specs = S.nl, S.nl.specs

if not S.unshare "newuser, newnet" then
	tap.skip("wrong arguments to S.nl", "host: no user namespaces")
	return tap.done()
end

local nowhere <close> = assert(S.open("/dev/null", "rdwr"))
local deaf = nl.on(nowhere)
local own = debug.getinfo(require("syscall.errors").raise, "S").source:gsub("^[@=]", "")
	:gsub("errors%.?l?u?a?$", "")
local inside = {} -- errors that point into the library
local raised, called = 0, 0

local function try(name, f, ...)
	local done, message = pcall(f, ...)
	called = called + 1
	if not done then
		raised = raised + 1
		if type(message) ~= "string" or message:sub(1, #own) == own then
			inside[#inside + 1] = ("%s: %s"):format(name, tostring(message))
		end
	end
end

local function verdict(name)
	tap.ok(#inside == 0 and raised > 0, ("%s: %d calls, %d errors at this line"):format(name, called,
		raised), table.unpack(inside, 1, math.min(#inside, 20)))
	inside, raised, called = {}, 0, 0
end

local function nothing() end

local wrong = {
	1.5, -1, 1 << 40, 1 << 62, "", "x", true, nothing, {}, { 1 }, { "x" }, { x = 1 }, { {} },
	{ { 1 } }, { { 1, 2 } }, { { weight = "x" } }, { { weight = 1 << 40 } }, { { flags = "x" } },
	{ { ifindex = {} } }, { { attributes = 1 } }, { { dev = {} } }, { { via = 1 } }, { flags = {} },
	{ kind = {} }, { name = {} }, { header = 1 }, { header = { flags = "x" } }, S.t.buffer(8),
	S.t.in_addr(), io.stdout,
}

local function attributes_of(spec)
	for name in pairs(spec) do
		if name ~= "family" and name ~= "plain" then
			for _, value in ipairs(wrong) do
				try(name, nl.attributes.build, spec, { [name] = value })
			end
		end
	end
end

for _, group in ipairs { specs, specs.kinds, specs.queues, specs.expressions, specs.nft } do
	for _, spec in pairs(group) do
		if type(spec) == "table" and spec.family then
			attributes_of(spec)
		end
	end
end
verdict "attributes"

-- Where they stand in the tables that functions take.
local tables = {
	newlink = { { kind = "veth" }, "peer kind data netns link master index up flags mtu name" },
	create_interface = { { type = "vlan" }, "type link id protocol name netns" },
	newroute = { { dst = "10.0.0.0/8" },
		"multipath via dst dev src table metric scope metrics family" },
	delroute = { { dst = "10.0.0.0/8" }, "multipath via dst dev src table metric scope type" },
	newrule = { {}, "from to table action family iif priority" },
}
for name, row in pairs(tables) do
	for key in row[2]:gmatch "%S+" do
		for _, value in ipairs(wrong) do
			local values = { [key] = value }
			for k, v in pairs(row[1]) do
				values[k] = values[k] or v
			end
			try(name .. "." .. key, deaf[name], values)
		end
	end
end
for _, value in ipairs(wrong) do
	for key in ("dst lladdr state flags family"):gmatch "%S+" do
		try("newneigh." .. key, deaf.newneigh, 1, { dst = "10.0.0.1", [key] = value })
	end
	for key in ("kind options parent handle"):gmatch "%S+" do
		try("newqdisc." .. key, deaf.newqdisc, 1, { kind = "htb", [key] = value })
	end
	for key in ("scope peer prefixlen label flags"):gmatch "%S+" do
		try("newaddr." .. key, deaf.newaddr, 1, "10.0.0.1/8", { [key] = value })
	end
	try("newaddr", deaf.newaddr, 1, "inet", 8, 0, "address", value)
	try("newlink", deaf.newlink, 0, 0, 0, 0, value, 1)
end
verdict "tables"

-- All that is there, by place.
local names = {}
for name, f in pairs(nl) do
	names[#names + 1] = type(f) == "function" and name or nil
end
table.sort(names)
for _, name in ipairs(names) do
	try(name, deaf[name])
	for _, value in ipairs(wrong) do
		local f = deaf[name]
		try(name, f, value)
		try(name, f, 1, value)
		try(name, f, nil, value)
		try(name, f, 1, 0, value)
		try(name, f, nil, 1, 0, value)
		try(name, f, 1, 1, 1, 0, value, value)
	end
end
verdict "functions"

for _, value in ipairs(wrong) do
	local batch = nl.nftables()
	for name, method in pairs(getmetatable(batch).__index) do
		if name ~= "commit" then
			try("nftables." .. name, method, value)
			for place = 1, 5 do
				local arguments = { "inet", "t", "c", {}, {} }
				arguments[place] = value
				try("nftables." .. name, method, batch, table.unpack(arguments, 1, 5))
			end
		end
	end
	for key in ("hook policy priority type flags"):gmatch "%S+" do
		try("chain." .. key, batch.chain, batch, "inet", "t", "c", { hook = "input", [key] = value })
		try("set." .. key, batch.set, batch, "inet", "t", "s", { [key] = value }, { value })
	end
	for _, one in ipairs { { "meta", value }, { value, {} }, { "cmp", { data = value } },
		{ "immediate", { verdict = value } }, { "bitwise", { mask = value } } } do
		try("rule", batch.rule, batch, "inet", "t", "c", { one })
	end
end
verdict "nftables"

local lo, routes = assert(nl.interface(1)), assert(nl.routes())
for _, value in ipairs(wrong) do
	for name in ([[setflags setmtu setmac setmaster address deladdress move_ns rename]])
		:gmatch "%S+" do
		try(name, lo[name], lo, value)
	end
	try("match", routes.match, routes, value)
	try("monitor", nl.monitor, value)
	try("tun", nl.tun, value, value)
end
verdict "methods"
tap.done()
