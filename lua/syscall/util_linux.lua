-- util_linux.lua - the part of S.util that is about sockets, what descriptors count, bridges, and
-- the capabilities of files

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local addresses = require "syscall.types.addresses"
local S = require "syscall"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

-- Messages with descriptors and credentials

-- recvcmsg(fd [, message [, flags]]) - { count =, iovec =, flags =, fd = list of fds, pid =, uid =,
-- gid = }; without a message one byte is received
function M.recvcmsg(fd, message, flags)
	message = message or S.t.msghdr { iov = { 1 }, control = 1024 }
	if not raw.ismemory(message) then
		message = S.t.msghdr(check.table("recvcmsg", 2, message))
	end
	local count, err = S.recvmsg(fd, message, flags)
	if not count then
		return nil, err
	end
	local out = { count = count, iovec = message.iov, flags = message.flags, fd = {} }
	for _, control in message:cmsgs() do
		local pid, uid, gid = control:credentials()
		if pid then
			out.pid, out.uid, out.gid = pid, uid, gid
		end
		for one in control:fds() do
			table.insert(out.fd, one)
		end
	end
	return out
end

local function send_control(fd, kind, data)
	return S.sendmsg(fd, { iov = { "\0" }, control = S.t.cmsghdr("socket", kind, data) })
end

-- sendfds(fd, other, …) - with one zero byte
function M.sendfds(fd, ...)
	local numbers = { ... }
	for i = 1, select("#", ...) do
		numbers[i] = check.fd("sendfds", i + 1, numbers[i])
	end
	return send_control(fd, "rights", numbers)
end

-- sendcred(fd [, pid [, uid [, gid]]]) - our own ids unless they are given
function M.sendcred(fd, pid, uid, gid)
	return send_control(fd, "credentials", {
		pid = check.integer("sendcred", 2, pid or S.getpid()),
		uid = check.integer("sendcred", 3, uid or S.getuid()),
		gid = check.integer("sendcred", 4, gid or S.getgid()),
	})
end

-- inet_name("10.0.0.1/8" [, mask]) - the address and the length of its prefix, or nil
function M.inet_name(text, mask)
	check.path("inet_name", 1, text)
	local plain, length = text:match "^([^/]*)/(%d+)$"
	plain = plain or text
	local address = addresses.parse(plain)
	if not address then
		return nil
	end
	local most = memory.size(address) * 8
	mask = mask or tonumber(length) or most
	if check.integer("inet_name", 2, mask) < 0 or mask > most then
		return nil
	end
	return address, mask
end

-- Links

-- Requests of ioctl(2)
local GET_INDEX, ADD_BRIDGE, DELETE_BRIDGE, ADD_PORT, DELETE_PORT =
	"#0x8933", "#0x89a0", "#0x89a1", "#0x89a2", "#0x89a3"
local LONGEST_NAME = 15

local function link_name(name, index, value)
	if #check.path(name, index, value) > LONGEST_NAME then
		errors.complain(name, index, "a name of at most 15 bytes", value)
	end
	return value
end

-- Calls @f with a socket of the network namespace that we are in, and @value.
local function with_socket(f, value)
	local fd <close>, err = S.socket("unix", "dgram, cloexec")
	if not fd then
		return nil, err
	end
	return f(fd, value)
end

local index_of = bind("if_nametoindex", "ioctl: fd " .. GET_INDEX .. " in:ifreq -> true")

function M.if_nametoindex(name)
	local request = S.t.ifreq { name = link_name("if_nametoindex", 1, name) }
	local done, err = with_socket(index_of, request)
	return done and request.ifindex, err
end

local add_bridge = bind("bridge_add", "ioctl: fd " .. ADD_BRIDGE .. " text -> true")
local delete_bridge = bind("bridge_del", "ioctl: fd " .. DELETE_BRIDGE .. " text -> true")

function M.bridge_add(name)
	return with_socket(add_bridge, link_name("bridge_add", 1, name))
end

function M.bridge_del(name)
	return with_socket(delete_bridge, link_name("bridge_del", 1, name))
end

local function port_changer(name, request)
	local change = bind(name, "ioctl: fd " .. request .. " in:ifreq -> true")
	return function(bridge, device)
		local index, err = device, nil
		if type(device) == "string" then
			index, err = M.if_nametoindex(device)
		end
		if not index then
			return nil, err
		end
		return with_socket(change, S.t.ifreq { name = link_name(name, 1, bridge),
			ivalue = check.integer(name, 2, index, 0, 0x7fffffff) })
	end
end

-- bridge_add_interface(bridge, device), bridge_del_interface(bridge, device): a name or a number
M.bridge_add_interface = port_changer("bridge_add_interface", ADD_PORT)
M.bridge_del_interface = port_changer("bridge_del_interface", DELETE_PORT)

-- What a bridge has learnt: hardware addresses and the ports behind which they are.
local function forwarding(index)
	local list, err = S.nl.getneigh(nil, { family = "bridge" })
	if not list then
		return nil, err
	end
	local out = {}
	for _, one in ipairs(list) do
		if one.master == index or one.header.ifindex == index then
			out[#out + 1] = { mac_addr = one.lladdr, ifindex = one.header.ifindex,
				is_local = one.header.state & c.NUD.PERMANENT ~= 0 }
		end
	end
	return out
end

-- bridge_list() - a table of bridges by name: { bridge = settings, brif = names of ports, brforward
-- = list of { mac_addr, ifindex, is_local } }. Of this network namespace, whatever /sys shows.
function M.bridge_list()
	local links, err = S.nl.interfaces()
	if not links then
		return nil, err
	end
	local out = {}
	for _, link in ipairs(links) do
		if link.kind == "bridge" then
			local one = { bridge = link.data, brif = {} }
			one.brforward, err = forwarding(link.index)
			if not one.brforward then
				return nil, err
			end
			for _, other in ipairs(links) do
				table.insert(one.brif, other.master == link.index and other.name or nil)
			end
			out[link.name] = one
		end
	end
	return out
end

-- Counters of eventfd and timerfd; signals of a signalfd

local read_memory = bind("read", "fd mem len -> int retry")
local write_memory = bind("write", "fd mem len -> int retry")

local function counter_reader(name)
	return function(fd, buffer)
		buffer = buffer or memory.new(8)
		if not raw.ismemory(buffer) or memory.size(buffer) ~= 8 then
			errors.complain(name, 2, "memory of 8 bytes", buffer)
		end
		local count, err = read_memory(fd, buffer)
		if not count and not err.AGAIN then
			return nil, err
		elseif not count then
			memory.fill(buffer, 0)
		end
		return memory.u64(buffer, 0)
	end
end

-- eventfd_read(fd [, memory]), timerfd_read(fd [, memory]) - the count, 0 where there is none yet
M.eventfd_read = counter_reader "eventfd_read"
M.timerfd_read = counter_reader "timerfd_read"

-- eventfd_write(fd [, count or memory])
function M.eventfd_write(fd, value)
	local buffer = value
	if not raw.ismemory(value) then
		buffer = memory.new(8)
		memory.u64(buffer, 0, check.integer("eventfd_write", 2, value or 1, 0))
	elseif memory.size(value) ~= 8 then
		errors.complain("eventfd_write", 2, "memory of 8 bytes", value)
	end
	local count, err = write_memory(fd, buffer)
	return count and true, err
end

-- signalfd_read(fd [, count or siginfos]) - a list of the signals that are there; an empty one
-- where there are none
function M.signalfd_read(fd, list)
	if not raw.ismemory(list) then
		list = S.t.siginfos(check.integer("signalfd_read", 2, list or 8, 1, 4096))
	end
	local count, err = read_memory(fd, list)
	if not count and err.AGAIN then
		return {}
	end
	return count and S.t.siginfos(memory.slice(list, 0, count)), err
end

-- Filters and capabilities

local audit_names = { x64 = "X86_64", aarch64 = "AARCH64", riscv64 = "RISCV64" }

-- auditarch() - what seccomp_data.arch is in this process
function M.auditarch()
	return c.AUDIT_ARCH[audit_names[S.abi.arch]]
end

local ATTRIBUTE = "security.capability"

local function call_on(file, by_name, by_fd)
	return type(file) == "string" and S[by_name] or S[by_fd]
end

-- capget(file) - the capabilities that a file gives who runs it; .rootid where they are a user
-- namespace's
function M.capget(file)
	local bytes, err = call_on(file, "getxattr", "fgetxattr")(file, ATTRIBUTE)
	if not bytes then
		return nil, err
	end
	local head = #bytes >= 4 and ("<I4"):unpack(bytes) or 0
	local revision = head & c.VFS_CAP.REVISION_MASK
	local words = revision == c.VFS_CAP.REVISION_1 and 1 or 2
	local length = 4 + 8 * words + (revision == c.VFS_CAP.REVISION_3 and 4 or 0)
	if revision < c.VFS_CAP.REVISION_1 or revision > c.VFS_CAP.REVISION_3 or #bytes ~= length then
		return nil, errors.objects[c.E.INVAL]
	end
	local sets = { permitted = 0, inheritable = 0 }
	for i = 0, words - 1 do
		local permitted, inheritable = ("<I4I4"):unpack(bytes, 5 + 8 * i)
		sets.permitted = sets.permitted | permitted << 32 * i
		sets.inheritable = sets.inheritable | inheritable << 32 * i
	end
	sets.effective = head & c.VFS_CAP.FLAGS_EFFECTIVE ~= 0 and sets.permitted | sets.inheritable or 0
	local out = S.t.capabilities(sets)
	out.rootid = revision == c.VFS_CAP.REVISION_3 and ("<I4"):unpack(bytes, length - 3) or nil
	return out
end

-- capset(file, capabilities [, flags]) - flags are names of XATTR; of a set of effective
-- capabilities a file has one bit only: whether those permitted take effect
function M.capset(file, caps, flags)
	local rootid = check.table("util.capset", 2, caps).rootid
	caps = S.t.capabilities(caps)
	local head = rootid and c.VFS_CAP.REVISION_3 or c.VFS_CAP.REVISION_2
	head = head | (caps.effective.value ~= 0 and c.VFS_CAP.FLAGS_EFFECTIVE or 0)
	local permitted, inheritable = caps.permitted.value, caps.inheritable.value
	local bytes = ("<I4I4I4I4I4"):pack(head, permitted & 0xffffffff, inheritable & 0xffffffff,
		permitted >> 32, inheritable >> 32)
	if rootid then
		bytes = bytes .. ("<I4"):pack(check.integer("util.capset", 2, rootid, 0, 0xffffffff))
	end
	return call_on(file, "setxattr", "fsetxattr")(file, ATTRIBUTE, bytes, flags)
end

return M
