-- proc_forms.lua - the forms that files of /proc have, taken apart
--
-- M.process and M.system name the form of a file by its place in /proc/PID and in /proc; what is in
-- neither is one number or one line where it is that, and else its text. A program can say what it
-- likes in its name, its arguments and its environment, so nothing is split at what may stand
-- within these.

local lists = require "syscall.lists"

local M = {}

-- A whole number that is written in decimal, or nil: also what is too large for an integer stays
-- text.
local function whole(text)
	return text:find "^-?%d+$" and math.tointeger(tonumber(text)) or nil
end

local function line(text)
	return (text:gsub("\n$", ""))
end

-- One line or one number; several lines stay as they are.
function M.plain(text)
	local one = line(text)
	if one:find "\n" then
		return text
	end
	return whole(one) or one
end

local function lines(text)
	return text:gmatch "[^\n]+"
end

local function words(text)
	local list = {}
	for word in text:gmatch "%S+" do
		list[#list + 1] = whole(word) or word
	end
	return list
end

-- Each line a table with the words of it under @names.
local function rows(names, skip)
	return function(text)
		local list = {}
		local number = 0
		for one in lines(text) do
			number = number + 1
			if number > (skip or 0) then
				local row = {}
				for i, word in ipairs(words(one)) do
					row[names[i] or i] = word
				end
				list[#list + 1] = row
			end
		end
		return list
	end
end

-- What ends with a NUL each
local function texts(text)
	local list = {}
	text = (text == "" or text:find "\0$") and text or text .. "\0"
	for one in text:gmatch "([^\0]*)\0" do
		list[#list + 1] = one
	end
	return list
end

-- "Name: value" a line. kB become bytes; sets of signals and capabilities are numbers.
local of_words = { Uid = true, Gid = true, Groups = true, NStgid = true, NSpid = true,
	NSpgid = true, NSsid = true }
local as_text = { Name = true, Cpus_allowed = true, Mems_allowed = true, Cpus_allowed_list = true,
	Mems_allowed_list = true }

local function field(key, value)
	local kilobytes = value:match "^(%d+) kB$"
	if as_text[key] then
		return value
	elseif of_words[key] then
		return words(value)
	elseif key:find "^Cap%u" or key:find "^Sig[A-PR-Z]%a+$" or key == "ShdPnd" then
		return math.tointeger(tonumber(value, 16)) or value
	elseif key == "Umask" then
		return tonumber(value, 8) or value
	end
	return kilobytes and tonumber(kilobytes) * 1024 or whole(value) or value
end

-- A table of lines that are each a name and a value, which @read makes something of.
local function named(pattern, read)
	return function(text)
		local out = {}
		for one in lines(text) do
			local key, value = one:match(pattern)
			if key then
				out[key] = read(key, value)
			end
		end
		return out
	end
end

local fields = named("^(.-)%s*:%s*(.-)%s*$", field)
local pairs_of = named("^(%S+) (.*)$", function(_, value)
	return whole(value) or value
end)

-- /proc/PID

local stat_names = {}
for name in ([[
	pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime
	cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim startcode endcode
	startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap exit_signal
	processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time start_data end_data
	start_brk arg_start arg_end env_start env_end exit_code
]]):gmatch "%S+" do
	stat_names[#stat_names + 1] = name
end

-- The name stands in parentheses and may hold such: it ends with the last.
local function process_stat(text)
	local pid, comm, rest = text:match "^(%d+) %((.*)%) (.*)$"
	if not pid then
		return text
	end
	local out = { pid = whole(pid), comm = comm }
	for i, word in ipairs(words(rest)) do
		out[stat_names[i + 2] or i + 2] = word
	end
	return out
end

local limit_names = {
	["Max cpu time"] = "CPU", ["Max file size"] = "FSIZE", ["Max data size"] = "DATA",
	["Max stack size"] = "STACK", ["Max core file size"] = "CORE", ["Max resident set"] = "RSS",
	["Max processes"] = "NPROC", ["Max open files"] = "NOFILE", ["Max locked memory"] = "MEMLOCK",
	["Max address space"] = "AS", ["Max file locks"] = "LOCKS",
	["Max pending signals"] = "SIGPENDING", ["Max msgqueue size"] = "MSGQUEUE",
	["Max nice priority"] = "NICE", ["Max realtime priority"] = "RTPRIO",
	["Max realtime timeout"] = "RTTIME",
}

local function limits(text)
	local out = {}
	for one in lines(text) do
		local title, soft, hard = one:match "^(Max [%a ]-)%s%s+(%w+)%s+(%w+)"
		local name = limit_names[title or ""]
		if name then
			out[name:lower()] = { soft = whole(soft) or math.huge, hard = whole(hard) or math.huge }
		end
	end
	return out
end

local function environment(text)
	local out = {}
	for _, one in ipairs(texts(text)) do
		local name, value = one:match "^([^=]+)=(.*)$"
		if name then
			out[name] = value
		end
	end
	return out
end

local function maps(text)
	local list = {}
	for one in lines(text) do
		local first, last, permissions, offset, device, inode, path = one:match
			"^(%x+)%-(%x+) (%S+) (%x+) (%S+) (%d+)%s*(.*)$"
		if first then
			list[#list + 1] = { start = tonumber(first, 16), finish = tonumber(last, 16),
				permissions = permissions, offset = tonumber(offset, 16), device = device,
				inode = whole(inode), path = path ~= "" and path or nil }
		end
	end
	return list
end

local function cgroups(text)
	local list = {}
	for one in lines(text) do
		local id, controllers, path = one:match "^(%d+):([^:]*):(.*)$"
		if id then
			list[#list + 1] = { id = whole(id), controllers = controllers, path = path }
		end
	end
	return list
end

-- Words of tables of mounts: a blank is written \040 there, and so on (proc(5), getmntent(3)).
local function unescaped(word)
	return (word:gsub("\\([0-3][0-7][0-7])", function(octal)
		return string.char(tonumber(octal, 8))
	end))
end

local mount_metatable = {
	__tostring = function(self)
		return ("%s on %s type %s (%s)"):format(self.source, self.target, self.type, self.flags)
	end,
}

local mounts_metatable = {
	__tostring = function(self)
		return #self == 0 and "" or lists.lines(self) .. "\n"
	end,
}

local mountinfo_metatable = { __tostring = lists.lines }

-- fstab(5)'s form, which /proc/mounts has too
local function mounts(text)
	local list = {}
	for one in text:gmatch "[^\r\n]+" do
		local parts = {}
		for word in one:gmatch "%S+" do
			parts[#parts + 1] = unescaped(word)
		end
		if #parts >= 4 and parts[1]:sub(1, 1) ~= "#" then
			list[#list + 1] = setmetatable({ source = parts[1], target = parts[2], type = parts[3],
				flags = parts[4], freq = parts[5], passno = parts[6] }, mount_metatable)
		end
	end
	return setmetatable(list, mounts_metatable)
end

local function mountinfo(text)
	local list = {}
	for one in lines(text) do
		local id, parent, major, minor, root, target, flags, tags, kind, source, options = one:match
			"^(%d+) (%d+) (%d+):(%d+) (%S+) (%S+) (%S+) (.-)%- (%S+) (%S*) (%S*)$"
		if id then
			local mount = { id = whole(id), parent = whole(parent), major = whole(major),
				minor = whole(minor), root = unescaped(root), target = unescaped(target), flags = flags,
				type = unescaped(kind), source = unescaped(source), options = unescaped(options) }
			for name, group in tags:gmatch "([%w_]+):?(%d*)" do
				mount[name] = whole(group) or true
			end
			list[#list + 1] = setmetatable(mount, mount_metatable)
		end
	end
	return setmetatable(list, mountinfo_metatable)
end

local id_map = rows { "inside", "outside", "count" }
local statm = { "size", "resident", "shared", "text", "lib", "data", "dt" }

M.process = {
	comm = line, cmdline = texts, environ = environment, stat = process_stat, status = fields,
	limits = limits, io = fields, maps = maps, cgroup = cgroups, uid_map = id_map,
	gid_map = id_map, projid_map = id_map,
	statm = function(text)
		return rows(statm)(text)[1]
	end,
	mounts = mounts, mountinfo = mountinfo,
}
M.fdinfo = fields

-- /proc

local function cpuinfo(text)
	local list = {}
	for block in (text .. "\n"):gmatch "(.-\n)\n+" do
		list[#list + 1] = fields(block)
	end
	return list
end

-- "cpu  1 2 3": user, nice …, in ticks of which there are 100 a second
local cpu_names = { "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest",
	"guest_nice" }

local function system_stat(text)
	local out = {}
	for one in lines(text) do
		local key, value = one:match "^(%S+)%s+(.*)$"
		local list = words(value or "")
		if key and key:find "^cpu" then
			out[key] = {}
			for i, count in ipairs(list) do
				out[key][cpu_names[i] or i] = count
			end
		elseif key then
			out[key] = #list == 1 and list[1] or list
		end
	end
	return out
end

local function loadavg(text)
	local one, five, fifteen, running, total, last = text:match
		"^(%S+) (%S+) (%S+) (%d+)/(%d+) (%d+)"
	return { one = tonumber(one), five = tonumber(five), fifteen = tonumber(fifteen),
		running = whole(running), total = whole(total), last = whole(last) }
end

local function uptime(text)
	local up, idle = text:match "^(%S+) (%S+)"
	return { uptime = tonumber(up), idle = tonumber(idle) }
end

local function filesystems(text)
	local list = {}
	for one in lines(text) do
		local nodev, name = one:match "^(%a*)\t(.*)$"
		list[#list + 1] = { name = name, nodev = nodev == "nodev" }
	end
	return list
end

M.system = {
	meminfo = fields, vmstat = pairs_of, cpuinfo = cpuinfo, stat = system_stat, loadavg = loadavg,
	uptime = uptime, filesystems = filesystems, mounts = mounts,
	modules = rows { "name", "size", "used", "by", "state", "address" },
	swaps = rows({ "name", "type", "size", "used", "priority" }, 1),
	partitions = rows({ "major", "minor", "blocks", "name" }, 1),
	diskstats = rows { "major", "minor", "name", "reads", "reads_merged", "sectors_read",
		"read_ms", "writes", "writes_merged", "sectors_written", "write_ms", "in_flight", "io_ms",
		"weighted_io_ms" },
}

-- What is written: a list of lists as lines, which is how id maps are set.
function M.written(value)
	if type(value) == "boolean" then
		return value and "1" or "0"
	elseif type(value) ~= "table" then
		return tostring(value)
	end
	local out = {}
	for i, row in ipairs(value) do
		out[i] = type(row) ~= "table" and tostring(row)
			or row.inside and ("%d %d %d"):format(row.inside, row.outside, row.count)
			or table.concat(row, " ")
	end
	return table.concat(out, type(value[1]) == "table" and "\n" or " ")
end

return M
