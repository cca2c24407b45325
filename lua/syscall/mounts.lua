-- mounts.lua - mounts, namespaces, swapping and quotas
--
-- mounts() reads mountinfo of any length; statmount() and listmount() ask the kernel by number. The
-- new mount API is fsopen(), fsconfig(), fsmount() and move_mount(), or open_tree() and
-- mount_setattr() for what is mounted already.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local forms = require "syscall.proc_forms"
local types = require "syscall.types.mounts"
local whole = require "syscall.whole"
local struct = require "syscall.struct"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	umount = "umount2: path flags:UMOUNT -> true",
	unmount = "umount2: path flags:UMOUNT -> true",
	pivot_root = "path path -> true",
	chroot = "path -> true",
	unshare = "flags:CLONE -> true",
	setns = "fd flags:CLONE -> true",
	swapon = "path flags:SWAP_FLAG -> true",
	swapoff = "path -> true",
	mount_setattr = "at path flags:AT in:mount_attr len -> true",
	move_mount = "at path at path flags:MOVE_MOUNT -> true",
	fsopen = "text flags:FSOPEN -> fd",
	fsmount = "fd flags:FSMOUNT flags:MOUNT_ATTR -> fd",
	fspick = "at path flags:FSPICK -> fd",
}

-- mount(source, target, type, flags, data), or of a table with these names
local mount = bind("mount", "path? path text? flags:MS text? -> true")

function M.mount(source, target, kind, flags, data)
	if type(source) == "table" then
		return mount(source.source, source.target, source.type, source.flags, source.data)
	end
	return mount(source, target, kind, flags, data)
end

-- open_tree(dir, path, flags): names of OPEN_TREE and of AT
local open_tree = bind("open_tree", "at path flags:OPEN_TREE -> fd")

function M.open_tree(dir, path, flags)
	if type(flags) == "string" then
		local value = 0
		for name in flags:gmatch "[^,|%s]+" do
			value = value | (rawget(c.OPEN_TREE, name:upper()) or c.AT[name])
		end
		flags = value
	end
	return open_tree(dir, path, flags)
end

-- fsconfig(fd, command [, key [, value [, aux]]]): what value and aux are depends on the command.
local configure = {
	SET_FLAG = bind("fsconfig", "fd enum:FSCONFIG text #0 #0 -> true"),
	SET_STRING = bind("fsconfig", "fd enum:FSCONFIG text text #0 -> true"),
	SET_BINARY = bind("fsconfig", "fd enum:FSCONFIG text data -> true"),
	SET_PATH = bind("fsconfig", "fd enum:FSCONFIG text path at -> true"),
	SET_FD = bind("fsconfig", "fd enum:FSCONFIG text #0 fd -> true"),
	CMD = bind("fsconfig", "fd enum:FSCONFIG #0 #0 #0 -> true"),
}
configure.SET_PATH_EMPTY = configure.SET_PATH

function M.fsconfig(fd, command, key, value, aux)
	local number = c.FSCONFIG[command]
	local name = constants.name("FSCONFIG", number) or ""
	if name == "SET_FD" then
		return configure.SET_FD(fd, number, key, check.fd("fsconfig", 5, aux))
	elseif name:find "^CMD_" then
		return configure.CMD(fd, number)
	end
	local f = configure[name] or errors.complain("fsconfig", 2, "a command of FSCONFIG", command)
	return f(fd, number, key, value, aux)
end

-- listmount([mount's id [, { after =, namespace =, reverse = }]]) - a list of the ids of the mounts
-- below one; without an id all that are below the root
local FIRST, SECOND = 24, 32 -- sizes of mnt_id_req, without and with a namespace
local AT_ONCE = 512

local list = bind("listmount", "in:mnt_id_req mem size u32 -> int")

local function request(name, id, param, namespace)
	return types.mnt_id_req { size = namespace and SECOND or FIRST,
		mnt_id = check.integer(name, 1, id), param = param,
		mnt_ns_id = namespace and check.integer(name, 3, namespace) or 0 }
end

local function listmount(id, options)
	options = check.table("listmount", 2, options or {})
	local ids, out = memory.new(8 * AT_ONCE), {}
	local asked = request("listmount", id or c.LSMT.ROOT, options.after or 0, options.namespace)
	repeat
		local count, err = list(asked, ids, AT_ONCE, options.reverse and c.LISTMOUNT.REVERSE or 0)
		if not count then
			return nil, err
		end
		for i = 0, count - 1 do
			out[#out + 1] = ids:u64(8 * i)
		end
		asked.param = out[#out] or 0
	until count < AT_ONCE
	return out
end

-- statmount(mount's id [, mask [, namespace]]) - a table: the numbers of struct statmount, the
-- texts and lists of texts that the kernel gave
local stat = bind("statmount", "in:mnt_id_req mem size #0 -> true")

local texts = { "mnt_opts", "fs_type", "mnt_root", "mnt_point", "fs_subtype", "sb_source" }
local lists = { opt_array = "opt_num", opt_sec_array = "opt_sec_num", mnt_uidmap = "mnt_uidmap_num",
	mnt_gidmap = "mnt_gidmap_num" }
local bits = { -- field → the name in STATMOUNT that says whether it is there
	sb_dev_major = "SB_BASIC", sb_dev_minor = "SB_BASIC", sb_magic = "SB_BASIC",
	sb_flags = "SB_BASIC", mnt_id = "MNT_BASIC", mnt_parent_id = "MNT_BASIC",
	mnt_id_old = "MNT_BASIC", mnt_parent_id_old = "MNT_BASIC", mnt_attr = "MNT_BASIC",
	mnt_propagation = "MNT_BASIC", mnt_peer_group = "MNT_BASIC", mnt_master = "MNT_BASIC",
	propagate_from = "PROPAGATE_FROM", mnt_ns_id = "MNT_NS_ID", supported_mask = "SUPPORTED_MASK",
}

local function decode(buffer)
	local head = buffer:slice(0, types.statmount.size, types.statmount.metatable)
	local out, size = { mask = head.mask }, head.size
	local function there(name)
		return out.mask & c.STATMOUNT[name:upper()] ~= 0
	end
	local function text_at(offset)
		local at = types.statmount.size + offset
		return buffer:cstring(at, math.max(size - at, 0))
	end
	for field, bit in pairs(bits) do
		out[field] = there(bit) and head[field] or nil
	end
	for _, field in ipairs(texts) do
		out[field] = there(field) and text_at(head[field]) or nil
	end
	for field, count in pairs(lists) do
		if there(field) then
			local at = head[field]
			out[field] = {}
			for i = 1, head[count] do
				out[field][i] = text_at(at)
				at = at + #out[field][i] + 1
			end
		end
	end
	return out
end

local ALL = "sb_basic, mnt_basic, propagate_from, mnt_root, mnt_point, fs_type"
local MOST = 1 << 24

local function statmount(id, mask, namespace)
	local asked = request("statmount", id, c.STATMOUNT[mask or ALL], namespace)
	local size = 4096
	while true do
		local buffer = memory.new(size)
		local done, err = stat(asked, buffer, size)
		if done then
			return decode(buffer)
		elseif not err.OVERFLOW or size >= MOST then
			return nil, err
		end
		size = size * 4
	end
end

M.listmount = list and listmount
M.statmount = stat and statmount

-- mounts([file]) - a list of what /proc/self/mountinfo, or another process's, says: id, parent,
-- major, minor, root, target, flags, type, source, options, and of propagation shared, master,
-- propagate_from (numbers of peer groups) and unbindable
function M.mounts(path)
	local text, err = whole.read(check.path("mounts", 1, path or "/proc/self/mountinfo"))
	return text and forms.process.mountinfo(text), err
end

-- quotactl(command, kind, device, id [, argument]), quotactl_fd(fd, command, kind, id [, argument])
--
-- The kind is usrquota, grpquota or prjquota. The argument is a dqblk or a dqinfo; that of quotaon,
-- whose id is the format, is the path of the file. Of the get commands it may be left out, and is
-- the answer (of getfmt memory, with .value).
local arguments = { GETQUOTA = "dqblk", SETQUOTA = "dqblk", GETNEXTQUOTA = "nextdqblk",
	GETINFO = "dqinfo", SETINFO = "dqinfo", GETFMT = "u32" }

-- The id and the argument that the call of @command gets.
local function prepare(name, command, id, argument)
	local short = constants.name("Q", c.Q[command])
	if short == "QUOTAON" then
		return c.QFMT[id], check.path(name, 5, argument)
	elseif short == "SYNC" or short == "QUOTAOFF" then
		return 0
	elseif not arguments[short] then
		errors.complain(name, name == "quotactl" and 1 or 2, "a command of Q", command)
	end
	local made = struct.find(arguments[short])
	if not raw.ismemory(argument) then
		return id or 0, made(argument or {})
	end
	check.integer(name, 5, memory.size(argument), made.size)
	return id or 0, argument
end

local function control(name, row)
	local with_memory = bind(name, row .. " u32 mem? -> true")
	local with_path = bind(name, row .. " u32 path -> true")
	return function(first, second, id, argument)
		if type(argument) == "string" then
			return with_path(first, second, id, argument)
		end
		local done, err = with_memory(first, second, id, argument)
		return done and (argument or true), err
	end
end

local by_device = control("quotactl", "u32 path?")
local by_fd = control("quotactl_fd", "fd u32")

function M.quotactl(command, kind, device, id, argument)
	local operation = c.Q[command] << 8 | c.QUOTA[kind]
	return by_device(operation, device, prepare("quotactl", command, id, argument))
end

function M.quotactl_fd(fd, command, kind, id, argument)
	local operation = c.Q[command] << 8 | c.QUOTA[kind]
	return by_fd(fd, operation, prepare("quotactl_fd", command, id, argument))
end

return M
