-- errors.lua - each wrong profile or option gets one error that names place, key and remedy

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

-- A profile with @body, on line 1 and 2.
local function wrong(body, want, more)
	local text = body:find("return") and body or "return profile {\n" .. body .. "\n}"
	local plan, err = front.plan(text, more)
	local have = plan and "a plan" or front.message(err)
	tap.ok(have:find(want, 1, true), want, "profile: " .. body, "have: " .. have)
end

local function option(key, value, want)
	wrong("", want, { options = { { key = key, value = value } } })
end

-- Keys and types
wrong("hostnam = 'x'",
	'profile: test.lua:2: hostnam: there is no such key (did you mean "hostname"?)')
wrong("limits = { files = 1,\n walk = '1s' }",
	'test.lua:3: limits.walk: there is no such key (did you mean "wall"?)')
wrong("limits = { files = 'many' }",
	"test.lua:2: limits.files: must be a whole number, not below 0")
wrong("limits = { wall = '10 s' }", 'limits.wall: must be a time, such as "10s" or "500ms"')
wrong("limits = { fsize = '64X' }", 'limits.fsize: must be a size, such as "64M"')
wrong("limits = { fsize = -1 }", "limits.fsize: must be a size")
wrong("limits = { fsize = '999999999999G' }", "limits.fsize: must be a size")
wrong("limits = 5", "limits: must be a table (limits = { ... })")
wrong("hostname = 'a b'", "hostname: must be 1 to 64 letters")
wrong("hostname = 'a\\nb'", "hostname: must be 1 to 64 letters")
wrong("umask = 22", "umask: must be an octal number as text")
wrong("umask = '0999'", "umask: must be an octal number as text")
wrong("user = { uid = -1 }", "user.uid: must be a whole number from 0 to 4294967294")
wrong("user = { uid = 4294967295 }", "user.uid: must be a whole number from 0 to 4294967294")
wrong("user = { uid = 1.5 }", "user.uid: must be a whole number")
wrong("user = { groups = 'drop' }", 'user.groups: must be a list of ids, or "keep"')
wrong("user = { map = { gid = { { 0, 1000, 0 } } } }", "user.map: a range's COUNT is above 0")
wrong("user = { map = { uid = { { 0, 1, 10 }, { 5, 100, 1 } } } }", "user.map: two ranges overlap")
wrong("umask = '1777'", "umask: must be an octal number as text")
wrong("user = { map = { uid = { { 0, 1, 2 } } } }",
	"user.map: must have ranges of both, uid and gid")
wrong("namespaces = { 'user' }, mounts = { tmpfs '/' }", 'mounts: needs the namespace "mount"')
wrong("namespaces = { 'user' }, process = { init = true }",
	'process.init: needs the namespace "pid"')
wrong("mounts = { tmpfs { '/t', size = 0 } }", "mounts[1].size: must be above 0")
wrong("net = veth { address = '::ffff:1.2.3.4/64' }",
	"net.veth.address: must be an address with its")
wrong("cwd = 'tmp'", 'cwd: must be an absolute path: "tmp" is not')
wrong("cwd = '/a/../b'", 'cwd: must not hold "..": "/a/../b"')
wrong("env = { keep = { 'A=B' } }", "env.keep[1]: must be the name of an environment variable")
wrong("env = { keep = 'TERM' }", "env.keep: must be a table")
wrong("env = { set = { A = 5 } }", "env.set: A must be text without a NUL byte")
wrong("env = { keep = { 'A', nil, 'B' } }", "env.keep: the list has a hole")
wrong("namespaces = { 'user', 'mnt' }", 'namespaces[2]: must be one of "user", "mount"')
wrong("namespaces = { 'user' }, hostname = 'x'", 'hostname: needs the namespace "uts"')
wrong("namespaces = { 'user' }, time = { monotonic = 5 }", 'needs the namespace "time"')
wrong("caps = { keep = { 'net_admn' } }",
	'caps.keep[1]: there is no capability net_admn (did you mean "net_admin"?)')
wrong("caps = { ambient = { 'net_admin' } }",
	"caps.ambient: holds a capability that caps.keep does not")
wrong("process = { fds = { 2 } }", "process.fds[1]: must be a file descriptor above 2")
wrong("process = { stdin = 'nul' }", 'process.stdin: must be "inherit", "null" or an absolute path')
wrong("process = { init = false, die_with_parent = true }",
	"process.die_with_parent: needs process.init")
wrong("needs = { 'landlock >= 99' }", 'needs: this host has no "landlock >= 99" but landlock 7')
wrong("needs = { 'cgroup.memory' }", 'needs: this host has no "cgroup.memory"')
wrong("needs = { 'landlok >= 4' }",
	'needs: there is no feature "landlok" (did you mean "landlock"?)')
wrong("needs = { 'xyzzy' }",
	'needs: there is no feature "xyzzy" (there are cgroup.CONTROLLER, userns,')
wrong("seccomp = { arch = { 'arm' } }", 'seccomp.arch[1]: must be one of "x86_64", "i386", "x32"')
wrong("5", "test.lua:1: profile: has no items, only keys")
wrong("net = 'vth'", 'net: must be "none", "host", veth { ... } or join')

-- The file
wrong("return 5", "test.lua:1: profile: the file must return profile { ... }")
wrong("return profile {", "test.lua:1:")
wrong("error('refused')\nreturn profile {}", "test.lua:1: refused")
wrong("return profile { mounts = { tmfs '/tmp' } }",
	'test.lua:1: `tmfs`: a profile has no such name (did you mean "tmpfs"?)')
wrong("return profile { cwd = host.hoem }",
	'host.hoem: there is no such fact (did you mean "home"?)')
wrong("print(1) return profile {}", "`print`: a profile has no such name")
wrong("os.exit() return profile {}", "`os`: a profile has no such name")
wrong("getmetatable('').__index.rep = 1 return profile {}",
	"`getmetatable`: a profile has no such name")
wrong("return profile { doc = string.dump(error) }", "attempt to call a nil value (field 'dump')")

-- Mounts
wrong("mounts = { ro 'usr' }", 'test.lua:2: mounts[1]: must be an absolute path: "usr" is not')
wrong("mounts = { ro { '/usr', at = '/a/../b' } }", 'mounts[1].at: must not hold ".."')
wrong("mounts = { ro '/usr', '/tmp' }", 'mounts[2]: must be a mount: ro "/usr"')
wrong("mounts = { tmpfs { '/tmp', sise = '1M' } }",
	'mounts[1]: tmpfs has no attribute "sise" (did you mean "size"?)')
wrong("mounts = { tmpfs { '/tmp', size = '1X' } }", "mounts[1].size: must be a size")
wrong("mounts = { tmpfs { '/tmp', mode = 755 } }",
	"mounts[1].mode: must be an octal number as text")
wrong("mounts = { symlink '/bin' }", "mounts[1]: needs a place: symlink")
wrong("mounts = { same '/nowhere' }",
	'mounts[1]: the host has no /nowhere (same { "/nowhere", optional = true } does without)')
wrong("mounts = { file '/etc/x' }", "mounts[1].text: must be given")
wrong("mounts = { remove '/x' }", "mounts[1]: there is no mount to remove at /x")
wrong("mounts = { overlay { '/a', at = '/b', upper = '/c' } }", "mounts[1].work: must be given")
wrong("mounts = { ro { '/usr', on_symlink = 'follow' } }",
	'on_symlink: must be "refuse", "resolve"')
wrong("mounts = { replace { ro '/usr' } }", "mounts[1]: must be a mount")
wrong("mounts = { ro { '/usr', '/bin' } }", "mounts[1]: ro takes one path")

-- Seccomp
wrong("seccomp = { allow { 'raed' } }",
	'test.lua:2: seccomp[1]: there is no system call "raed" (did you mean "read"?)')
wrong("seccomp = { allow { '@file-sistem' } }", '"@file-sistem" (did you mean "@file-system"?)')
wrong("seccomp = { allow { 'socketcall' } }",
	'x86_64 has no system call "socketcall" (optional "socketcall" skips it there)')
wrong("seccomp = { guard = { 'no-ptrac' } }",
	'seccomp.guard[1]: there is no "no-ptrac" (did you mean "no-ptrace"?)')
wrong("seccomp = { default = errno 'EPREM' }", 'there is no error "EPREM" (did you mean "EPERM"?)')
wrong("seccomp = { default = errno(4096) }", "errno: must be called with a number from 0 to 4095")
wrong("seccomp = { default = 'allow' }", "seccomp.default: must be an action")
wrong("seccomp = { 'read' }", 'seccomp[1]: must be a rule, such as allow { "read" }')
wrong("seccomp = { allow 'read' }", "seccomp[1]: an action is called with a list")
wrong("seccomp = { remove { 'ptrace' } }", "there is nothing to remove: ptrace")
wrong("seccomp = { arch = { 'x86' } }", 'seccomp.arch[1]: must be one of "x86_64"')
local function call(arguments, want)
	wrong("seccomp = { allow { sys." .. arguments .. " } }", want)
end
call("socket { domian = 'unix' }", 'sys.socket: has no argument "domian" (did you mean "domain"?)')
call("socket { [4] = 1 }", "sys.socket: has no argument 4")
call("socket { domain = 'unx' }", 'sys.socket.domain: has no value "unx" (did you mean')
call("socket { domain = 'unix|inet' }", "takes one of several names")
call("socket { domain = { 'unix', 'inet' } }", "must be a value or a matcher (one_of { ... })")
call("openat { pathname = '/x' }", "sys.openat.pathname: is a pointer")
call("read { fd = 2^31 | 0 }", "does not fit fd: 2147483648")
call("read { fd = 1.5 }", "must be a whole number: 1.5")
call("read { fd = 'x' }", 'has no named values, such as "x"')
call("read { fd = range(5, 1) }", "can never match: the range is empty")
call("read { fd = lt(-0x80000000) }", "can never match: nothing is beyond it")
call("openat { flags = has(0) }", "names no bits")
call("openat { flags = masked(1, 2) }", "can never match: the value has bits outside the mask")
call("clone3 { flags = 1 }", 'has no argument "flags" (clone3 hides its arguments behind a pointer')
call("chmod { mode = 4000 }", "sys.chmod.mode: must be octal text, since Lua reads numbers as "
	.. 'decimal: 4000 ("0644", or names: "suid | sgid")')
call("chmod { mode = has '08' }", 'sys.chmod.mode: has no value "08"')
call("chmod { mode = '0200000' }", "does not fit mode:S_I: 65536")
call("openat { flags = has '0100' }", 'sys.openat.flags: "0100" would be octal in C and is not '
	.. 'here (write 64, or 100)')
call("read { fd = '-010' }", '"-010" would be octal in C and is not here (write -8, or -10)')
call("mmap { prot = -1 }", "does not fit flags:PROT: -1")
call("socket { domain = 0x80000000 }", "does not fit enum:AF: 2147483648")
call("close { fd = all_of {} }", "must list one matcher or more")
call("close { fd = range(1) }", "must be a whole number: nil")
for _, action in ipairs { "errno(-1)", "errno(1.5)", "errno(2^40)", "errno()" } do
	wrong("seccomp = { default = " .. action .. " }", "test.lua:2: errno: must be called with a "
		.. 'number from 0 to 4095, or a name such as "EPERM"')
end
for _, action in ipairs { "trap(65536)", "trace(-1)", "trap(0.5)", "trace 'x'" } do
	wrong("seccomp = { default = " .. action .. " }", "must be called with a number from 0 to 65535")
end
wrong("seccomp = { allow { 'read' },\nkill { 'read' } }",
	'test.lua:3: seccomp[2]: "read" has another action already, allow at test.lua:2 '
	.. "(the first match decides: name it once)")
call("socket 'unix'", "sys.socket: is called with a table of arguments")
wrong("seccomp = { arch = { 'i386' }, allow { sys.mmap { prot = 1 } } }",
	"sys.mmap.prot: i386 hides it")

-- Extends and parameters
wrong("extends = 'no-such'", 'test.lua:2: extends: there is no profile "no-such"')
wrong("extends = 'test'", "extends: test.lua extends itself")
wrong("extends = 5", "extends: must be a profile's name or path")
wrong("extends = { 'base', hoem = '/x' }",
	'params.hoem: there is no such parameter (did you mean "home"?)')
wrong("extends = { 'base', home = 5 }", "params.home: must be a path")
local bare = { host = { profiles = { bare = "return profile {}" } } }
wrong("extends = { 'bare', x = 1 }", "test.lua:2: x: bare.lua takes no parameters", bare)
wrong("local arg = params { dir = path {} } return profile {}",
	"usage: test.lua: the parameter `dir` must be given (--set dir=...)")
wrong("local arg = params { a = text { defult = '' } } return profile {}",
	'params.a: there is no "defult" (did you mean "default"?)')
wrong("local arg = params { a = text { default = '' } } return profile { cwd = arg.b }",
	"params.b: there is no such parameter")

-- Landlock
local old = function(abi) return { host = { features = { landlock = abi } } } end
wrong("landlock = { ro = { '/usr' } }", "landlock.ro: this kernel has no Landlock (prefer(...)",
	old(nil))
wrong("landlock = { connect = { 443 } }",
	"landlock.connect: needs Landlock ABI 4, this kernel has 2", old("2"))
wrong("landlock = { scope = { 'signal' } }", "landlock.scope: needs Landlock ABI 6", old("5"))
wrong("landlock = { connect = { 65536 } }", "landlock.connect[1]: must be a port number")
wrong("landlock = { ro = { 'usr' } }", "landlock.ro[1]: must be an absolute path")
wrong("landlock = { scope = { 'signals' } }",
	'landlock.scope[1]: must be "signal" or "abstract_unix"')

-- Veth
wrong("net = veth { gateway = '10.0.0.1' }", "net.veth.gateway: needs an address")
wrong("net = veth { rate = '3G' }", "net.veth.rate: must be bytes a second")
wrong("net = veth { delay = '2m' }", "net.veth.delay: must be a time of at most")
wrong("net = veth { loss = 101 }", "net.veth.loss: must be a percentage")
wrong("net = veth { nat = 1 }", "net.veth.nat: must be true or false")
wrong("net = veth { forward = true }", "net.veth.forward: has no meaning without nat")
wrong("net = veth { routes = { '10.0.0.1' } }", "net.veth.routes: must be a list of networks")
wrong("net = veth { routes = { '2001:db8::/32' } }", "net.veth.routes: need a gateway of the same")
wrong("net = veth { dns = { 'one.example' } }", "net.veth.dns: must be a list of addresses")
wrong("net = veth { dns = { '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4' } }",
	"net.veth.dns: must be a list of at most 3")
wrong("net = veth { address = '10.0.0.2/24', peer = '10.0.0.1/24', bridge = 'lab0' }",
	"net.veth.peer: has no meaning on a bridge")
wrong("net = veth { address = 'fd00::2/64', ipv6 = false }", "net.veth.ipv6: is false")
wrong("net = join 'x'", "net.join: must be a path")
wrong("net = join 'sandbox:'", "net.join: must be a path")
wrong("net = join 'sandbox:../x'", "net.join: must be a path")
wrong("publish = { 80 }", "publish[1]: must be")
wrong("publish = { '80' }", "publish[1]: must be")
wrong("publish = { '80:80/sctp' }", "publish[1]: must be")
wrong("publish = { '0:80' }", "publish[1]: a port is a number")
wrong("publish = { '80:65536' }", "publish[1]: a port is a number")
wrong("publish = { '::1:80:80' }", "publish[1]: an IPv6 address stands in brackets")
wrong("publish = { 'localhost:80:80' }", "publish[1]: must begin with an address")
wrong("net = 'host', publish = { '80:80' }", "publish: needs a network of the sandbox's own")
wrong("net = join '/run/netns/x', publish = { '80:80' }", "publish: needs a network of")
wrong("net = veth { address = '10.0.0.2' }", "net.veth.address: must be an address with its prefix")
wrong("net = veth { address = '10.0.0.256/24' }",
	"net.veth.address: must be an address with its prefix")
wrong("net = veth { address = '10.0.0.2/33' }",
	"net.veth.address: must be an address with its prefix")
wrong("net = veth { address = 'fd00::1::2/64' }",
	"net.veth.address: must be an address with its prefix")
wrong("net = veth { address = '10.0.0.2/24', gateway = 'fd00::1' }",
	"net.veth.gateway: needs an address of the same family")
wrong("net = veth { address = '10.0.0.2/24', mac = '01:00:00:00:00:01' }",
	"net.veth.mac: must be a unicast")
wrong("net = veth { adress = '10.0.0.2/24' }", '"adress" (did you mean "address"?)')

-- What a cgroup limits
wrong("limits = { cpus = 0.001 }", "limits.cpus: must be a number from 0.01 to 8192")
wrong("limits = { cpus = '2' }", "limits.cpus: must be a number")
wrong("limits = { cpu_weight = 0 }", "limits.cpu_weight: must be a whole number from 1 to 10000")
wrong("limits = { io_weight = 10001 }", "limits.io_weight: must be a whole number from 1 to 10000")
for _, cpus in ipairs { "", "a", "1-", "-1", "3-2", "2,1", "0,0", "1,,2", "8192", "0-1,1",
	"1-2-3" } do
	wrong(("limits = { cpuset = '%s' }"):format(cpus),
		"limits.cpuset: must be CPUs in ascending order")
end
for _, io in ipairs { "{}", "'x'", "{ 'x' }", "{ { 'x', rbps = 1 } }",
	"{ { '/dev/x', rbps = 1, bps = 1 } }" } do
	wrong(("limits = { io = %s }"):format(io), 'limits.io: must be a list of { "/dev/NAME"')
end
wrong("limits = { io = { { '/dev/x' } } }", "limits.io: /dev/x is not limited")
wrong("limits = { io = { { '/dev/x', rbps = 0 } } }", "limits.io: rbps must be a size above 0")
wrong("limits = { hugetlb = {} }", "limits.hugetlb: must be sizes by the size of a page")
wrong("limits = { hugetlb = { ['3M'] = 1 } }", "limits.hugetlb: 3M is no size of a page")
wrong("limits = { hugetlb = { ['2M'] = 'x' } }", "limits.hugetlb: must be a size for each")
wrong("cgroup_parent = 'x'", "cgroup_parent: ")
wrong("cgroup_parent = '/sys/fs/cgroup/a/b'",
	"cgroup_parent: must be a path as /proc/self/cgroup has it (leave /sys/fs/cgroup away: /a/b)")

-- What is not built
for _, key in ipairs { "net = broker {}", "net = pod 'x'" } do
	local section, name, value = key:match("^([%w_]+)%.?([%w_]*) = (.*)$")
	local text = name == "" and ("%s = %%s"):format(section)
		or ("%s = { %s = %%s }"):format(section, name)
	wrong(text:format(value), "not built yet (prefer(...) around the value has it skipped)")
	local plan, err = front.plan("return profile { " .. text:format("prefer(" .. value .. ")")
		.. " }")
	tap.ok(plan and front.lines(plan, "skipped")[1], "prefer skips " .. key, front.message(err))
end
wrong("process = { stdin = 'capture' }", 'must be "inherit", "null" or an absolute path')
wrong("process = { stdout = 'stdout' }", 'must be "inherit", "null", "capture" or an absolute path')
wrong("process = { stderr = 'x' }", '"capture", "stdout" or an absolute path')
wrong("seccomp = { on_denied = true }", 'must be "report" or "silent"')
wrong("process = { init = false, die_with_parent = false }, limits = { cpu = 1 }",
	"limits.cpu: needs process.init")

-- The features that a profile may name are those that can be tried.
do
	local file = assert(io.open(root .. "/launcher/eval/probe.c"))
	local text, tried = file:read("a"), {}
	file:close()
	for name in text:match("probes%[%] = (%b{})"):gmatch('{ "([%w.]+)"') do
		tried[#tried + 1] = name
	end
	for name in text:gmatch('strcmp%(name, "([%w.]+)"%) == 0') do
		tried[#tried + 1] = name
	end
	local known = table.move(front.native({}).load("lunette.rarely").features, 1, 99, 1, {})
	table.sort(known)
	table.sort(tried)
	tap.is(table.concat(known, " "), table.concat(tried, " "), "features of needs, and probe.c's")
end

-- The command line
option("ro", "", "usage: --ro: must be SRC or SRC:DST")
option("memory", "lots", "usage: --memory: must be a size")
option("cpus", "0", "usage: --cpus: must be a number from 0.01 to 8192")
option("cgroup-parent", "/sys/fs/cgroup/a", "usage: --cgroup-parent: must be a path as /proc/self")
option("pids", "x", "usage: --pids: must be a whole number")
option("wall", "soon", "usage: --wall: must be a time")
option("output", "1M,cut", 'usage: --output: must be SIZE or SIZE,truncate')
option("output", "much", "usage: --output: must be a size")
option("uid", "-1", "usage: --uid: must be a whole number")
option("net", "vth", 'usage: --net: must be none, host, veth')
option("net", "veth:10.0.0.2", "usage: --net: address must be an address with its prefix")
option("net", "veth:10.0.0.2/24,x", "usage: --net: gateway must be an address")
option("net", "join:nope", "usage: --net: behind join: there must be a path such as")
option("tmpfs", "", "usage: --tmpfs: must be a path")
option("chdir", "", "usage: --chdir: must be a path")
option("hostname", "a b", "usage: --hostname: must be 1 to 64")
option("set", "x", "usage: --set: must be PARAM=VALUE: x")
option("set", "x=1", "usage: x: test.lua takes no parameters")
wrong("process = { init = false, die_with_parent = false, tty = true }",
	"process.tty: needs process.init")

tap.done()
