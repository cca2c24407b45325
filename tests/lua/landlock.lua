-- landlock.lua - what a profile asks of each ABI of Landlock, and where the table of rights is from

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

local section = [[{ ro = { "/usr" }, rw = { "/tmp" }, bind = { 80 }, connect = { 443 },
	scope = { "signal", "abstract_unix" } }]]
local apart = [[{ ro = { "/usr" }, exec = { "/usr/bin" }, rw = { "/tmp" } }]]

-- By ABI, 0 being a kernel without: the rights that are handled, and which lists it cannot give.
local abis = {
	[0] = { nil, nil, nil, "bind connect ro rw scope" },
	{ 0x1fff, nil, nil, "bind connect ro rw scope" },
	{ 0x3fff, nil, nil, "bind connect ro rw scope" },
	{ 0x7fff, nil, nil, "bind connect scope" },
	{ 0x7fff, 3, nil, "scope" },
	{ 0xffff, 3, nil, "scope" },
	{ 0xffff, 3, 3, "" },
	{ 0xffff, 3, 3, "" },
	{ 0xffff, 3, 3, "" },
	{ 0x1ffff, 3, 3, "" },
	{ 0x1ffff, 3, 3, "" },
	{ 0x1ffff, 3, 3, "" }, -- one that the table does not know yet
}

local function plan(text, abi)
	return front.plan("return profile { landlock = " .. text .. " }",
		{ host = { features = { landlock = abi > 0 and tostring(abi) or nil } } })
end

local function lines(text, key)
	return table.concat(front.lines(text, key), ", ")
end

local function hex(value)
	return value and ("0x%x"):format(value) or ""
end

for abi = 0, #abis do
	local fs, net, scope, lacks = table.unpack(abis[abi], 1, 4)
	local text = assert(plan("prefer(" .. section .. ")", abi))
	local skipped = {}
	for _, line in ipairs(front.lines(text, "skipped")) do
		skipped[#skipped + 1] = line:match("^landlock%.(%a+) ")
	end
	tap.is(lines(text, "landlock.fs"), hex(fs), "ABI " .. abi .. ": files")
	tap.is(lines(text, "landlock.net"), hex(net), "ABI " .. abi .. ": ports")
	tap.is(lines(text, "landlock.scope"), hex(scope), "ABI " .. abi .. ": scopes")
	-- Execution, reading files and directories; all of it. Moving between directories (refer, bit
	-- 13) and truncation (14) belong to writing wherever the kernel has them.
	tap.is(lines(text, "landlock.path"), fs and "0xd /usr optional, " .. hex(fs) .. " /tmp optional"
		or "", "ABI " .. abi .. ": paths")
	tap.is(lines(text, "landlock.port"), net and "0x1 80, 0x2 443" or "", "ABI " .. abi .. ": rules")
	tap.is(table.concat(skipped, " "), lacks, "ABI " .. abi .. ": left out and reported")
	tap.is(#front.lines(text, "landlock.prefer"), fs and 1 or 0, "ABI " .. abi .. ": prefers")

	-- Without prefer each of these is an error that names the list, and nothing is left out.
	local strict, err = plan(section, abi)
	local first = ({ [0] = "ro", "ro", "ro", "bind", "scope", "scope" })[abi]
	local want = abi == 0 and "landlock.ro: this kernel has no Landlock"
		or first and ("landlock.%s: needs Landlock ABI %d, this kernel has %d"):format(first,
			({ ro = 3, bind = 4, scope = 6 })[first], abi)
	tap.ok(want and not strict and front.message(err):find(want, 1, true)
		or not want and strict and #front.lines(strict, "skipped") == 0,
		"ABI " .. abi .. " without prefer: " .. (want or "a plan"), strict or front.message(err))

	-- With a list `exec` the other two give no execution.
	text = assert(plan("prefer(" .. apart .. ")", abi))
	tap.is(lines(text, "landlock.path"), fs and ("0xc /usr optional, 0x%x /tmp optional, "
		.. "0xd /usr/bin optional"):format(fs & ~1) or "", "ABI " .. abi .. ": execution apart")
end

-- The table beside the machine's header, as far as that goes.
local header = io.open("/usr/include/linux/landlock.h")
local known, names = header and header:read("a") or "", { fs = "ACCESS_FS_", net = "ACCESS_NET_",
	scope = "SCOPE_" }
local seen = 0
for line in io.lines(root .. "/policy/tables/landlock.tsv") do
	local kind, name, bit, abi, source = line:match("^(%l+)\t([%l_]+)\t(%d+)\t(%d+)\t%S+\t(.+)$")
	if kind then
		tap.ok(source:find("^landlock%.%l+ of %d%.%d+$"), ("%s, ABI %s, is from %s"):format(name, abi,
			source))
		local defined = known:match("#define LANDLOCK_" .. names[kind] .. name:upper()
			.. "[%u_]*%s+%(1ULL << (%d+)%)")
		if defined then
			seen = seen + 1
			tap.is(defined, bit, name .. " in linux/landlock.h")
		end
	end
end
tap.ok(seen >= 13 or not header, "the header was read: " .. seen .. " rights")

tap.done()
