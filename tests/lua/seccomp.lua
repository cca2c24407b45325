-- seccomp.lua - what the rules of a profile answer, by a reading of the plan's rules in Lua

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

local function plan_of(seccomp, more)
	local text = seccomp:find("return") and seccomp
		or "return profile { seccomp = {\n" .. seccomp .. "\n} }"
	local plan, err = front.plan(text, more)
	if not plan then
		tap.ok(false, seccomp, front.message(err))
		return "lunette-plan 1\n"
	end
	return plan
end

-- Under the rules of @seccomp the call gets @want.
local function answers(seccomp, want, name, arguments, more, entry)
	local plan = plan_of(seccomp, more)
	local shown = {}
	for index, value in ipairs(arguments or {}) do
		shown[index] = ("0x%x"):format(value)
	end
	local have = front.decide(plan, name, arguments, entry)
	tap.ok(have == want, ("%s(%s) is %s under %s"):format(name, table.concat(shown, ", "), want,
		seccomp:gsub("%s+", " "):sub(1, 80)), "have: " .. have,
		table.concat(front.lines(plan, "seccomp.rule"), "\n"))
end

-- Defaults, order of actions
answers("", "allow", "read")
answers("", "errno:38", 1000)
answers("default = kill", "errno:38", 1000)
answers('default = kill, newer = "default"', "kill", 1000)
answers('newer = errno "EPERM"', "errno:1", 1000)
answers('default = errno "EPERM", allow { "read" }', "allow", "read")
answers('default = errno "EPERM", allow { "read" }', "errno:1", "write")
answers('kill { "read" }, allow { "@basic-io" }', "kill", "read")
answers('allow { "@basic-io" }, kill { "read" }', "allow", "read")
answers('default = trap(3), trace(7) { "read" }, log { "write" }, kill_thread { "close" }',
	"trace:7", "read")
answers('default = trap(3)', "trap:3", "read")
answers('kill_thread { "close" }', "kill_thread", "close")
answers('errno(4095) { "close" }', "errno:4095", "close")
answers('default = kill, allow { optional "socketcall", "read" }', "allow", "read")
tap.is(#front.lines(plan_of('allow { "@file-system", "@process" }'), "seccomp.rule"), 1,
	"groups under one action are one rule")
tap.is(#front.lines(plan_of('allow { optional "socketcall" }'), "seccomp.rule"), 0,
	"a rule without calls is not there")
tap.is(front.lines(plan_of(""), "seccomp.foreign")[1], "kill", "other architectures are killed")
local none = front.plan("return profile {}")
tap.is(#front.lines(none, "seccomp.default"), 0, "no section, no filter")

-- Matchers. The argument's width and sign are those of the kernel.
local function matches(arguments, values)
	local plan = plan_of("default = kill, allow { sys." .. arguments .. " }")
	local name = arguments:match("^[%w_]+")
	for _, case in ipairs(values) do
		local have = front.decide(plan, name, { table.unpack(case, 2) }) == "allow"
		local shown = {}
		for index = 2, #case do
			shown[#shown + 1] = ("0x%x"):format(case[index])
		end
		tap.is(have, case[1], ("sys.%s %s (%s)"):format(arguments, case[1] and "takes" or "refuses",
			table.concat(shown, ", ")))
	end
end

matches('socket { domain = "unix" }', { { true, 1 }, { false, 2 }, { true, 0x100000001 } })
matches('socket { domain = one_of { "unix", "inet", "inet6" } }',
	{ { true, 1 }, { true, 2 }, { false, 3 }, { false, 9 }, { true, 10 }, { false, 11 } })
matches('socket { domain = no(one_of { "unix", "inet" }) }', { { false, 1 }, { false, 2 }, { true,
	3 } })
matches('socket { [1] = 1, [2] = has "cloexec" }',
	{ { true, 1, 0x80001 }, { false, 1, 1 }, { false, 2, 0x80001 } })
matches('openat { flags = "creat | excl" }', { { true, 0, 0, 0xc0 }, { false, 0, 0, 0x40 } })
matches('openat { flags = "CREAT,EXCL" }', { { true, 0, 0, 0xc0 }, { false, 0, 0, 0x1c0 } })
matches('openat { flags = has "creat|excl" }',
	{ { true, 0, 0, 0xc0 }, { false, 0, 0, 0x40 }, { true, 0, 0, 0x1c0 } })
matches('openat { flags = without "creat|excl" }',
	{ { true, 0, 0, 0 }, { false, 0, 0, 0x40 }, { true, 0, 0, 0x100 } })
matches('openat { flags = only "creat|excl" }',
	{ { true, 0, 0, 0 }, { true, 0, 0, 0x40 }, { false, 0, 0, 0x140 }, { true, 0, 0,
		0x100000000c0 } })
matches('openat { flags = masked("accmode", "wronly") }',
	{ { true, 0, 0, 1 }, { true, 0, 0, 0x41 }, { false, 0, 0, 2 } })
matches('openat { mode = le("0777") }', { { true, 0, 0, 0, 511 }, { false, 0, 0, 0, 512 },
	{ true, 0, 0, 0, 0x10000 } })
matches('chmod { mode = without "suid | sgid" }', { { true, 0, 493 }, { false, 0, 2048 },
	{ false, 0, 1024 }, { true, 0, 0x10000 } })
matches('chmod { mode = has "04000" }', { { true, 0, 2541 }, { false, 0, 4000 & ~2048 } })
matches('chmod { mode = has "4000" }', { { true, 0, 2048 }, { false, 0, 1024 } })
matches('mmap { prot = without "exec" }', { { true, 0, 0, 3 }, { false, 0, 0, 4 } })
matches('mmap { [3] = without "exec" }', { { true, 0, 0, 3 }, { false, 0, 0, 4 } })
matches('mmap { length = lt(4096) }', { { true, 0, 4095 }, { false, 0, 4096 }, { false, 0,
	0x100000001 },
	{ false, 0, -1 } })
matches('mmap { length = ge(4096) }', { { false, 0, 4095 }, { true, 0, 4096 }, { true, 0, -1 } })
matches('close { fd = ge(0) }', { { true, 0 }, { true, 0x7fffffff }, { false, 0x80000000 },
	{ false, 0xffffffff } })
matches('close { fd = lt(0) }', { { false, 0 }, { true, 0xffffffff } })
matches('close { fd = range(-2, 2) }', { { true, 0xfffffffe }, { false, 0xfffffffd }, { true, 0 },
	{ true, 2 }, { false, 3 }, { true, 0x500000000 } })
matches('close { fd = -1 }', { { true, 0xffffffff }, { false, 1 } })
matches('close { fd = ne(5) }', { { false, 5 }, { true, 6 } })
matches('close { fd = gt(5) }', { { false, 5 }, { true, 6 }, { false, 0x80000000 } })
matches('close { fd = all_of { gt(5), lt(9), no(7) } }',
	{ { false, 5 }, { true, 6 }, { false, 7 }, { true, 8 }, { false, 9 } })
matches('close { fd = any_of { 1, range(5, 6), ge(100) } }',
	{ { true, 1 }, { false, 2 }, { true, 6 }, { true, 200 }, { false, 99 } })
matches('lseek { offset = lt(0) }', { { true, 0, -1 }, { false, 0, 0 }, { false, 0, 0xffffffff } })
matches('close { fd = one_of { 3, 4, 5, 5, 9, -1 } }',
	{ { true, 3 }, { true, 4 }, { true, 5 }, { false, 6 }, { true, 9 }, { true, 0xffffffff } })
matches('close { }', { { true, 5 } })
tap.is(front.lines(plan_of("allow { sys.close { fd = one_of { 5, 3, 4 } } }"), "seccomp.rule")[1],
	"x86_64 allow 3 a0.4&0xffffffff=0x3-0x5", "neighbours become one range")

-- Alternatives
answers('default = kill, allow { sys.close { fd = 1 }, sys.close { fd = 5 } }', "allow", "close",
	{ 5 })
answers('default = kill, allow { sys.close { fd = 1 }, sys.close { fd = 5 } }', "kill", "close",
	{ 4 })

-- clone's flags answer clone3 with ENOSYS
answers('allow { sys.clone { flags = without "newuser" } }', "errno:38", "clone3")
answers('allow { sys.clone { tls = 0 } }', "allow", "clone3")

-- Guards
local guards = 'guard = { "no-new-userns", "no-tty-injection", "no-io-uring", "no-keyring", '
	.. '"no-vsock", '
	.. '"no-write-execute", "no-ptrace", "no-bpf-perf", "no-userfaultfd", '
	.. '"no-setuid-files", "no-odd-sockets" }'
for _, case in ipairs {
	{ "errno:1", "clone", 0x10000000 }, { "allow", "clone", 0x11 }, { "errno:1", "clone",
		0x110000000 },
	{ "errno:1", "unshare", 0x10000000 }, { "allow", "unshare", 0x20000 }, { "errno:1", "setns",
		3 },
	{ "errno:38", "clone3" }, { "errno:1", "ioctl", 0, 0x5412 }, { "errno:1", "ioctl", 0, 0x541c },
	{ "errno:1", "ioctl", 0, 0x100005412 }, { "allow", "ioctl", 0, 0x5413 },
	{ "errno:1", "ioctl", 0, 0x540c }, { "errno:1", "ioctl", 0, 0x5423 },
	{ "allow", "ioctl", 0, 0x5424 },
	{ "errno:38", "io_uring_setup" }, { "errno:38", "io_uring_register" }, { "errno:38", "keyctl" },
	{ "errno:97", "socket", 40 }, { "allow", "socket", 1 }, { "errno:1", "mmap", 0, 0, 6 },
	{ "allow", "mmap", 0, 0, 5 }, { "errno:1", "mprotect", 0, 0, 4 }, { "allow", "mprotect", 0, 0,
		3 },
	{ "errno:1", "shmat", 0, 0, 0x8000 }, { "errno:1", "personality", 0x400000 },
	{ "allow", "personality", 0xffffffff }, { "errno:1", "ptrace" }, { "errno:1",
		"process_vm_writev" },
	{ "errno:1", "bpf" }, { "errno:1", "perf_event_open" }, { "errno:1", "userfaultfd" },
	{ "errno:1", "chmod", 0, 2541 }, { "allow", "chmod", 0, 493 }, { "errno:1", "fchmod", 0, 1024 },
	{ "errno:1", "fchmodat", 0, 0, 2048 }, { "errno:1", "mknodat", 0, 0, 2048 },
	{ "errno:1", "openat", 0, 0, 64, 2048 }, { "allow", "openat", 0, 0, 0, 2048 },
	{ "errno:1", "openat", 0, 0, 4194304, 2048 }, { "allow", "openat", 0, 0, 64, 420 },
	{ "errno:38", "openat2" }, { "errno:97", "socket", 38 }, { "allow", "socket", 2 },
	{ "allow", "socket", 10 }, { "allow", "socket", 16 }, { "errno:97", "socket", 17 },
	{ "allow", "socketpair", 1 }, { "errno:97", "socketpair", 30 },
	{ "allow", "read" },
} do
	answers(guards .. ", allow { '@process', '@debug', '@memory', 'ioctl', 'bpf' }", case[1],
		case[2],
		{ table.unpack(case, 3) })
end
for _, case in ipairs { { "errno:38", "socketcall", 1 }, { "allow", "socketcall", 2 },
	{ "errno:1", "mmap", 0 }, { "errno:1", "mmap2", 0, 0, 6 }, { "errno:1", "ipc", 21, 0, 0x8000 },
	{ "allow", "ipc", 21, 0, 0 } } do
	answers(guards .. ', arch = { "i386" }', case[1], case[2], { table.unpack(case, 3) }, nil,
		"i386")
end

-- Layers: guards of the parents first, then the child's rules, then the parents'
local family = { host = { profiles = {
	old = [[return profile { seccomp = { default = errno "EPERM", guard = { "no-ptrace",
		kill { "bpf" } },
		allow { "read", "write", "@process" } } }]],
} } }
local function child(text)
	return 'return profile { extends = "old", seccomp = {' .. text .. "} }"
end
answers(child 'allow { "ptrace", "bpf" }', "errno:1", "ptrace", nil, family)
answers(child 'allow { "ptrace", "bpf" }', "kill", "bpf", nil, family)
answers(child 'kill { "read" }', "kill", "read", nil, family)
answers(child 'kill { "read" }', "allow", "write", nil, family)
answers(child 'default = kill', "kill", "open", nil, family)
answers(child 'remove { "no-ptrace" }, allow { "ptrace" }', "allow", "ptrace", nil, family)
answers(child 'remove { "bpf", "read" }, allow { "bpf" }', "allow", "bpf", nil, family)
answers(child 'remove { "bpf", "read" }', "errno:1", "read", nil, family)
answers(child 'remove "@process"', "errno:1", "execve", nil, family)
answers(child 'remove { "execve" }', "errno:1", "execve", nil, family)
answers(child 'remove { "execve" }', "allow", "wait4", nil, family)
answers(child 'remove { "no-ptrace" }, guard = { "no-bpf-perf" }', "kill", "bpf", nil, family)
answers('return profile { extends = "old", seccomp = replace { default = allow } }', "allow",
	"open", nil,
	family)
answers('return profile { extends = "old", seccomp = replace { default = allow } }', "errno:1",
	"ptrace",
	nil, family)
answers('return profile { extends = "old", seccomp = { default = none } }', "allow", "open", nil,
	family)

-- Other entries
local both = plan_of('default = errno "EPERM", arch = { "i386", "x32" }, '
	.. 'allow { "read", "socketcall" }')
tap.is(front.decide(both, "socketcall", nil, "i386"), "allow", "an entry has its own numbers")
tap.is(front.lines(both, "seccomp.known")[2]:match("^%S+"), "i386",
	"entries in order, the native first")
local wide = plan_of('arch = { "i386" }, kill { sys.kill { pid = -1 } }')
tap.is(front.decide(wide, "kill", { 0xffffffff }, "i386"), "kill", "i386 compares 32 bits")

local hidden = 'default = errno "EPERM", arch = { "i386" }, '
	.. 'allow { "socketcall", sys.socket { domain = "unix" }, sys.shmat { shmflg = 0 } }'
answers(hidden, "errno:38", "socketcall", { 1 }, nil, "i386")
answers(hidden, "errno:38", "ipc", { 21 }, nil, "i386")
answers(hidden, "allow", "socket", { 1 }, nil, "i386")

-- A call's name stands for i386's other way to it, whatever the action, and for no other call.
local function i386(seccomp, want, name, ...)
	answers('arch = { "i386" }, ' .. seccomp, want, name, { ... }, nil, "i386")
end
local closed = 'errno "EPERM" { "socket", "shmget" }'
i386(closed, "errno:1", "socket")
i386(closed, "errno:1", "socketcall", 1)
i386(closed, "allow", "socketcall", 2)
i386(closed, "errno:1", "ipc", 23)
i386(closed, "errno:1", "ipc", 0x10017)
i386(closed, "allow", "ipc", 24)
i386('kill { sys.socket {} }', "kill", "socketcall", 1)
i386('default = kill, allow { "@untrusted" }', "allow", "socketcall", 3)
i386('default = kill, allow { "@untrusted" }', "kill", "socketcall", 1)
i386('default = kill, errno(5) { "@network-io" }', "errno:5", "socketcall", 1)
i386('guard = { "no-odd-sockets" }', "errno:38", "socketcall", 1)
i386('guard = { "no-odd-sockets" }', "errno:38", "socketcall", 8)
i386('guard = { kill { "socket" } }', "kill", "socketcall", 1)
tap.is(#front.lines(plan_of('arch = { "i386" }, allow { "socketcall", "bind" }'),
	"seccomp.rule"), 2, "where the other way is named itself, no rule is added")

tap.done()
