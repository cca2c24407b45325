-- mounts.lua - mounts in a user namespace of the test's own, and quotas that are refused

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local uid, gid = S.getuid(), S.getgid()
local place, remove = check.scratch()

-- Reading, and what fails without any rights

local all = assert(S.mounts())
ok(#all > 0 and all[1].target and all[1].id and tostring(all):find(" on / type ", 1, true),
	"mounts() reads mountinfo")
fails(function() return S.mounts "/none" end, "NOENT", "mounts(): no such file")
local odd = place .. "/mountinfo"
local file = assert(S.creat(odd, "600"))
local line = "36 35 98:0 /mnt\\0401 /mnt\\134x%d rw,noatime shared:2 master:1 - ext3 /dev/root rw\n"
for i = 1, 3000 do
	file:write(line:format(i))
end
file:close()
local many = assert(S.mounts(odd))
is(#many .. many[3000].target .. many[1].root .. many[1].shared .. many[1].master .. many[1].major,
	"3000/mnt\\x3000/mnt 12198", "mounts(): a long file, names with escapes, peer groups")
ok(not many[1].unbindable and many[1].type == "ext3", "and its other fields")
raises(function() S.mounts {} end, "#1 to 'mounts'", "mounts(): a table")

fails(function() return S.setns(0, "newnet") end, "INVAL", "setns(): no namespace")
local no_swap = uid == 0 and "NOENT" or "PERM"
fails(function() return S.swapon(place .. "/none") end, no_swap, "swapon(): no such file")
fails(function() return S.swapoff(place .. "/none") end, no_swap, "swapoff(): no such file")
raises(function() S.swapon(place, "sideways") end, "no SWAP_FLAG", "swapon(): no such flag")
raises(function() S.unshare "newmoon" end, "no CLONE \"newmoon\"", "unshare(): no such flag")
fails(function() return S.unshare(0x100000000 - 1) end, "INVAL", "unshare(): no such bits")
raises(function() S.pivot_root("a\0b", "c") end, "#1 (new_root) to 'pivot_root'",
	"pivot_root(): a NUL")
raises(function() S.mount("a", nil) end, "to 'mount'", "mount(): no target")
raises(function() S.fsopen {} end, "#1 (fsname) to 'fsopen'", "fsopen(): a table")

-- Quotas: what the kernel says of a file system without them

local no_quota = { NOSYS = true, NOTBLK = true, NOENT = true, PERM = true, SRCH = true,
	OPNOTSUPP = true, INVAL = true, ACCES = true }
local function refused(name, f)
	local value, err = f()
	ok(value == nil and no_quota[err.sym:sub(2)], name, tostring(value) .. " " .. tostring(err))
end
local directory = assert(S.open("/proc", "directory, cloexec"))
refused("quotactl()", function() return S.quotactl("getquota", "usrquota", "/dev/null", uid) end)
refused("quotactl(): getfmt", function() return S.quotactl("getfmt", "usrquota", "/dev/null") end)
refused("quotactl(): quotaon", function()
	return S.quotactl("quotaon", "grpquota", "/dev/null", "vfs_v1", "/none")
end)
refused("quotactl_fd()", function()
	return S.quotactl_fd(directory, "getnextquota", "prjquota", 0)
end)
refused("quotactl_fd(): setquota", function()
	return S.quotactl_fd(directory, "setquota", "usrquota", uid, { bhardlimit = 1, valid = "limits" })
end)
raises(function() S.quotactl(5, "usrquota", nil) end, "#1 (cmd) to 'quotactl' (a command of Q",
	"quotactl(): no such command")
raises(function() S.quotactl("getinfo", "usrquota", nil, 0, S.t.buffer(4)) end,
	"#5 to 'quotactl'", "quotactl(): short memory")
raises(function() S.quotactl_fd(directory, "quotaon", "usrquota", "vfs_v1") end,
	"#5 to 'quotactl_fd' (a text", "quotactl_fd(): no file")
directory:close()

-- A user namespace, in which we are root

local function write(path, text)
	local map <close> = assert(S.open(path, "wronly"))
	return map:write(text)
end

-- The calls of the older API.
local function old_calls(here)
	ok(S.mount("none", "/", nil, "rec, private"), "mount(): propagation")
	ok(S.mount("first", here, "tmpfs", "nosuid, nodev", "size=64k"), "mount() of a tmpfs")
	ok(S.mkdir(here .. "/a b", "755") and S.mkdir(here .. "/c", "755"), "in which files can be made")
	ok(S.mount { source = here .. "/a b", target = here .. "/c", flags = "bind" },
		"mount() of a table")
	local list = assert(S.mounts())
	local last = list[#list]
	is(last.target .. last.root .. last.source .. last.type, here .. "/c/a bfirsttmpfs",
		"mounts() has it, with its blank")
	ok(list[#list - 1].flags:find "nosuid" and list[#list - 1].options:find "size=64k",
		"flags, options")
	ok(S.umount(here .. "/c") and S.mount(here, here .. "/c", nil, "bind"), "umount()")
	ok(S.unmount(here .. "/c", "detach, nofollow"), "unmount()")
	fails(function() return S.unmount(here .. "/c") end, "INVAL", "unmount(): no mount")
	fails(function() return S.umount(here .. "/c") end, "INVAL", "umount(): no mount")
	raises(function() S.umount(here, "gently") end, "no UMOUNT \"gently\"", "umount(): no such flag")
	fails(function() return S.mount("x", here .. "/none", "tmpfs") end, "NOENT", "mount(): no target")
	fails(function() return S.mount("x", here, "nofs") end, "NODEV", "mount(): no such type")
	fails(function() return S.pivot_root(here .. "/c", here) end, "INVAL", "pivot_root(): no mount")
	fails(function() return S.chroot(here .. "/none") end, "NOENT", "chroot(): no such directory")
end

local function new_calls(here)
	local context = assert(S.fsopen("tmpfs", "cloexec"))
	ok(S.fsconfig(context, "set_string", "size", "128k"), "fsconfig(): a text")
	ok(S.fsconfig(context, "set_string", "source", "second"), "fsconfig(): the source")
	fails(function() return S.fsconfig(context, "set_flag", "nonsense") end, "INVAL",
		"fsconfig(): no such flag")
	for name, f in pairs {
		set_path = function() return S.fsconfig(context, "set_path", "size", "/") end,
		set_binary = function() return S.fsconfig(context, "set_binary", "size", "abc") end,
		set_fd = function() return S.fsconfig(context, "set_fd", "size", nil, context) end,
	} do
		local value, err = f()
		ok(value == nil and err.INVAL, "fsconfig(): a size takes no " .. name, tostring(err))
	end
	raises(function() S.fsconfig(context, "set_fd", "size", nil, "none") end, "'fsconfig'",
		"fsconfig(): no fd")
	raises(function() S.fsconfig(context, 77, "size") end, "#2 (cmd) to 'fsconfig' (a command",
		"fsconfig(): no such command")
	fails(function() return S.fsmount(context) end, "INVAL", "fsmount(): nothing is created yet")
	ok(S.fsconfig(context, "cmd_create"), "fsconfig(): create")
	local mount = assert(S.fsmount(context, "cloexec", "nodev, noexec"))
	context:close()
	ok(S.move_mount(mount, "", nil, here .. "/c", "f_empty_path"), "fsmount(), move_mount()")
	mount:close()
	fails(function() return S.move_mount(nil, here .. "/none", nil, here) end, "NOENT",
		"move_mount(): no such path")
	raises(function() S.move_mount(nil, here, nil, here, "fast") end, "no MOVE_MOUNT",
		"move_mount(): no such flag")
	local picked = assert(S.fspick(nil, here .. "/c", "cloexec"))
	ok(S.fsconfig(picked, "set_string", "size", "256k") and S.fsconfig(picked, "cmd_reconfigure"),
		"fspick(): another size")
	picked:close()
	fails(function() return S.fspick(nil, here .. "/none") end, "NOENT", "fspick(): no such path")
	fails(function() return S.fsopen "nofs" end, "NODEV", "fsopen(): no such type")
	local list = assert(S.mounts())
	ok(list[#list].source == "second" and list[#list].options:find "size=256k"
		and list[#list].flags:find "noexec", "and all of it is there")
	local tree = assert(S.open_tree(nil, here .. "/c", "clone, cloexec, recursive"))
	ok(S.mount_setattr(tree, "", "empty_path", { attr_set = "rdonly, noatime", attr_clr = "_atime" }),
		"mount_setattr() of a tree")
	ok(S.mkdir(here .. "/d", "755") and S.move_mount(tree, "", nil, here .. "/d", "f_empty_path"),
		"open_tree(), moved")
	tree:close()
	fails(function() return S.mkdir(here .. "/d/x", "755") end, "ROFS", "which is read-only")
	fails(function() return S.open_tree(nil, here .. "/none", "clone") end, "NOENT",
		"open_tree(): no such path")
	raises(function() S.open_tree(nil, here, "clone, fork") end, "no AT \"fork\"",
		"open_tree(): no such flag")
	fails(function() return S.mount_setattr(nil, here, 0, { propagation = 77 }) end, "INVAL",
		"mount_setattr(): no such propagation")
	raises(function() S.mount_setattr(nil, here, 0, { userns_fd = "none" }) end,
		"mount_attr.userns_fd", "mount_setattr(): no fd")
end

-- By number: listmount() and statmount().
local function by_number(here)
	local ids, err = S.listmount()
	if not ids and err.NOSYS then
		return tap.skip("statmount(), listmount()", "host: this kernel has none")
	end
	local points = {}
	for _, id in ipairs(assert(ids)) do
		local one, why = S.statmount(id)
		if one then
			points[one.mnt_point] = one
		else
			ok(why.NOENT, "statmount(): gone, or not below our root", tostring(why))
		end
	end
	local c = points[here .. "/c"]
	ok(c and c.fs_type == "tmpfs" and c.mnt_root == "/" and c.mnt_attr & S.c.MOUNT_ATTR.NOEXEC ~= 0,
		"listmount(), statmount()")
	is(S.c.MOUNT_ATTR.RDONLY & points[here .. "/d"].mnt_attr, S.c.MOUNT_ATTR.RDONLY, "attributes")
	is(#S.listmount(nil, { after = ids[1] }), #ids - 1, "listmount(): after one")
	is(S.statmount(c.mnt_id, "mnt_point").fs_type, nil, "statmount(): what was not asked for")
	fails(function() return S.statmount(1 << 62) end, "NOENT", "statmount(): no such mount")
	fails(function() return S.listmount(1 << 62) end, "NOENT", "listmount(): no such mount")
	raises(function() S.statmount "one" end, "to 'statmount' (a whole number", "statmount(): a text")
	raises(function() S.listmount(nil, 5) end, "to 'listmount' (a table", "listmount(): a number")
	raises(function() S.listmount(1.5) end, "to 'listmount' (a whole number", "listmount(): a half")
	raises(function() S.statmount(1, "everything") end, "no STATMOUNT", "statmount(): no such mask")
end

-- In a child, which asserts.
local function roots(here)
	local old = assert(S.open("/", "path, directory, cloexec"))
	assert(S.mount(here, here, nil, "bind, rec"))
	assert(S.chdir(here))
	assert(S.pivot_root(".", "."))
	assert(old:fchdir())
	assert(S.umount(".", "detach"))
	assert(S.chdir "/")
	assert(S.stat "/c" and not S.stat "/proc", "the root is another")
	assert(S.chroot "/c" and S.chdir "/" and not S.stat "/c", "and another")
	return old:close()
end

local made, why = S.unshare "newuser, newns"
if made then
	write("/proc/self/setgroups", "deny")
	write("/proc/self/gid_map", ("0 %d 1"):format(gid))
	write("/proc/self/uid_map", ("0 %d 1"):format(uid))
	local namespace = assert(S.open("/proc/self/ns/mnt", "cloexec"))
	ok(S.unshare "newns", "unshare() again")
	ok(namespace:setns "newns" and S.chdir "/", "setns() back")
	fails(function() return namespace:setns "newnet" end, "INVAL", "setns(): one of another kind")
	namespace:close()
	old_calls(place)
	new_calls(place)
	by_number(place)
	is(check.open_fds(), before, "no fd is left open")
	is(check.in_child(function()
		assert(S.unshare "newns") -- pivot_root() changes the root of all who share one
		return roots(place)
	end), 0, "pivot_root() and chroot() in a child")
	for _ = 1, 3 do
		S.umount(place, "detach")
	end
else
	tap.skip("mounts", "host: unshare() says " .. tostring(why))
end
remove()
tap.done()
