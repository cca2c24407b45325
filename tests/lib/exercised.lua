-- exercised.lua - which functions of the library a run of its tests calls, and how each ended
--
-- watch(path) puts a recorder around every function of the index, and around the methods of fd
-- objects that are these functions. It writes into a shared mapping of the file, so that a child
-- which may do nothing any more, or whose root is another, is counted too: a mark is a byte and no
-- system call. read(path) is what the runs so far have marked. tests/lib/calls.lua watches where
-- LUNETTE_EXERCISED names a file.

local index = require "syscall.index"
local S = require "syscall"

local M = {}

-- Every function, in one order.
M.names = {}
for name in pairs(index.functions) do
	M.names[#M.names + 1] = name
end
table.sort(M.names)

-- The bytes of a name: was it called, did it succeed, did it fail, and has the kernel no such call?
local kinds = { "called", "success", "error", "lacking" }
local CALLED, SUCCESS, ERROR, LACKING = 0, 1, 2, 3
M.SIZE = #kinds * #M.names

local function recorder(marks, at, f)
	local function ended(...)
		local first, err = ...
		local failed = first == nil and getmetatable(err) and err.errno
		marks:u8(at + (failed and ERROR or SUCCESS), 1)
		if failed and err.NOSYS then
			marks:u8(at + LACKING, 1)
		end
		return ...
	end
	return function(...)
		marks:u8(at + CALLED, 1)
		return ended(f(...))
	end
end

function M.watch(path)
	local file <close> = assert(S.open(path, "rdwr, cloexec"))
	local marks = assert(S.mmap(nil, M.SIZE, "read, write", "shared", file))
	local methods = require("syscall.fd").metatable.__index
	local plain = {}
	for _, name in ipairs(M.names) do
		plain[name] = S[name]
	end
	for i, name in ipairs(M.names) do
		S[name] = plain[name] and recorder(marks, #kinds * (i - 1), plain[name])
	end
	for method, target in pairs(index.methods) do
		methods[method] = S[target]
	end
end

-- read(path) - name → { called = , success = , error = , lacking = }
function M.read(path)
	local file <close> = assert(io.open(path, "rb"))
	local bytes, found = file:read "a", {}
	for i, name in ipairs(M.names) do
		found[name] = {}
		for k, kind in ipairs(kinds) do
			found[name][kind] = bytes:byte(#kinds * (i - 1) + k) == 1
		end
	end
	return found
end

return M
