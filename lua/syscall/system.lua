-- system.lua - names of the host, its state, its log, its settings, modules, and its end

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local whole = require "syscall.whole"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	uname = "out:utsname -> out",
	sysinfo = "out:sysinfo -> out",
	vhangup = "-> true",
	getrandom = "room flags:GRND -> bytes retry",
	init_module = "data text -> true",
	finit_module = "fd text flags:MODULE_INIT -> true",
	delete_module = "text flags:O -> true",
}

-- Names: those of uname(2), so that they are the namespace's.

local uname = bind("uname", "out:utsname -> out")

function M.gethostname()
	local names, err = uname()
	return names and names.nodename, err
end

function M.getdomainname()
	local names, err = uname()
	return names and names.domainname, err
end

local function setter(name)
	local set = bind(name, "text i32 -> true")
	return function(value)
		return set(value, #check.path(name, 1, value))
	end
end

M.sethostname = setter "sethostname"
M.setdomainname = setter "setdomainname"

-- syslog(type [, memory or nil [, length]]) - as in klogctl(3): what is read is text where no
-- memory is given; of other types a number
local log_text = bind("syslog", "enum:SYSLOG_ACTION room -> bytes")
local log_number = bind("syslog", "enum:SYSLOG_ACTION #0 i32=0 -> int")
local reads = { READ = true, READ_ALL = true, READ_CLEAR = true }

function M.syslog(kind, buffer, length)
	local number = c.SYSLOG_ACTION[kind]
	if reads[constants.name("SYSLOG_ACTION", number)] then
		if buffer == nil and length == nil then
			local size, err = log_number(c.SYSLOG_ACTION.SIZE_BUFFER)
			if not size then
				return nil, err
			end
			length = size
		end
		return log_text(number, buffer, length)
	end
	return log_number(number, length)
end

-- reboot(command [, text]): restart2 takes the text. What ends the machine wants the magic number
-- LINUX_REBOOT_MAGIC2 as a third argument: no slip of the pen may do that.
local reboot = bind("reboot",
	"#LINUX_REBOOT.MAGIC1 #LINUX_REBOOT.MAGIC2 enum:LINUX_REBOOT_CMD text? -> true")
local stays = { CAD_ON = true, CAD_OFF = true }

function M.reboot(command, text, magic)
	local number = c.LINUX_REBOOT_CMD[command]
	if not stays[constants.name("LINUX_REBOOT_CMD", number)] and magic ~= c.LINUX_REBOOT.MAGIC2 then
		errors.raise("bad argument #3 (magic) to 'reboot' (S.c.LINUX_REBOOT.MAGIC2 expected: this ends "
			.. "the machine; got %s)", tostring(magic))
	end
	return reboot(number, text)
end

-- sysctl(name [, value]): "kernel.ostype" or "net/ipv4/conf/eth0.1/mtu" in /proc/sys. Reads text
-- without its last newline; with a value it writes. A table, { [name] = value }, writes each.
local function file_of(name)
	check.path("sysctl", 1, name)
	local path = name:find "/" and name or name:gsub("%.", "/")
	if path:find "^/" or ("/" .. path .. "/"):find("/../", 1, true) then
		errors.complain("sysctl", 1, "a name below /proc/sys", name)
	end
	return "/proc/sys/" .. path
end

function M.sysctl(name, value)
	if type(name) == "table" then
		for key, one in pairs(name) do
			local done, err = M.sysctl(key, one)
			if not done then
				return nil, err
			end
		end
		return true
	end
	local path = file_of(name)
	if value ~= nil then
		return whole.write(path, tostring(value))
	end
	local text, err = whole.read(path)
	return text and text:gsub("\n$", ""), err
end

-- kexec_load(entry, { { data, address, size }, … }, flags) loads nothing where the list is empty,
-- which takes away what was loaded; kexec_file_load(kernel, initrd or nil, command line, flags)
local load_file = bind("kexec_file_load", "fd i32 size text flags:KEXEC_FILE -> true")

function M.kexec_file_load(kernel, initrd, line, flags)
	line = check.path("kexec_file_load", 3, line or "")
	flags = c.KEXEC_FILE[flags or 0]
	if initrd == nil then
		flags = flags | c.KEXEC_FILE.NO_INITRAMFS
	end
	return load_file(kernel, initrd and check.fd("kexec_file_load", 2, initrd) or -1, #line + 1, line,
		flags)
end

M.kexec_file_load = load_file and M.kexec_file_load

local load_segments = bind("kexec_load", "u64 size mem? flags:KEXEC -> true")
local SEGMENT, MOST_SEGMENTS = 32, 16 -- KEXEC_SEGMENT_MAX

function M.kexec_load(entry, segments, flags)
	if #check.table("kexec_load", 2, segments) > MOST_SEGMENTS then
		errors.complain("kexec_load", 2, "at most 16 segments", segments)
	end
	local list = memory.new(math.max(1, SEGMENT * #segments))
	for i, one in ipairs(segments) do
		local at = SEGMENT * (i - 1)
		local text = check.table("kexec_load", 2, one)[1]
		if type(text) ~= "string" then
			errors.complain("kexec_load", 2, "a list of { text, address, size }", text)
		end
		local data = memory.new(text)
		list:point(at, data)
		list:u64(at + 8, #data)
		list:u64(at + 16, check.integer("kexec_load", 2, one[2], 0))
		list:u64(at + 24, check.integer("kexec_load", 2, one[3] or #data, #data))
	end
	return load_segments(entry, #segments, list, flags)
end

return M
