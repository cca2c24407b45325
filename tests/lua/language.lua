-- language.lua - what profiles and options become in the plan

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

local function plan_of(text, more)
	local plan, err = front.plan(text:find("return") and text or "return profile {" .. text
		.. "}", more)
	return plan or front.message(err)
end

-- The lines of @key in the plan of @text are @want.
local function gives(text, key, want, more)
	local plan = plan_of(text, more)
	local have = table.concat(front.lines(plan, key), "\n")
	tap.ok(have == want, key .. " of " .. text:gsub("%s+", " "):sub(1, 70),
		"have: " .. have, "want: " .. want, plan:find("^lunette%-plan") and "" or plan)
end

local function option(key, value, line, want)
	gives("", line, want, { options = { { key = key, value = value } } })
end

-- A profile of nothing
tap.is(plan_of(""), [[
lunette-plan 1
arg id
arg -u
domainname (none)
hostname lunette
namespaces user mount pid net ipc uts cgroup
net none
process.die_with_parent 1
process.init 1
profile test
umask 0022
user.gid 1000
user.groups drop
user.outer.gid 65534
user.outer.uid 65534
user.uid 1000
]], "the plan of an empty profile")

-- Mounts
local files = { host = { files = {
	["/bin"] = "-> usr/bin", ["/lib"] = "dir", ["/etc/os-release"] = "-> a b\nc",
} } }
gives('mounts = { ro "/usr", rw { "/srv/x", at = "/box" } }', "mount",
	"bind /usr source=/usr read-only\nbind /box source=/srv/x")
gives('mounts = { same "/bin", same "/lib", same { "/lib64", optional = true } }', "mount",
	"symlink /bin source=usr/bin\nbind /lib source=/lib read-only", files)
gives('mounts = { same { "/lib64", optional = true } }', "skipped",
	"mount\\x20/lib64 the\\x20host\\x20has\\x20no\\x20such\\x20path", files)
gives('mounts = { same "/etc/os-release" }', "mount",
	"symlink /etc/os-release source=a\\x20b\\x0ac", files)
gives('mounts = { tmpfs { "/tmp", size = "64M", mode = "1777", inodes = 100, noexec = true } }',
	"mount",
	"tmpfs /tmp mode=1777 size=67108864 inodes=100 noexec")
gives('mounts = { proc "/proc", dev "/dev", sysfs "/sys", mqueue "/dev/mqueue", '
	.. 'mask "/proc/kcore" }',
	"mount", "proc /proc\ndev /dev\nsysfs /sys\nmqueue /dev/mqueue\nmask /proc/kcore")
gives('mounts = { file { "/etc/x", text = "a\\nb" }, file { "/e", text = "" }, '
	.. 'dir { "/d", mode = "700" } }',
	"mount", "file /etc/x text=a\\x0ab\nfile /e text=\\e\ndir /d mode=0700")
gives('mounts = { overlay { "/a", at = "/b", upper = "tmpfs", size = "1G" } }', "mount",
	"overlay /b source=/a size=1073741824")
gives('mounts = { overlay { "/a", at = "/b", upper = "/u", work = "/w", on_symlink = "resolve" } }',
	"mount", "overlay /b source=/a upper=/u work=/w on_symlink=resolve")
gives('mounts = { symlink { "usr/bin", at = "/bin" }, ro { "/x", on_symlink = "refuse" } }',
	"mount",
	"symlink /bin source=usr/bin\nbind /x source=/x read-only")
gives('mounts = { ro "/usr//lib/./x/", ro "/.cache", ro "/\\xff\\\\" }', "mount",
	"bind /usr/lib/x source=/usr/lib/x read-only\nbind /.cache source=/.cache read-only\n"
	.. "bind /\\xff\\x5c source=/\\xff\\x5c read-only")
gives('mounts = { ro "/usr", tmpfs "/tmp", rw { "/x", at = "/usr" } }', "mount",
	"bind /usr source=/x\ntmpfs /tmp")
gives('mounts = { ro "/usr",\n\n tmpfs "/tmp" }', "origin",
	"mount 0 test.lua:1\nmount 1 test.lua:3")
gives('mounts = { prefer(ro "/opt") }', "mount", "bind /opt source=/opt read-only optional")
gives('mounts = { prefer(overlay { "/a", at = "/b" }) }', "mount", "", { host = { features = {} } })

-- Merging
local family = { host = { profiles = {
	old = [[
		local arg = params { dir = path { default = "/d" }, n = number { default = 1 } }
		return profile {
			hostname = "old", cwd = arg.dir, limits = { files = 10 * arg.n, wall = "1m" },
			mounts = { ro "/usr", tmpfs "/tmp", proc "/proc" },
			env = { keep = { "TERM", "LANG" }, set = { A = "1", B = "2" } },
			namespaces = { "user", "mount", "uts", "net" },
			net = veth { address = "10.0.0.2/24" },
		}]],
	middle = [[return profile { extends = { "old", dir = "/m" }, limits = { files = 20, core = 0 },
		env = { set = { B = "m", C = "m" } } }]],
} } }
gives('extends = "middle"', "cwd", "/m", family)
gives('extends = { "old", n = 3 }', "limit.files", "30", family)
gives('extends = "middle"', "limit.files", "20", family)
gives('extends = "middle"', "limit.wall", "60000", family)
gives('extends = "middle", limits = { wall = none }', "limit.wall", "", family)
gives('extends = "middle", limits = none', "limit.files", "", family)
gives('extends = "middle", limits = replace { core = 1 }', "limit.core", "1", family)
gives('extends = "middle", limits = replace { core = 1 }', "limit.files", "", family)
gives('extends = "old", hostname = none', "hostname", "lunette", family)
gives('extends = "old", net = "none"', "net.veth.address", "", family)
gives('extends = "middle", env = { set = { A = none, D = "d" } }', "env.set", "B m\nC m\nD d",
	family)
gives('extends = "old", env = { keep = { "TERM", "X" } }', "env.keep", "TERM\nLANG\nX", family)
gives('extends = "old", env = { keep = { remove "TERM", "X" } }', "env.keep", "LANG\nX", family)
gives('extends = "old", env = { keep = replace { "X" } }', "env.keep", "X", family)
gives('extends = "old", env = { keep = none }', "env.keep", "", family)
gives('extends = "old", env = { set = replace { X = "x" } }', "env.set", "X x", family)
gives('extends = "old", env = { set = { LANG = "C" } }', "env.keep", "TERM", family)
gives('extends = "old", namespaces = { "pid", "mount" }, hostname = none, net = "host"',
	"namespaces",
	"mount pid", family)
gives('extends = "old", mounts = { rw { "/x", at = "/usr" }, ro "/y" }', "mount",
	"bind /usr source=/x\ntmpfs /tmp\nproc /proc\nbind /y source=/y read-only", family)
gives('extends = "old", mounts = { remove { "/tmp", "/proc" }, ro "/y" }', "mount",
	"bind /usr source=/usr read-only\nbind /y source=/y read-only", family)
gives('extends = "old", mounts = { remove "/tmp", tmpfs { "/tmp", size = 5 } }', "mount",
	"bind /usr source=/usr read-only\nproc /proc\ntmpfs /tmp size=5", family)
gives('extends = "old", mounts = replace { ro "/y" }', "mount", "bind /y source=/y read-only",
	family)

-- Identities, capabilities
local as_root = { uid = 0, gid = 0, privileged = true }
gives("", "user.uid", "65534", as_root)
gives("user = { outer = { uid = 7 } }", "user.uid", "7", as_root)
gives("user = { outer = 0 }", "user.outer.gid", "0", as_root)
gives("user = { uid = 0 }", "user.uid", "0", as_root)
gives("", "user.uid", "0", { uid = 0, gid = 0 })
gives("user = { groups = prefer {} }", "user.groups", "prefer")
gives('user = { groups = "keep" }', "user.groups", "keep")
gives("user = { groups = { 5, 6 } }", "user.group", "5\n6")
gives("user = { nested = true }", "user.nested", "1")
gives("user = { map = { uid = { { 0, 100000, 10 }, { 10, 5, 1 } }, gid = { { 0, 1, 2 } } } }",
	"user.map.uid", "0 100000 10\n10 5 1")
gives('caps = { keep = { "net_admin", "CAP_CHOWN" }, ambient = { "chown" }, '
	.. 'securebits = { "noroot" } }',
	"caps.keep", "0x1001")
gives('caps = { keep = { "chown" }, securebits = { "noroot", "no_setuid_fixup" } }',
	"caps.securebits",
	"0x5")

-- The rest of the table
gives('net = prefer(pod "x")', "skipped", "net pods\\x20are\\x20not\\x20built\\x20yet")
gives('net = prefer(veth { address = "10.0.0.2/24" })', "net", "none", { host = { features = {} } })
gives('namespaces = { "user", "time", "mount" }', "namespaces", "user mount time")
gives('time = { monotonic = "-1h", boottime = 86400 }', "time.monotonic", "-3600")
gives('time = { monotonic = 1 }', "namespaces", "user mount pid net ipc uts cgroup time")
gives('net = "host"', "namespaces", "user mount pid ipc uts cgroup")
gives('limits = { wall = 2.5, grace = "500ms", pids = prefer(64), stack = "8M", nproc = 5 }',
	"limit.pids",
	"64 prefer")
gives('limits = { wall = 2.5 }', "limit.wall", "2500")
gives('limits = { output = "1M", on_output = "truncate" }', "limit.on_output", "truncate")
gives('limits = { output = "1M", on_output = "stop" }', "limit.on_output", "")
gives('limits = { rttime = "1s", memlock = "64K", nice = 20 }', "limit.rttime", "1000")
gives('process = { stdout = "capture", stderr = "stdout" }', "process.stderr", "stdout")
gives('limits = { memory = "1G", swap = prefer(0), memory_high = 4096 }', "limit.memory_high",
	"4096")
gives('limits = { memory = "1G", swap = prefer(0) }', "limit.swap", "0 prefer")
gives('limits = { cpus = 1.5, cpu_weight = 50 }', "limit.cpus", "150000")
gives('limits = { cpus = 0.01 }', "limit.cpus", "1000")
gives('limits = { cpuset = prefer "00-3,7,9-9" }', "limit.cpuset", "0-3,7,9 prefer")
gives('limits = { io = { { "/dev/a b", rbps = "1K", wiops = 5 }, { "/dev/c", wbps = 2 } } }',
	"limit.io", "/dev/a\\x20b 1024 0 0 5\n/dev/c 0 2 0 0")
gives('limits = { hugetlb = prefer { ["1G"] = 0, ["2M"] = "4M" } }', "limit.hugetlb",
	"2097152 4194304 prefer\n1073741824 0 prefer")
gives('cgroup_parent = "/a//b"', "cgroup_parent", "/a/b")
gives('limits = prefer { files = 5 }', "limit.files", "5 prefer")
gives('process = { tty = "inherit", init = false, die_with_parent = false, fds = { 9, 3 }, '
	.. 'stdin = "null" }',
	"process.fd", "3\n9")
gives('process = { tty = "inherit" }', "process.tty", "inherit")
gives('process = { tty = false }', "process.tty", "")
gives('process = { init = false }', "process.die_with_parent", "0")
gives('needs = { "landlock >= 4", "kernel >= 6.1", "overlay" }', "net", "none",
	{ host = { features = { landlock = "7", kernel = "6.10.2", overlay = "yes" } } })
gives('net = veth { address = { "10.0.0.2/24", "FD00:0:0::2/64" }, gateway = "10.0.0.1", '
	.. 'mtu = 1400 }',
	"net.veth.address6", "fd00::2/64")
for text, want in pairs { ["1:0:0:2:0:0:0:3"] = "1:0:0:2::3",
	["1::"] = "1::",
	["1:0:2:3:4:5:6:7"] = "1:0:2:3:4:5:6:7",
	["fe80::1.2.3.4"] = "fe80::102:304" } do
	gives('net = veth { address = "' .. text .. '/64" }', "net.veth.address6", want .. "/64")
end

-- What a network's lines are
gives('net = veth {}', "net.veth.pool", "1")
gives('net = veth {}', "net.veth.isolate", "")
gives('net = veth { ipv6 = true }', "net.veth.pool6", "1")
gives('net = veth { nat = true }', "net.veth.isolate", "1")
gives('net = veth { bridge = "lab0" }', "net.veth.isolate", "1")
gives('net = veth { bridge = "lab0", isolate = false }', "net.veth.isolate", "")
gives('net = veth { rate = "10M", delay = "20ms", loss = 0.5 }', "net.veth.rate", "10485760")
gives('net = veth { rate = "10M", delay = "20ms", loss = 0.5 }', "net.veth.delay", "20000")
gives('net = veth { rate = "10M", delay = "20ms", loss = 0.5 }', "net.veth.loss", "5000")
gives('net = veth { routes = "198.51.100.0/24" }', "net.veth.route", "198.51.100.0/24")
gives('net = veth { routes = {} }', "net.veth.no_default_route", "1")
gives('net = veth { dns = "192.0.2.53" }', "mount",
	"file /etc/resolv.conf text=nameserver\\x20192.0.2.53\\x0a")
gives('mounts = { ro "/usr", mask "/etc/resolv.conf" }, net = veth { dns = "192.0.2.53" }', "mount",
	"bind /usr source=/usr read-only\n"
	.. "file /etc/resolv.conf text=nameserver\\x20192.0.2.53\\x0a")
gives('net = join "/run//netns/lab"', "net.join", "/run/netns/lab")
gives('net = join "fd:5"', "net", "join")
gives('net = join "sandbox:web.1"', "net.join", "sandbox:web.1")
gives('publish = { "8080:80", "[::1]:53:53/udp", "0.0.0.0:5432:5432/tcp" }', "publish",
	"127.0.0.1 8080 80 tcp\n::1 53 53 udp\n0.0.0.0 5432 5432 tcp")

-- Facts of the host and parameters
gives('cwd = host.env.WORK', "cwd", "/w", { host = { env = { WORK = "/w" } } })
gives('cwd = host.exists "/lib" == "dir" and host.readlink "/bin" == "usr/bin" and "/yes" '
	.. 'or "/no"', "cwd",
	"/yes", files)
gives('hostname = host.arch .. "-" .. #host.command .. host.uid', "hostname", "x86_64-21000")
gives('local a = params { t = time { default = "90s" }, s = size { default = "1K" }, '
	.. 'c = choice { "x", "y", default = "y" }, f = flag { default = false }, '
	.. 'o = path { optional = true } } '
	.. 'return profile { hostname = a.t .. a.s .. a.c .. tostring(a.f) .. tostring(a.o) }',
	"hostname", "901024yfalsenil")
for given, want in pairs { ["t=2m"] = "120", ["t=5"] = "5", ["t=500ms"] = "0.5" } do
	gives('local a = params { t = time {} } return profile { hostname = tostring(a.t) }',
		"hostname", want,
		{ options = { { key = "set", value = given } } })
end
gives('local a = params { d = path {} } return profile { cwd = a.d }', "cwd", "/home/me/x",
	{ options = { { key = "set", value = "d=../x" } } })
gives('string.format = nil; table.concat = nil; return profile { hostname = "x" }', "hostname", "x")

-- Landlock
gives('landlock = { ro = { "/usr" }, rw = { { "/tmp", optional = true } } }', "landlock.path",
	"0xd /usr\n0xffff /tmp optional")
gives('landlock = { ro = { "/usr" }, exec = { "/usr/bin" } }', "landlock.path",
	"0xc /usr\n0xd /usr/bin")
gives('landlock = { connect = { 443, 80 }, bind = {} }', "landlock.port", "0x2 443\n0x2 80")
gives('landlock = { connect = { 443 }, bind = {} }', "landlock.net", "0x3")
gives('landlock = { scope = { "signal", "abstract_unix" } }', "landlock.scope", "0x3")
for abi, want in pairs { ["1"] = "0x1fff", ["2"] = "0x3fff", ["3"] = "0x7fff", ["5"] = "0xffff",
	["7"] = "0xffff", ["9"] = "0x1ffff" } do
	gives('landlock = prefer { rw = { "/" }, connect = { 1 } }', "landlock.fs", want,
		{ host = { features = { landlock = abi } } })
end
gives('landlock = prefer { rw = { "/" } }', "landlock.fs", "", { host = { features = {} } })
gives('landlock = prefer { rw = { "/" } }', "skipped",
	"landlock.rw this\\x20kernel\\x20has\\x20no\\x20Landlock", { host = { features = {} } })
gives('landlock = prefer { connect = { 1 } }', "landlock.net", "",
	{ host = { features = { landlock = "3" } } })

-- The command line
option("ro", "/a:/b", "mount", "bind /b source=/a read-only")
option("ro", "x", "mount", "bind /home/me/here/x source=/home/me/here/x read-only")
option("rw", "../x:y", "mount", "bind /home/me/here/y source=/home/me/x")
option("rw", "/a\\:b:/c", "mount", "bind /c source=/a:b")
option("tmpfs", "/t", "mount", "tmpfs /t")
option("net", "host", "net", "host")
option("net", "veth:10.0.0.2/24,10.0.0.1", "net.veth.gateway", "10.0.0.1")
option("net", "veth", "net.veth.nat", "1")
option("net", "join:pid:7", "net.join", "pid:7")
option("publish", "80:81", "publish", "127.0.0.1 80 81 tcp")
option("pids", "5", "limit.pids", "5")
option("wall", "1.5", "limit.wall", "1500")
gives("", "limit.grace", "2000", { options = { { key = "wall", value = "9s" },
	{ key = "grace", value = "2s" } } })
option("output", "1M", "limit.output", "1048576")
option("output", "1M,truncate", "limit.on_output", "truncate")
option("env", "A", "env.keep", "A")
option("env", "A=b=c", "env.set", "A b=c")
option("chdir", "sub", "cwd", "/home/me/here/sub")
option("hostname", "h", "hostname", "h")
option("uid", "5", "user.uid", "5")
option("gid", "6", "user.gid", "6")
option("name", "n1", "process.name", "n1")
gives('env = { set = { A = "x" } }', "env.keep", "A", { options = { { key = "env",
	value = "A" } } })
gives('env = { set = { A = "x" } }', "env.set", "", { options = { { key = "env", value = "A" } } })
gives('mounts = { ro "/a", ro "/b" }', "mount", "bind /a source=/x\nbind /b source=/b read-only",
	{ options = { { key = "rw", value = "/x:/a" } } })

-- The same question has the same plan: no order of a table's keys shows.
local many = 'env = { set = { A = "1", B = "2", C = "3", D = "4", E = "5" } }, '
	.. 'limits = { cpu = prefer "1s", memory = prefer "1M", output = prefer "1M", files = 1 }'
local first, same = plan_of(many), true
for _ = 1, 20 do
	same = same and plan_of(many) == first
end
tap.ok(same, "plans are reproducible")

tap.done()
