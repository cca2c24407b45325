-- container.lua - examples/container.lua: what a program inside sees, as root and as an ordinary
-- user; and load_all(), without which a program could not leave the library's files behind

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is = tap.ok, tap.is

local before = check.open_fds()
local root = S.geteuid() == 0

-- run(script) - status and output of a shell inside. As root in a network of the test's own.
local function run(script)
	local _, _, reader, writer = assert(S.pipe "cloexec")
	local pid = assert(S.fork())
	if pid == 0 then
		assert(not root or S.unshare "newnet")
		assert(writer:dup2(1) and writer:dup2(2))
		collectgarbage() -- standard output stays what it is
		assert(loadfile "examples/container.lua")("sh", "-c", script)
	end
	writer:close()
	local text = assert(require("syscall.whole").from(reader))
	reader:close()
	return select(3, S.waitpid(pid)), text
end

-- Calls that no program of the system makes so: a process with namespaces, by both ways.
local number = require("syscall.call").number
local calls = ([[/usr/bin/python3 -c 'import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
made = c.syscall(%d, 0x10000011, 0, 0, 0, 0)
if made == 0: os._exit(0)
print("clone", made, ctypes.get_errno())
print("clone3", c.syscall(%d, 0, 0), ctypes.get_errno())'
]]):format(number "clone", number "clone3")

local status, text = run(calls .. [[
	echo "id $(id -u) $(id -g) $(id -G)"; echo "map $(tr -s ' ' </proc/self/uid_map)"
	echo "name $(hostname)"; echo "dirs $(echo /*)"; echo "dev $(echo /dev/*)"
	grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status
	echo x 2>/dev/null >/x || echo "root read-only"
	echo x 2>/dev/null >/usr/x || echo "usr read-only"
	echo x >/tmp/x && echo "tmp writable"
	echo x >/dev/null && echo "null there"
	echo "processes $(ls -d /proc/[0-9]* | wc -l)"
	echo "net $(tail -n +3 /proc/net/dev | sed 's/:.*//' | tr -d ' ' | sort | tr '\n' ' ')"
	unshare -U true 2>/dev/null || echo "no user namespace"
	unshare -m true 2>/dev/null || echo "no mount namespace"
	mount -t tmpfs x /tmp 2>/dev/null || echo "no mount"
	(sleep 0.1 &) ; exit 7
]])
local function says(pattern, name)
	ok(text:find(pattern), name, text)
end
is(status.exitstatus, 7, "the status is the program's")
says("id 0 0 0\n", "root inside")
says(("map +0 %d 1"):format(root and 65534 or S.getuid()), "who is nobody, or who called, outside")
says("name container\n", "a name of its own")
says("dirs /bin /dev /etc [^\n]*/proc [^\n]*/tmp /usr\n", "a root of its own")
says("dev /dev/full /dev/null /dev/random /dev/urandom /dev/zero\n", "devices")
says("CapBnd:\t00000000000004fb\n", "few capabilities to have")
says("CapEff:\t00000000000004fb\n", "and few to use")
says("NoNewPrivs:\t1\nSeccomp:\t2\n", "a filter")
says("root read%-only\nusr read%-only\ntmp writable\nnull there\n", "what can be written")
says(root and "net eth0 lo \n" or "net lo \n", "a network of its own")
says("no user namespace\nno mount namespace\nno mount\n", "what the filter and the lack refuse")
says("clone %-1 1\nclone3 %-1 38\n", "flags of clone, and clone3")
local processes = tonumber(text:match "processes (%d+)")
ok(processes and processes <= 6, "only its own processes", text)
if root then
	local _
	_, text = run [[cat /etc/shadow >/dev/null 2>&1 || echo hidden
		grep -q '^eth0.*00000000' /proc/net/route && echo route]]
	says("hidden\n", "what only the host's root may read")
	says("route\n", "a way to the host")
else
	tap.skip("what root has of the host", "host: needs root")
end
status = run "kill -9 $$"
is(status.exitstatus, 128 + 9, "a program that is killed")
status = run "exec /no/such/program"
is(status.exitstatus, 127, "a program that is not there")

-- load_all()

is(check.in_child(function()
	S.load_all()
	local list = io.popen "ls lua/syscall/*.lua lua/syscall/types/*.lua"
	for path in list:lines() do
		local name = path:match "lua/(.*)%.lua$":gsub("/", ".")
		local apart = name == "syscall.lfs" or name == "syscall.init"
		assert(package.loaded[name] or apart, name)
	end
	return true
end), 0, "load_all() loads all files but LuaFileSystem's")
is(check.in_child(function()
	S.load_all()
	package.searchers = {}
	local good, message = pcall(S.open, 5)
	assert(not good and message:find "pathname", message)
	assert(S.uname().sysname == "Linux" and S.process.limits.soft.nofile)
	assert(S.t.sockaddr_in(80, "1.2.3.4").port == 80 and S.util.ps() and S.nl.interfaces())
	return true
end), 0, "after which nothing is loaded any more")

is(check.open_fds(), before, "no fd is left open")
tap.done()
