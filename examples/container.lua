-- container.lua - a program in a container: lunette lua container.lua PROGRAM [ARGUMENT]...
--
-- By root or by anybody, who is root inside and outside nobody or who called. The system's programs
-- are there to read, /proc, /dev and /tmp are its own; as root a veth pair leads to the host.
local S = require "syscall"
local number, nl, as_root = require("syscall.call").number, S.nl, S.geteuid() == 0
local SPACES = S.c.CLONE "newuser, newns, newpid, newnet, newuts, newipc, newcgroup"
local KEPT = S.t.cap "chown, dac_override, fowner, fsetid, kill, setgid, setuid, net_bind_service"
local REFUSED = [[unshare setns ptrace keyctl add_key request_key bpf perf_event_open userfaultfd
	io_uring_setup process_vm_writev]] -- what capabilities do not already keep from it

local function filter() -- rows of struct sock_filter: code, jump if true, jump if false, value
	local RET, ERRNO = S.c.SECCOMP_RET, S.c.SECCOMP_RET.ERRNO
	local kill, deny = { "RET,K", k = RET.KILL_PROCESS }, { "RET,K", k = ERRNO | S.c.E.PERM }
	local list = {
		{ "LD,W,ABS", k = 4 }, { "JMP,JEQ,K", 1, 0, S.util.auditarch() }, kill,
		{ "LD,W,ABS", k = 0 }, { "JMP,JGE,K", 0, 1, 0x40000000 }, kill, -- x32
		{ "JMP,JEQ,K", 0, 4, number "clone" }, -- whose flags are its first argument
		{ "LD,W,ABS", k = 16 }, { "JMP,JSET,K", 0, 1, SPACES }, deny, { "LD,W,ABS", k = 0 },
		{ "JMP,JEQ,K", 0, 1, number "clone3" }, { "RET,K", k = ERRNO | S.c.E.NOSYS }, -- in memory
	}
	for name in REFUSED:gmatch "%S+" do
		list[#list + 1] = { "JMP,JEQ,K", 0, 1, number(name) }
		list[#list + 1] = deny
	end
	list[#list + 1] = { "RET,K", k = RET.ALLOW }
	return list
end

-- The new root is a tmpfs with read-only copies of the system's mounts; the host's is given up.
local function change_root(root)
	assert(S.mount("none", "/", nil, "rec, private"))
	assert(S.mount("root", root, "tmpfs", "nosuid, nodev", "mode=755"))
	for name in ("usr bin sbin lib lib32 lib64 etc"):gmatch "%S+" do
		local from, to = "/" .. name, root .. "/" .. name
		if S.readlink(from) then
			assert(S.symlink(S.readlink(from), to))
		elseif S.stat(from) then
			local tree <close> = assert(S.open_tree(nil, from, "clone, recursive, cloexec"))
			local locks = { attr_set = "rdonly, nosuid, nodev" }
			assert(S.mount_setattr(tree, "", "empty_path, recursive", locks) and S.mkdir(to, "755"))
			assert(S.move_mount(tree, "", nil, to, "f_empty_path"))
		end
	end
	assert(S.mkdir(root .. "/proc", "755") and S.mount("proc", root .. "/proc", "proc"))
	assert(S.mkdir(root .. "/tmp") and S.mount("tmp", root .. "/tmp", "tmpfs", "nosuid, nodev"))
	assert(S.mkdir(root .. "/dev", "755"))
	for name in ("/dev/null /dev/zero /dev/full /dev/random /dev/urandom"):gmatch "%S+" do
		assert(S.util.createfile(root .. name) and S.mount(name, root .. name, nil, "bind"))
	end
	assert(S.chdir(root) and S.pivot_root(".", ".") and S.umount(".", "detach") and S.chdir "/")
	assert(S.mount_setattr(nil, "/", 0, { attr_set = "rdonly" }))
end

local function run(argv) -- gives up what the program need not have, the filter last
	for cap = 0, S.proc.sys.kernel.cap_last_cap do
		assert(KEPT.value >> cap & 1 == 1 or S.prctl("capbset_drop", cap))
	end
	assert(S.capset { effective = KEPT, permitted = KEPT })
	S.process.no_new_privs, S.process.limits.nproc = true, 512
	assert(S.close_range(3, 0xffffffff, "cloexec") and S.seccomp("set_mode_filter", 0, filter()))
	assert(S.execve("/usr/bin/env", argv, { PATH = "/usr/bin:/bin", HOME = "/tmp" }))
end

local function init(ready, address, argv) -- process 1: sets up, runs the program, reaps
	assert(ready:read(nil, 1) == "g" and (S.setgroups {} or not as_root)) -- our maps are written
	assert(S.setresgid(0, 0, 0) and S.setresuid(0, 0, 0) and S.prctl("set_pdeathsig", "kill"))
	assert(S.setsid() and S.sethostname "container") -- without a terminal to push keys into
	change_root "/tmp"
	assert(nl.interface("lo"):up())
	assert(not as_root or nl.interface("eth0"):up():address(address .. "2/30")
		and nl.newroute { dst = "default", via = address .. "1" })
	local program = assert(S.fork())
	assert(program > 0 or run(argv))
	local pid, _, status
	repeat
		pid, _, status = S.wait()
	until pid == program
	S._exit(status.ifexited and status.exitstatus or 128 + status.termsig)
end

S.load_all() -- inside, the library's files may not be there
local address = ("10.%d.%d."):format(128 + (S.getpid() >> 8 & 127), S.getpid() & 255)
local _, _, ready, go = assert(S.pipe "cloexec")
local pid = assert(S.clone(SPACES, "chld"))
if pid == 0 then
	init(go:close() and ready, address, { "env", ... })
elseif as_root then
	assert(assert(nl.create_interface { name = "lunette" .. pid, kind = "veth",
		peer = { name = "eth0", netns = pid } }):up():address(address .. "1/30"))
else
	S.proc[pid].setgroups = "deny"
end
S.proc[pid].gid_map = { { 0, as_root and 65534 or S.getgid(), 1 } }
S.proc[pid].uid_map = { { 0, as_root and 65534 or S.getuid(), 1 } }
go:write "g"
local _, _, status = assert(S.waitpid(pid))
os.exit(status.ifexited and status.exitstatus or 125)
