-- system.lua - names, state, log and settings of the system; its end is refused
--
-- Names are set in a namespace of the test's own.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()

local names = assert(S.uname())
is(names.sysname .. S.gethostname() .. S.getdomainname(), "Linux" .. names.nodename
	.. names.domainname, "uname(), gethostname(), getdomainname()")
raises(function() S.uname(1) end, "#1 (buf) to 'uname'", "uname(): a number")
local info = assert(S.sysinfo())
ok(info.totalram >= info.freeram and info.procs > 0 and info.mem_unit > 0 and info.loads[0] >= 0,
	"sysinfo()")
raises(function() S.sysinfo "x" end, "#1 (info) to 'sysinfo'", "sysinfo(): a text")

ok(#S.getrandom(nil, 100) == 100 and S.getrandom(nil, 16) ~= S.getrandom(nil, 16), "getrandom()")
local buffer = S.t.buffer(8)
is(S.getrandom(buffer, 8, "nonblock"), 8, "getrandom() into memory")
fails(function() return S.getrandom(nil, 8, 0x1000) end, "INVAL", "getrandom(): no such flag")
raises(function() S.getrandom(buffer, 9) end, "to 'getrandom'", "getrandom(): short memory")

is(S.sysctl "kernel.ostype", "Linux", "sysctl()")
is(S.sysctl "kernel/osrelease", names.release, "sysctl() with slashes")
fails(function() return S.sysctl "kernel.nothing" end, "NOENT", "sysctl(): there is none")
fails(function() return S.sysctl { ["kernel.nothing"] = 1 } end, "NOENT", "sysctl() of a table")
local value, refused = S.sysctl("kernel.ostype", "Minix")
ok(value == nil and (refused.ACCES or refused.PERM or refused.ROFS), "sysctl(): one not to write",
	tostring(refused))
for _, bad in ipairs { "../self/status", "/kernel/ostype", "kernel/../ostype" } do
	raises(function() S.sysctl(bad) end, "#1 to 'sysctl' (a name below /proc/sys",
		"sysctl(): " .. bad)
end
raises(function() S.sysctl "a\0b" end, "'sysctl'", "sysctl(): a NUL")

local size, no_log = S.syslog "size_buffer"
ok(size and size > 0 or no_log.PERM, "syslog(): its size")
local log
log, no_log = S.syslog("read_all", nil, 200)
ok(log and #log <= 200 or no_log.PERM, "syslog(): its end")
fails(function() return S.syslog("console_level", 99) end, S.geteuid() == 0 and "INVAL" or "PERM",
	"syslog(): no such level")
raises(function() S.syslog "shout" end, "no SYSLOG_ACTION", "syslog(): no such type")

-- The end: never without its magic number, and here by nobody who may.

for _, command in ipairs { "restart", "halt", "power_off", "sw_suspend", "kexec", 0x1234567 } do
	raises(function() S.reboot(command) end, "#3 (magic) to 'reboot' (S.c.LINUX_REBOOT.MAGIC2",
		"reboot(): " .. command)
end
raises(function() S.reboot("halt", nil, 5) end, "#3 (magic) to 'reboot'",
	"reboot(): another number")
raises(function() S.reboot "sleep" end, "no LINUX_REBOOT_CMD", "reboot(): no such command")

-- In a user namespace, where nobody holds a right over the host.

local was_root = S.geteuid() == 0
local made, why = S.unshare "newuser, newuts"
if made then
	ok(S.sethostname "inside" and S.gethostname() == "inside", "sethostname()")
	ok(S.setdomainname "example" and S.getdomainname() == "example", "setdomainname()")
	if was_root then
		local done, not_done = S.sysctl("kernel.hostname", "again")
		ok(done and S.gethostname() == "again" or not_done and not_done.ROFS,
			"sysctl() writes what is the namespace's own", tostring(not_done))
	else
		tap.skip("sysctl() writes", "host: needs root")
	end
	fails(function() return S.sethostname(("x"):rep(65)) end, "INVAL", "sethostname(): too long")
	fails(function() return S.setdomainname(("x"):rep(65)) end, "INVAL", "setdomainname(): too long")
	fails(function() return S.reboot "cad_on" end, "PERM", "reboot() where nobody may")
	fails(function() return S.vhangup() end, "PERM", "vhangup() where nobody may")
	local no_module = { PERM = true, NOSYS = true, BADF = true, NOEXEC = true, INVAL = true }
	for name, f in pairs {
		delete_module = function() return S.delete_module("nothing", "nonblock") end,
		init_module = function() return S.init_module("no module", nil, "") end,
		finit_module = function() return S.finit_module(0, "") end,
		kexec_load = function() return S.kexec_load(0, {}) end,
		kexec_file_load = function() return S.kexec_file_load(0, nil, "quiet") end,
	} do
		local done, err = f()
		ok(done == nil and no_module[err.sym:sub(2)], name .. "() where nobody may", tostring(err))
	end
else
	tap.skip("names", "host: unshare() says " .. tostring(why))
end
raises(function() S.sethostname(5) end, "#1 (name) to 'sethostname' (a text", "sethostname()")
raises(function() S.setdomainname "a\0b" end, "#1 (name) to 'setdomainname' (a text", "a NUL")
raises(function() S.init_module(5, 5, "") end, "to 'init_module'", "init_module(): a number")
raises(function() S.finit_module(0, "", "hard") end, "no MODULE_INIT", "finit_module(): no flag")
raises(function() S.delete_module(5) end, "to 'delete_module'", "delete_module(): a number")
raises(function() S.kexec_load(0, 5) end, "#2 (nr_segments) to 'kexec_load'", "kexec_load()")
raises(function() S.kexec_load(0, { 5 }) end, "'kexec_load' (a table", "kexec_load(): no segment")
raises(function() S.kexec_load(0, { {} }) end, "'kexec_load' (a list of", "kexec_load(): no text")
raises(function() S.kexec_file_load(0, "none") end,
	"#2 (initrd_fd) to 'kexec_file_load' (an open fd", "kexec_file_load()")

is(check.open_fds(), before, "no fd is left open")
tap.done()
