-- security.lua - capabilities, prctl(2), seccomp(2), Landlock, keys
--
-- What cannot be taken back is done in children, which assert.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()

local function child(name, f)
	is(check.in_child(function()
		f()
		return true
	end), 0, name)
end

-- Capabilities

local caps = assert(S.capget())
is(caps.effective, caps.permitted, "capget()")
is(assert(S.capget(S.getpid())).permitted, caps.permitted, "capget() of a process")
is(S.capget(S.t.user_cap_header { version = "3" }).permitted, caps.permitted, "by a header")
is(caps.version, S.c.LINUX_CAPABILITY_VERSION["3"], "its version")
fails(function() return S.capget(0x7fffffff) end, "SRCH", "capget(): no such process")
raises(function() S.capget "one" end, "#1 (hdrp) to 'capget'", "capget(): a text")
ok(S.capset(caps), "capset()")
child("capset() takes capabilities away for good", function()
	assert(S.capset {})
	local now = S.capget()
	assert(now.permitted.value == 0 and not now.effective.sys_admin)
	now.effective.sys_admin = true
	now.permitted.sys_admin = true
	local done, err = S.capset(now)
	assert(not done and err.PERM)
end)
raises(function() S.capset(1) end, "#1 (hdrp) to 'capset' (a table", "capset(): a number")
raises(function() S.capset { effective = "sys_odmin" } end, "did you mean \"SYS_ADMIN\"",
	"capset(): no such capability")
local set = S.t.cap "chown, kill"
set.kill, set.bpf = false, true
is(tostring(set) .. set.value, "BPF,CHOWN" .. (1 | 1 << 39), "cap: a set")
is(tostring(S.t.capabilities { permitted = { "chown", kill = true } }),
	"effective: ; permitted: CHOWN,KILL; inheritable: ", "capabilities")

-- prctl()

local name = S.prctl "get_name"
ok(S.prctl("set_name", "renamed") and S.prctl "get_name" == "renamed", "prctl(): the name")
S.prctl("set_name", name)
is(S.prctl("set_pdeathsig", "term") and S.prctl "get_pdeathsig", S.c.SIG.TERM,
	"prctl(): what is stored")
S.prctl("set_pdeathsig", 0)
is(S.prctl "get_dumpable" // 1, S.prctl "get_dumpable", "prctl(): a number")
is(S.prctl("capbset_read", "chown") & ~1, 0, "prctl(): 0 or 1")
fails(function() return S.prctl("set_pdeathsig", 999) end, "INVAL", "prctl(): no such signal")
fails(function() return S.prctl("cap_ambient", "raise", 63) end, "INVAL",
	"prctl(): no such ambient capability")
is(S.prctl("cap_ambient", "is_set", "chown"), 0, "prctl(): an ambient capability")
for _, option in ipairs { "set_mm", "set_vma", "get_tid_address", "set_syscall_user_dispatch",
	12345 } do
	raises(function() S.prctl(option, 4096, 4096) end, "(option) to 'prctl' (an option without",
		"prctl(): refused, " .. option)
end
raises(function() S.prctl("set_timerslack", "long") end, "'prctl' (a whole number",
	"prctl(): a text")
raises(function() S.prctl("set_name", 4096) end, "'prctl' (a text", "prctl(): a number for a text")
raises(function() S.prctl "set_nome" end, "did you mean \"SET_NAME\"", "prctl(): no such option")
child("prctl(): no_new_privs, securebits", function()
	assert(S.prctl "get_no_new_privs" == 0 and S.prctl("set_no_new_privs", true))
	assert(S.prctl "get_no_new_privs" == 1)
	local done, err = S.prctl("set_securebits", "noroot")
	assert(done and S.prctl "get_securebits" == S.c.SECBIT.NOROOT or err.PERM)
end)

-- seccomp()

local f = S.t.sock_filter
local function refuse(call, answer)
	return {
		f("LD,W,ABS", 0),
		f("JMP,JEQ,K", require("syscall.call").number(call), 0, 1),
		f("RET,K", S.c.SECCOMP_RET[answer] | (answer == "errno" and S.c.E.PERM or 0)),
		f("RET,K", S.c.SECCOMP_RET.ALLOW),
	}
end
ok(S.seccomp("get_action_avail", nil, "allow"), "seccomp(): an action there is")
is(S.seccomp("get_action_avail", nil, 12345), false, "seccomp(): an action there is not")
is(S.seccomp("get_notif_sizes").seccomp_data, S.t.seccomp_data.size, "seccomp(): sizes")
raises(function() S.t.sock_fprog1 {} end, "sock_fprog1: a list of", "sock_fprog1: nothing")
raises(function() S.seccomp(99) end, "#1 (operation) to 'seccomp' (an operation", "seccomp()")
raises(function() S.seccomp("set_mode_filter", "fast", {}) end, "no SECCOMP_FILTER_FLAG",
	"seccomp(): no such flag")
fails(function() return S.seccomp("set_mode_filter", 0, {}) end, "INVAL", "seccomp(): no filter")
fails(function() return S.seccomp("set_mode_strict", 1) end, "INVAL",
	"seccomp(): strict has no flags")
child("seccomp(): a filter, and a second by prctl()", function()
	assert(S.prctl("set_no_new_privs", true))
	assert(S.seccomp("set_mode_filter", "log", refuse("getsid", "errno")))
	local done, err = S.getsid()
	assert(not done and err.PERM)
	assert(S.prctl("set_seccomp", "filter", refuse("getpgid", "errno")))
	done, err = S.getpgid()
	assert(not done and err.PERM and S.getpid())
	local list = refuse("getpriority", "errno") -- as ljsyscall's programs write it
	local filters = S.t.sock_filters(#list, list)
	assert(S.prctl("set_seccomp", "filter", S.t.sock_fprog1 { { #list, filters } }))
	assert(not S.getpriority "process" and S.getpid())
	assert(S.prctl "get_seccomp" == S.c.SECCOMP_MODE.FILTER)
end)
child("seccomp(): a listener", function()
	assert(S.prctl("set_no_new_privs", true))
	local fd = assert(S.seccomp("set_mode_filter", "new_listener", refuse("getsid", "user_notif")))
	assert(S.fcntl(fd, "getfd") == 1)
end)

-- Landlock

local version, why = S.landlock_create_ruleset(nil, "version")
if version then
	ok(version >= 1, "landlock_create_ruleset(): the version")
	fails(function() return S.landlock_create_ruleset(nil, 0x1000) end, "INVAL",
		"landlock_create_ruleset(): no such flag")
	fails(function() return S.landlock_create_ruleset {} end, "NOMSG",
		"landlock_create_ruleset(): nothing is handled")
	raises(function() S.landlock_create_ruleset { handled_access_fs = "read" } end,
		"no LANDLOCK_ACCESS_FS", "landlock_create_ruleset(): no such right")
	child("landlock: only what the rules allow", function()
		local rules <close> = assert(S.landlock_create_ruleset {
			handled_access_fs = "read_file, read_dir" })
		local root <close> = assert(S.open("/proc", "path, cloexec"))
		assert(S.landlock_add_rule(rules, "path_beneath", { parent_fd = root,
			allowed_access = "read_file" }))
		local done, err = S.landlock_add_rule(rules, "path_beneath", { parent_fd = root })
		assert(not done and err.NOMSG)
		done, err = S.landlock_add_rule(rules, "net_port", { allowed_access = "bind_tcp", port = 1 })
		assert(not done and (err.INVAL or err.AFNOSUPPORT))
		assert(S.prctl("set_no_new_privs", true) and S.landlock_restrict_self(rules))
		assert(S.open "/proc/self/status")
		done, err = S.open("/", "directory")
		assert(not done and err.ACCES)
	end)
	fails(function() return S.landlock_restrict_self(9999) end, caps.effective.sys_admin and "BADF"
		or "PERM", "landlock_restrict_self(): no fd, or no no_new_privs")
	fails(function() return S.landlock_add_rule(9999, "path_beneath", { parent_fd = 0,
		allowed_access = "read_file" }) end, "BADF", "landlock_add_rule(): no fd")
	raises(function() S.landlock_add_rule(0, 77, {}) end, "'landlock_add_rule' (a kind of",
		"landlock_add_rule(): no such kind")
	raises(function() S.landlock_add_rule(0, "path_beneath", { parent_fd = "none" }) end,
		"parent_fd: an open fd expected", "landlock_add_rule(): no fd in the rule")
else
	tap.skip("landlock", "host: the kernel says " .. tostring(why))
end
raises(function() S.landlock_restrict_self "none" end, "#1 (ruleset_fd)",
	"landlock_restrict_self()")

-- Keys, in a session of the child's own

local key, refused = S.keyctl("get_keyring_id", "process_keyring", 1)
if key then
	child("keys", function()
		local session = assert(S.keyctl("join_session_keyring", nil))
		local long = ("x"):rep(1000)
		local one = assert(S.add_key("user", "one", long, nil, "session_keyring"))
		assert(S.keyctl("read", one) == long)
		assert(S.keyctl("describe", one):match "^user;.*;one$")
		assert(S.keyctl("update", one, "short", nil) and S.keyctl("read", one) == "short")
		assert(S.keyctl("search", session, "user", "one", 0) == one)
		assert(S.request_key("user", "one", nil, 0) == one)
		assert(S.keyctl("setperm", one, 0x3f3f0000) and S.keyctl("set_timeout", one, 100))
		local ring = assert(S.add_key("keyring", "ring", "", nil, session))
		assert(S.keyctl("link", one, ring) and S.keyctl("unlink", one, ring))
		assert(S.keyctl("clear", ring) and S.keyctl("revoke", one))
		local done, err = S.keyctl("read", one)
		assert(not done and err.KEYREVOKED)
		done, err = S.keyctl("invalidate", 0x7ffffff0)
		assert(not done and err.NOKEY)
		done, err = S.add_key("nothing", "one", "", nil, session)
		assert(not done and err.NODEV)
		done, err = S.request_key("user", "none of that name", nil, 0)
		assert(not done and (err.NOKEY or err.NOENT))
	end)
else
	tap.skip("keys", "host: the kernel says " .. tostring(refused))
end
raises(function() S.keyctl("dh_compute", 4096) end, "(operation) to 'keyctl' (an operation that",
	"keyctl(): one that the library lacks")
raises(function() S.keyctl("update", 1, 4096) end, "to 'keyctl'", "keyctl(): a number for data")
raises(function() S.add_key("user", 5, "x", nil, 0) end, "#2 (description) to 'add_key'",
	"add_key(): a number for a text")
raises(function() S.request_key("user", "x", nil, "no_keyring") end, "no KEY_SPEC", "request_key()")

is(check.open_fds(), before, "no fd is left open")
tap.done()
