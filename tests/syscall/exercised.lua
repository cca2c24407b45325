-- exercised.lua - is each function of the index called for a success and for an error by the tests?
--
-- Runs the tests of the families with a recorder (tests/lib/exercised.lua), as the caller and,
-- where that is root, as uid 1000, and looks at what was marked. A method is one of these functions
-- with the fd in front, so a call of either counts. What cannot be shown stands below with its
-- reason; a name that stands there and is shown all the same is a failure, so that the lists stay
-- short.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local exercised = require "exercised"
local index = require "syscall.index"
local S = require "syscall"

-- Reason → functions that no test calls with success, or with an error.
local without = {
	success = {
		["does not return"] = "_exit execve execveat exit reboot",
		["returns when a handler has run, and the library sets none"] = "pause sigsuspend",
		["changes the host: accounting, clock, kernel, probes, swap"] = [[
			acct clock_settime settimeofday init_module finit_module delete_module kexec_load
			kexec_file_load perf_probe swapon swapoff]],
		["hangs up the terminal of whoever runs the tests"] = "vhangup",
		["needs a file system with quotas"] = "quotactl quotactl_fd",
		["Linux cancels only what is polled, and then answers EINPROGRESS"] = "io_cancel",
	},
	error = {
		["does not return"] = "_exit exit pause sigsuspend",
		["the kernel has no error for it"] = [[
			alarm getegid geteuid getgid getgroups getpgrp getpid getppid getresgid getresuid
			gettid gettimeofday getuid munlockall personality sched_yield setfsgid setfsuid sigpending
			sync sysinfo time umask uname getcpu]],
		["memory that the library lets through is mapped"] = "munlock munmap",
		["does not ask the kernel, or nothing of it that could fail"] = [[
			atexit clearenv environ errno getdomainname getenv gethostname getpagesize setenv
			unsetenv perf_reader]],
		["a signal that is awaited ends it"] = "sigwaitinfo",
		["its time is no larger than a timespec holds"] = "sleep",
	},
}

-- Shown or not: a process must be dying just then.
local by_chance = { process_mrelease = true }

local function shell(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- This interpreter, with what stands between it and a script.
local function interpreter()
	local program = assert(S.readlink("/proc/self/exe", nil, 4096))
	return shell(program) .. (program:find "lunette$" and " lua" or "")
end

local marks = os.tmpname()
do
	local file <close> = assert(S.open(marks, "rdwr"))
	assert(file:truncate(exercised.SIZE) and file:fchmod "0666")
end

-- Runs a test and answers what it says of the host.
local function run(user, path, name)
	local out = assert(io.popen(("LUNETTE_EXERCISED=%s %s%s %s 2>&1"):format(shell(marks), user,
		interpreter(), path)))
	local text = out:read "a"
	local wrong = ("\n" .. text):match "\nnot ok.*" or text:sub(-1000)
	tap.ok(out:close(), name, wrong:sub(1, 2000))
	return text:match "# SKIP (host:[^\n]*)"
end

local as_user = "setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all env TMPDIR=/tmp "
local is_root = S.geteuid() == 0
local skipped = {} -- family → the first thing that its test says the host lacks
local files = assert(io.popen "ls tests/syscall/*.lua")
for path in files:lines() do
	local name = path:match "([%w_]+)%.lua$"
	if index.families[name] or name == "core" then
		skipped[name] = run("", path, name .. ": runs with a recorder")
		if is_root then
			run(as_user, path, name .. ": runs so as uid 1000")
		end
	end
end
files:close()

local found = exercised.read(marks)
os.remove(marks)
for _, kind in ipairs { "success", "error" } do
	local listed, wrong, lacking = {}, {}, {}
	for _, names in pairs(without[kind]) do
		for name in names:gmatch "%S+" do
			listed[name] = true
		end
	end
	for _, name in ipairs(exercised.names) do
		local shown = found[name][kind]
		local host = skipped[index.functions[name]] or found[name].lacking
		if shown and listed[name] then
			wrong[#wrong + 1] = name .. " (stands in the list, and is shown)"
		elseif not shown and not listed[name] and not by_chance[name] and S[name] then
			local list = (host or not is_root) and lacking or wrong
			list[#list + 1] = name
		end
	end
	tap.is(table.concat(wrong, " "), "", "each function is called with " .. kind)
	if #lacking > 0 then
		tap.skip("with " .. kind .. ": " .. table.concat(lacking, " "),
			"host: its tests say what is lacking, or are not run as root")
	end
end
local uncalled = {}
for _, name in ipairs(exercised.names) do
	if S[name] and not found[name].called and not skipped[index.functions[name]] then
		uncalled[#uncalled + 1] = name
	end
end
tap.is(table.concat(uncalled, " "), "", "each function is called")
for method, target in pairs(index.methods) do
	if S.stdin[method] ~= S[target] then
		tap.ok(false, ("the method %s is S.%s"):format(method, target))
	end
end
tap.ok(exercised.names[1] and #exercised.names > 287, "there are functions", #exercised.names)
tap.done()
