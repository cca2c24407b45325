-- util.lua - S.util: each function for success, for an error, and for a wrong argument

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local util, c = S.util, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local dir, remove = check.scratch()
local path = dir .. "/file"

-- Whole files

is(util.writefile(path, "hello", "0640"), true, "writefile() with a mode makes the file")
is(S.stat(path).mode & c.MODE "0777", c.MODE "0640", "of that mode")
is(util.readfile(path), "hello", "readfile() has what it wrote")
is(util.writefile(path, "J") and util.readfile(path), "Jello", "without a mode nothing is cut off")
is(util.writefile(path, S.t.buffer "!!", nil, "wronly, append") and util.readfile(path), "Jello!!",
	"flags, and memory")
is(util.readfile(path, nil, 3), "Jel", "readfile() of at most so much")
local buffer = S.t.buffer(4)
is(util.readfile(path, buffer) .. tostring(buffer), "4Jell", "into memory: no more than it holds")
is(util.readfile(path, buffer, 2), 2, "or than was asked for")
is(util.mapfile(path), "Jello!!", "mapfile()")
is(util.createfile(dir .. "/empty") and util.mapfile(dir .. "/empty"), "", "of an empty file")
local long = ("0123456789abcdef"):rep(20000)
ok(util.writefile(path, long, "0600") and util.readfile(path) == long, "320000 bytes of both")
ok(#util.readfile "/proc/self/status" > 500, "a file whose size is said to be 0")
fails(function() return util.readfile(dir .. "/none") end, "NOENT", "readfile(): none")
fails(function() return util.readfile(dir) end, "ISDIR", "readfile(): a directory")
fails(function() return util.mapfile(dir .. "/none") end, "NOENT", "mapfile(): none")
fails(function() return util.writefile(dir .. "/none", "x") end, "NOENT", "writefile(): none")
fails(function() return util.writefile("/dev/full", "x") end, "NOSPC", "writefile(): no room")
fails(function() return util.createfile(dir .. "/none/x") end, "NOENT", "createfile(): nowhere")
raises(function() util.readfile(5) end, "#1 to 'readfile' (a text", "readfile(): a number")
raises(function() util.readfile(path, 5) end, "#2 to 'readfile' (memory", "readfile(): no memory")
raises(function() util.readfile(path, nil, -1) end, "#3 to 'readfile'", "readfile(): below 0")
raises(function() util.writefile(path, 5) end, "#2 to 'writefile' (text or memory",
	"writefile(): a number")
raises(function() util.writefile("a\0b", "") end, "#1 to 'writefile'", "writefile(): a NUL")
raises(function() util.mapfile() end, "#1 to 'mapfile'", "mapfile(): nothing")
raises(function() util.createfile(true) end, "#1 to 'createfile'", "createfile(): a boolean")

-- cp, touch

is(util.cp(path, dir .. "/copy"), true, "cp()")
ok(util.readfile(dir .. "/copy") == long, "all of it")
is(S.stat(dir .. "/copy").mode & c.MODE "0777", c.MODE "0640", "with the source's mode")
util.writefile(path, "short", "0600")
is(util.cp(path, dir .. "/copy", "0644") and util.readfile(dir .. "/copy"), "short",
	"over a longer file")
ok(util.cp("/proc/self/status", dir .. "/status") and #util.readfile(dir .. "/status") > 500,
	"cp() of /proc")
fails(function() return util.cp(path, path) end, "INVAL", "cp(): onto itself")
is(util.readfile(path), "short", "which leaves it as it is")
fails(function() return util.cp(dir, dir .. "/x") end, "ISDIR", "cp(): a directory")
fails(function() return util.cp(path, dir) end, "ISDIR", "cp(): to a directory")
fails(function() return util.cp(dir .. "/none", path) end, "NOENT", "cp(): none")
fails(function() return util.cp(path, "/dev/full") end, "NOSPC", "cp(): no room")
raises(function() util.cp(path) end, "#2 to 'cp'", "cp(): one name")
S.utimensat(nil, path, { 1, 1 })
ok(util.touch(path) and S.stat(path).mtime > 1, "touch() of what is there")
ok(util.touch(dir .. "/touched") and S.stat(dir .. "/touched").size == 0, "and of what is not")
ok(util.touch(dir), "and of a directory")
fails(function() return util.touch(dir .. "/none/x") end, "NOENT", "touch(): nowhere")
raises(function() util.touch() end, "#1 to 'touch'", "touch(): nothing")

-- Directories

local many = dir .. "/many"
S.mkdir(many, "755")
for i = 1, 400 do
	util.createfile(("%s/a file with a name of some length %d"):format(many, i))
end
local count, dots = 0, 0
for name, entry in util.ls(many) do
	count = count + (entry.REG and 1 or 0)
	dots = dots + ((name == "." or name == "..") and 1 or 0)
end
is(count .. " " .. dots, "400 2", "ls() goes over all of 400 files")
local seen = 0
for _ in util.ls(many, S.t.buffer(512), 512) do
	seen = seen + 1
	if seen == 20 then
		break
	end
end
is(seen, 20, "with a small buffer, left half-way")
is(#util.dirtable(many), 402, "dirtable()")
is(#util.dirtable(many, true), 400, "without dots")
S.mkdir(dir .. "/two", "755")
util.createfile(dir .. "/two/b")
util.createfile(dir .. "/two/a")
is(tostring(util.dirtable(dir .. "/two", true)), "a\nb\n", "as text, in order")
ok(util.ls() and #util.dirtable() > 2, "of the working directory")
fails(function() return util.ls(dir .. "/none") end, "NOENT", "ls(): none")
fails(function() return util.ls(path) end, "NOTDIR", "ls(): a file")
fails(function() return util.dirtable(dir .. "/none") end, "NOENT", "dirtable(): none")
raises(function() util.ls(5) end, "#1 to 'ls'", "ls(): a number")
raises(function() util.dirtable {} end, "#1 to 'dirtable'", "dirtable(): a table")
local next_entry = util.ls(many, S.t.buffer(8), 8)
raises(function() next_entry() end, "Invalid argument", "ls(): a buffer too small for an entry")

-- rm

is(util.rm(many, dir .. "/copy"), true, "rm() of a directory and of a file")
ok(not S.stat(many) and not S.stat(dir .. "/copy"), "both are gone")
local deep = dir .. "/deep"
S.mkdir(dir .. "/kept", "755")
util.createfile(dir .. "/kept/file")
S.mkdir(deep, "755")
local here = assert(S.open(deep, "directory"))
local long_name = ("down"):rep(50)
for _ = 1, 60 do -- deeper than there are descriptors, and than a path may be long
	assert(here:mkdirat(long_name, "755"))
	assert(S.symlinkat(dir .. "/kept", here, "link"))
	local next_one = assert(here:openat(long_name, "directory"))
	here:close()
	here = next_one
end
here:close()
local limit = S.getrlimit "nofile"
assert(S.setrlimit("nofile", { 40, limit.max }))
is(util.rm(deep), true, "rm() of 60 directories in each other, with a link elsewhere in each")
assert(S.setrlimit("nofile", limit))
ok(not S.stat(deep) and S.stat(dir .. "/kept/file"), "all gone, but not what is elsewhere")
S.mkdir(dir .. "/tree", "755")
S.symlink("../kept", dir .. "/tree/link")
S.symlink("none", dir .. "/tree/broken")
ok(util.rm(dir .. "/tree") and S.stat(dir .. "/kept/file"),
	"links are removed, not what they lead to")
fails(function() return util.rm(dir .. "/none") end, "NOENT", "rm(): none")

-- Somebody else changes what is removed, just before it is opened: @name of a directory.
local function meddle(name, change)
	assert(S.mkdir(dir .. "/tree", "755") and S.mkdir(dir .. "/tree/sub", "755"))
	util.createfile(dir .. "/tree/sub/file")
	local open, changed = S.openat, false
	S.openat = function(where, which, flags)
		if which == name and not changed then
			changed = true
			change()
		end
		return open(where, which, flags)
	end
	local done, err = util.rm(dir .. "/tree")
	S.openat = open
	assert(changed)
	return done, err
end
fails(function()
	return meddle("sub", function()
		assert(S.rename(dir .. "/tree/sub", dir .. "/moved"))
		assert(S.symlink(dir .. "/kept", dir .. "/tree/sub"))
	end)
end, "NOTDIR", "rm(): a directory that becomes a link")
ok(S.stat(dir .. "/kept/file"), "is not followed")
assert(util.rm(dir .. "/moved", dir .. "/tree"))
fails(function()
	return meddle("..", function()
		assert(S.rename(dir .. "/tree/sub", dir .. "/kept/sub"))
	end)
end, "STALE", "rm(): a directory that is moved meanwhile")
ok(S.stat(dir .. "/kept/file") and S.stat(dir .. "/kept/sub"), "is not come back from")
assert(util.rm(dir .. "/kept/sub", dir .. "/tree"))
fails(function() return util.rm(dir .. "/kept/.") end, "INVAL", "rm(): .")
is(check.in_child(function() -- whose root is another, should it be removed after all
	assert((S.getuid() == 0 or S.unshare "newuser") and S.chroot(dir .. "/kept") and S.chdir "/")
	for _, name in ipairs { "/", "..", "//" } do
		assert(select(2, util.rm(name)).INVAL)
	end
	return S.stat "/file"
end), 0, "rm(): / and .., which touched nothing")
ok(S.stat(dir .. "/kept/file"), "nor did the others")
fails(function() return util.rm "/proc/self/fd" end, "PERM", "rm(): what cannot be removed")
raises(function() util.rm(dir .. "/kept", 5) end, "#2 to 'rm'", "rm(): a number")

-- Names

for name, want in pairs {
	["/usr/lib"] = { "/usr", "lib" }, ["/usr/"] = { "/", "usr" }, usr = { ".", "usr" },
	["/"] = { "/", "/" }, ["//"] = { "/", "/" }, ["."] = { ".", "." }, [".."] = { ".", ".." },
	[""] = { ".", "." }, ["a//b//"] = { "a", "b" }, ["/a//b/c"] = { "/a//b", "c" },
} do
	is(util.dirname(name) .. " " .. util.basename(name), table.concat(want, " "),
		("dirname and basename of %q"):format(name))
end
raises(function() util.basename(5) end, "#1 to 'basename'", "basename(): a number")
raises(function() util.dirname() end, "#1 to 'dirname'", "dirname(): nothing")

-- Processes

local own = util.proc()
is(own.pid, S.getpid(), "proc()")
ok(own.cmdline:find "util.lua" and own.root == "/" and own.nothing == nil and own.fd == nil,
	"texts, links, and nothing for what is not there")
ok(tostring(own):find "util.lua" and tostring(util.proc(0)), "as text")
ok(own["ns/net"]:find "^net:", "below a directory")
local found_own = 0
local all = assert(util.ps())
for i, one in ipairs(all) do
	found_own = found_own + (one.pid == own.pid and 1 or 0)
	assert(i == 1 or all[i - 1].pid < one.pid)
end
ok(found_own == 1 and tostring(all):find "util.lua", "ps() has us once, in order")
raises(function() util.proc "self" end, "#1 to 'proc'", "proc(): a name")

-- Mounts

local proc_mount
for _, one in ipairs(assert(util.mounts())) do
	proc_mount = one.target == "/proc" and one or proc_mount
end
is(proc_mount.type .. proc_mount.freq .. proc_mount.passno, "proc00", "mounts()")
local lines = { "# a comment", "/dev/x /a\\040b ext4 ro,noatime 1 2" }
for i = 1, 500 do
	lines[#lines + 1] = ("overlay /var/lib/containers/%d overlay rw,lowerdir=%s 0 0"):format(i,
		("x"):rep(100))
end
util.writefile(path, table.concat(lines, "\n"), "0600")
local list = assert(util.mounts(path))
is(#list, 501, "of a file of 60000 bytes")
is(list[1].target .. list[1].flags .. list[1].passno, "/a bro,noatime2", "blanks within names")
is(tostring(list[1]), "/dev/x on /a b type ext4 (ro,noatime)", "one as text")
ok(tostring(list):find "containers/500", "all of them")
fails(function() return util.mounts(dir .. "/none") end, "NOENT", "mounts(): none")
raises(function() util.mounts(5) end, "#1 to 'mounts'", "mounts(): a number")
fails(function() return util.mount { dir = dir .. "/none", type = "tmpfs" } end, "NOENT",
	"mount(): none")
raises(function() util.mount "x" end, "#1 to 'util.mount' (a table", "mount(): no table")

-- Messages

local _, _, one, other = assert(S.socketpair("unix", "stream"))
is(util.sendfds(one, S.stdin, "stdout"), 1, "sendfds()")
local got = assert(util.recvcmsg(other))
is(got.count .. " " .. #got.fd, "1 2", "recvcmsg() has both")
is(got.fd[2]:fstat().ino, S.fstat("stdout").ino, "the same files")
got.fd[1]:close()
got.fd[2]:close()
ok(other:setsockopt("socket", "passcred", true), "who sends")
is(util.sendcred(one), 1, "sendcred()")
got = assert(util.recvcmsg(other, { iov = { 10 }, control = 256 }))
is(("%d %d %d"):format(got.pid, got.uid, got.gid), ("%d %d %d"):format(S.getpid(), S.getuid(),
	S.getgid()), "and what came of it")
is(tostring(got.iovec) .. #got.fd, "\0" .. ("\0"):rep(9) .. "0", "with what it brought")
fails(function() return util.recvcmsg(other, nil, "dontwait") end, "AGAIN", "recvcmsg(): nothing")
fails(function() return util.sendfds(S.stdin, S.stdin) end, "NOTSOCK", "sendfds(): no socket")
fails(function() return util.sendcred(S.stdin) end, "NOTSOCK", "sendcred(): no socket")
raises(function() util.sendfds(one, "none") end, "#2 to 'sendfds' (an open fd", "sendfds(): no fd")
raises(function() util.recvcmsg(one, 5) end, "#2 to 'recvcmsg' (a table", "recvcmsg(): a number")
raises(function() util.sendcred(one, "me") end, "#2 to 'sendcred'", "sendcred(): no pid")
one:close()
other:close()

-- Addresses

local function read(...)
	local address, mask = util.inet_name(...)
	return tostring(address) .. " " .. tostring(mask)
end
is(read "10.0.0.1/8", "10.0.0.1 8", "inet_name()")
is(read "10.0.0.1", "10.0.0.1 32", "without a mask all of it")
is(read("10.0.0.1", 24), "10.0.0.1 24", "or the second argument")
is(read "fe80::1/64" .. read "::1", "fe80::1 64::1 128", "IPv6")
for _, wrong in ipairs { "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/a", "10.0.0", "::1/129", "", "x" } do
	is(read(wrong), "nil nil", ("not %q"):format(wrong))
end
raises(function() util.inet_name(5) end, "#1 to 'inet_name'", "inet_name(): a number")
raises(function() util.inet_name("::1", "x") end, "#2 to 'inet_name'", "inet_name(): no mask")

-- Counters and signals

local counter = assert(S.eventfd(0, "nonblock, cloexec"))
is(util.eventfd_read(counter), 0, "eventfd_read() of nothing")
for _, value in ipairs { 3, 1, 6 } do
	ok(util.eventfd_write(counter, value > 1 and value or nil), "eventfd_write()")
end
local eight = S.t.buffer(8)
is(util.eventfd_read(counter, eight) .. " " .. eight:u64(0), "10 10", "eventfd_read(), into memory")
eight:u64(0, 1 << 40)
ok(util.eventfd_write(counter, eight), "from memory")
is(util.eventfd_read(counter), 1 << 40, "what it was")
fails(function() return util.eventfd_read(-1) end, "BADF", "eventfd_read(): no fd")
fails(function() return util.eventfd_write(S.stdin:getfd() + 900) end, "BADF",
	"eventfd_write(): no fd")
raises(function() util.eventfd_write(counter, -1) end, "#2 to 'eventfd_write'", "below 0")
raises(function() util.eventfd_write(counter, S.t.buffer(4)) end, "memory of 8 bytes", "4 bytes")
raises(function() util.eventfd_read(counter, S.t.buffer(16)) end, "memory of 8 bytes", "16 bytes")
counter:close()
local timer = assert(S.timerfd_create("monotonic", "nonblock, cloexec"))
is(util.timerfd_read(timer), 0, "timerfd_read() of nothing")
timer:timerfd_settime(0, { 0, 0.001 })
assert(S.poll({ { fd = timer, events = "in" } }, 10000) == 1)
is(util.timerfd_read(timer), 1, "and once it is over")
fails(function() return util.timerfd_read(-1) end, "BADF", "timerfd_read(): no fd")
raises(function() util.timerfd_read(timer, 8) end, "#2 to 'timerfd_read'", "timerfd_read(): 8")
timer:close()
local masked = assert(S.sigprocmask("block", "usr1, usr2"))
local signals = assert(S.signalfd("usr1, usr2", "nonblock, cloexec"))
is(#util.signalfd_read(signals), 0, "signalfd_read() of nothing")
S.kill(S.getpid(), "usr1")
S.kill(S.getpid(), "usr2")
local first = util.signalfd_read(signals, 1)
is(#first, 1, "one of two")
ok(first[1].usr1 and first[1].user and first[1].pid == S.getpid(), "which it is and from whom")
S.kill(S.getpid(), "usr1")
local both = util.signalfd_read(signals)
ok(#both == 2 and both[2].usr2, "then the others")
fails(function() return util.signalfd_read(-1) end, "BADF", "signalfd_read(): no fd")
raises(function() util.signalfd_read(signals, 0) end, "#2 to 'signalfd_read'", "signalfd_read(): 0")
signals:close()
S.sigprocmask("setmask", masked)

-- Architecture, capabilities of files

is(util.auditarch(), c.AUDIT_ARCH[S.raw.arch], "auditarch()")
local program = assert(S.open(dir .. "/program", "creat, rdwr, cloexec", "0755"))
local value, err = util.capget(program)
if not value and err.NODATA then
	fails(function() return util.capget(dir .. "/program") end, "NODATA", "capget(): none")
	local caps = { permitted = "sys_chroot, bpf", inheritable = "chown, mknod" }
	if S.getuid() == 0 then
		ok(util.capset(program, caps, "create"), "capset() of an fd")
		local have = util.capget(dir .. "/program")
		is(tostring(have.permitted) .. "; " .. tostring(have.inheritable),
			"BPF,SYS_CHROOT; CHOWN,MKNOD", "capget() of a path")
		is(have.effective.value, 0, "nothing takes effect")
		caps.effective, caps.rootid = caps.permitted, 100000
		ok(util.capset(dir .. "/program", caps, "replace"), "capset() of a path, for a namespace")
		have = util.capget(program)
		is(have.effective.value, have.permitted.value | have.inheritable.value, "all take effect")
		is(have.rootid, 100000, "whose they are")
		fails(function() return util.capset(program, caps, "create") end, "EXIST", "capset(): twice")
	else
		fails(function() return util.capset(program, caps) end, "PERM", "capset(): not as a user")
	end
else
	tap.skip("capget()", "host: the file system has none: " .. tostring(err))
end
fails(function() return util.capget(dir .. "/none") end, "NOENT", "capget(): no file")
fails(function() return util.capset(dir .. "/none", {}) end, "NOENT", "capset(): no file")
raises(function() util.capset(program, "all") end, "#2 to 'util.capset' (a table",
	"capset(): a text")
raises(function() util.capset(program, { rootid = -1 }) end, "#2 to 'util.capset'",
	"capset(): no id")
program:close()

-- Links

is(util.if_nametoindex "lo", 1, "if_nametoindex()")
fails(function() return util.if_nametoindex "none" end, "NODEV", "if_nametoindex(): none")
raises(function() util.if_nametoindex(("x"):rep(16)) end,
	"#1 to 'if_nametoindex' (a name of at most", "if_nametoindex(): too long")
raises(function() util.bridge_add(5) end, "#1 to 'bridge_add'", "bridge_add(): a number")
raises(function() util.bridge_del "a name that is too long" end, "#1 to 'bridge_del'",
	"bridge_del(): too long")
raises(function() util.bridge_add_interface("x", -1) end, "#2 to 'bridge_add_interface'",
	"bridge_add_interface(): below 0")
fails(function() return util.bridge_add_interface("none", "alsonone") end, "NODEV",
	"bridge_add_interface(): no such link")
fails(function() return util.bridge_del_interface("none", "alsonone") end, "NODEV",
	"bridge_del_interface(): no such link")

-- In a child, whose network is its own. Its assertions are its answer.
local function bridges()
	assert(S.unshare(S.getuid() == 0 and "newnet" or "newuser, newnet"))
	assert(util.bridge_add "br0")
	assert(select(2, util.bridge_add "br0").EXIST)
	assert(S.nl.newlink { name = "left", kind = "veth", peer = { name = "right" } })
	assert(util.bridge_add_interface("br0", "left"))
	assert(util.bridge_add_interface("br0", util.if_nametoindex "right"))
	local bridge = assert(util.bridge_list()).br0
	table.sort(bridge.brif)
	assert(table.concat(bridge.brif, " ") == "left right", "its ports")
	assert(bridge.bridge.ageing_time == 30000 and bridge.bridge.stp_state == 0, "its settings")
	local mac, own_address = S.nl.interface("left").macaddr, false
	for _, entry in ipairs(bridge.brforward) do
		own_address = own_address or tostring(entry.mac_addr) == tostring(mac) and entry.is_local
	end
	assert(own_address, "what it has learnt")
	assert(not util.bridge_list().lo, "and nothing else")
	assert(util.bridge_del_interface("br0", "left"))
	assert(table.concat(util.bridge_list().br0.brif) == "right", "a port less")
	assert(select(2, util.bridge_del_interface("br0", "left")).INVAL)
	assert(util.bridge_del "br0" and not next(util.bridge_list()))
	assert(select(2, util.bridge_del "br0").NXIO)
	assert(not select(2, util.bridge_del "left").NXIO, "only bridges")
	return true
end

is(check.in_child(bridges), 0, "bridges, in a network of their own")

remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
