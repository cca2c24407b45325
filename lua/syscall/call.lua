-- call.lua - rows that describe a system call, made into functions
--
-- A row is text: the kinds of the arguments in the order of both Lua and the kernel, an arrow, and
-- what the call gives: "at path flags:O mode -> fd". In front may stand the kernel's name where
-- ours differs: "openat: #AT.FDCWD path flags:O mode -> fd". docs/syscall.md lists kinds and
-- results; the C side of each is in lua/bind/call.c.

local raw = require "syscall.raw"
local errors = require "syscall.errors"

local M = {}

local numbers = require("syscall.numbers_" .. raw.arch)

-- What stands behind a colon of a kind.
local function constant(family)
	return require("syscall.constants").c[family]
end

local function structure(name)
	return require("syscall.struct").find(name)
end

-- Kind → its byte, what its object is, and how its default is read.
local kinds = {
	fd = { "f" }, at = { "a" }, path = { "p" }, text = { "p" },
	i32 = { "i" }, u32 = { "u" }, i64 = { "l" }, u64 = { "l" }, size = { "z" },
	flags = { "c", constant }, enum = { "c", constant }, mode = { "c", constant, "MODE" },
	mem = { "m", tonumber }, ["in"] = { "t", structure }, out = { "o", structure },
	data = { "d" }, room = { "r" }, len = { "s" }, pair = { "2" },
}
local nullable = { path = { "P" }, text = { "P" }, mem = kinds.mem, ["in"] = kinds["in"] }
local results = { ["true"] = "t", int = "n", fd = "f", pair = "p", out = "o", bytes = "b" }
local silent = { len = true, pair = true } -- no Lua argument

local function number_of(text)
	local family, name = text:match "^(%u[%w_]*)%.(.+)$"
	if family then
		return constant(family)[name]
	end
	return math.tointeger(tonumber(text)) or error("no number " .. text)
end

local function word_of(text)
	if text:sub(1, 1) == "#" then
		return { kind = "#", of = text:sub(2), takes = 0 }
	end
	local kind, optional, of, default = text:match "^(%w+)(%??):?([%w_%[%]]*)=?(.*)$"
	return { kind = kind, optional = optional == "?", of = of, default = default ~= "" and default,
		takes = (kind == "data" or kind == "room") and 2 or silent[kind] and 0 or 1 }
end

-- words(row) - a list of what stands in front of the arrow: kind, optional, of (behind the colon),
-- default, and how many arguments of Lua it takes. Then the result, "retry" or "", and the kernel's
-- name where it stands in front; nil where there is no result.
function M.words(row)
	local left, result, retry = row:match "^(.-)%->%s*(%w+)%s*(%w*)$"
	if not left then
		return nil
	end
	-- A blank behind the colon tells "openat: path" from "flags:O".
	local kernel, arguments = left:match "^([%w_]+):%s+(.*)$"
	local list = {}
	for text in (arguments or left):gmatch "%S+" do
		list[#list + 1] = word_of(text)
	end
	return list, result, retry, kernel
end

-- One word of a row into three bytes; objects are appended to @objects, whose first three are
-- bind()'s own arguments.
local function compile(word, objects)
	local function object(value)
		if value == nil then
			return "\0"
		end
		objects[#objects + 1] = value
		return string.char(#objects)
	end
	if word.kind == "#" then
		return "=" .. object(number_of(word.of)) .. "\0"
	end
	local kind = (word.optional and nullable or kinds)[word.kind]
		or error("no kind of argument " .. tostring(word.kind))
	local of = word.of ~= "" and word.of or kind[3]
	local second = object(of and kind[2] and kind[2](of))
	local third = "\0"
	if word.optional then
		third = "\1"
	elseif word.default then
		third = object(kind[1] == "c" and constant(of)[word.default] or number_of(word.default))
	end
	return kind[1] .. second .. third
end

-- bind(name, row) - the function that @row describes, or nil where this architecture has no such
-- call.
function M.bind(name, row)
	local words, result, retry, kernel = M.words(row)
	if not words or not results[result] then
		error(("%s: no row of a call: %s"):format(name, row))
	end
	local number = numbers[kernel or name]
	if not number then
		return nil
	end
	local objects = { name, number, "" }
	local bytes, count = {}, 0
	for i, word in ipairs(words) do
		bytes[i] = compile(word, objects)
		count = count + word.takes
	end
	objects[3] = results[result] .. (retry == "retry" and "r" or "-") .. string.char(count)
		.. table.concat(bytes)
	return raw.bind(table.unpack(objects))
end

local clock

-- go_on(seconds, once) - what once(the seconds left) gives, asked again while that is EINTR, for
-- which a stop and a continue are enough; nil seconds are for ever
function M.go_on(seconds, once)
	clock = clock or M.bind("clock_gettime", "#CLOCK.MONOTONIC out:timespec -> out")
	local deadline = seconds and seconds > 0 and clock().time + seconds
	while true do
		local value, err = once(seconds)
		if value or not err.INTR then
			return value, err
		end
		seconds = deadline and math.max(deadline - clock().time, 0) or seconds
	end
end

-- number(name) - of the system call on this architecture, or nil
function M.number(name)
	return numbers[name]
end

-- argument(name, index) - what the manual page calls it, where function and system call are one
function M.argument(name, index)
	local names = require("syscall.arguments")[name]
	local at = 0
	for one in (names or ""):gmatch "%S+" do
		at = at + 1
		if at == index then
			return one
		end
	end
end

-- check.KIND(name, index, value, …) - for functions that are written out: the same errors
M.check = {}

local function wrong(name, index, expected, value)
	errors.complain(name, index, expected, value)
end

function M.check.integer(name, index, value, least, most)
	local whole = math.type(value) and math.tointeger(value)
	if not whole or (least and whole < least) or (most and whole > most) then
		wrong(name, index, least and ("a whole number from %d%s"):format(least,
			most and " to " .. most or "") or "a whole number", value)
	end
	return whole
end

function M.check.path(name, index, value)
	if type(value) ~= "string" or value:find("\0", 1, true) then
		wrong(name, index, "a text without NUL bytes", value)
	end
	return value
end

function M.check.table(name, index, value)
	if type(value) ~= "table" then
		wrong(name, index, "a table", value)
	end
	return value
end

-- Open memory of at least @least bytes that may be read: its size
function M.check.memory(name, index, value, least)
	local size = raw.readable(value)
	if not size or size < (least or 0) then
		wrong(name, index, ("memory of at least %d bytes"):format(least or 0), value)
	end
	return size
end

-- The number of an fd object, a number, or a name of a standard file.
local standard = { stdin = 0, stdout = 1, stderr = 2 }

function M.check.fd(name, index, value)
	local fd = standard[value] or raw.getfd(value)
	if not fd then
		wrong(name, index, "an open fd", value)
	end
	return fd
end

return M
