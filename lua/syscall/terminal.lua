-- terminal.lua - S.terminal: modes that go back where they were, and programs on a terminal of
-- their own
--
-- Built on tty.lua. What changes a terminal answers an object whose restore(), end of block or
-- collection gives the terminal its modes back; spawn() answers a program and the line to it.

local call = require "syscall.call"
local errors = require "syscall.errors"
local whole = require "syscall.whole"
local S = require "syscall"

local c, check = S.c, call.check

local M = {}

-- Modes

local saved = { __name = "modes" }
saved.__index = saved

-- restore() - the modes that were there before; a second time is nothing
function saved.restore(self)
	local modes = self.modes
	self.modes = nil
	if not modes then
		return true
	end
	return S.tcsetattr(self.fd, "drain", modes)
end

saved.__close = saved.restore
saved.__gc = saved.restore

-- Sets what @change makes of the modes, once all is written.
local function changed(fd, change)
	local modes, err = S.tcgetattr(fd)
	if not modes then
		return nil, err
	end
	local self = setmetatable({ fd = fd, modes = S.t.termios(modes) }, saved)
	change(modes)
	local done
	done, err = S.tcsetattr(fd, "drain", modes)
	if not done then
		self.modes = nil
		return nil, err
	end
	return self
end

-- raw([fd]) - bytes as they come; local modes <close> = assert(S.terminal.raw())
function M.raw(fd)
	return changed(fd or S.stdin, function(modes)
		modes:makeraw()
	end)
end

-- cbreak([fd]) - single keys, but signals and output as before
function M.cbreak(fd)
	return changed(fd or S.stdin, function(modes)
		modes.lflag = modes.lflag & ~c.LFLAG "icanon, echo"
		modes.vmin, modes.vtime = 1, 0
	end)
end

-- noecho([fd]) - lines that are not shown
function M.noecho(fd)
	return changed(fd or S.stdin, function(modes)
		modes.lflag = modes.lflag & ~c.LFLAG "echo" | c.LFLAG.ECHONL
	end)
end

-- password([prompt [, fd]]) - a line that is not shown; nil where the input has ended
function M.password(prompt, fd)
	fd = fd or S.stdin
	local modes <close>, err = M.noecho(fd)
	if not modes then
		return nil, err
	end
	S.write(fd, check.path("password", 1, prompt or "Password: "))
	local line
	line, err = S.read(fd, nil, 4096)
	if not line then
		return nil, err
	end
	return line ~= "" and line:gsub("\n$", "") or nil
end

-- size([fd [, rows, columns]]) - rows, columns; with these it is set
function M.size(fd, rows, columns)
	fd = fd or S.stdin
	if rows then
		return S.tcsetwinsize(fd, { check.integer("size", 2, rows, 0, 0xffff),
			check.integer("size", 3, columns, 0, 0xffff) })
	end
	local size, err = S.tcgetwinsize(fd)
	if not size then
		return nil, err
	end
	return size.row, size.col
end

-- Programs

local program = { __name = "program" }
program.__index = program

-- read([seconds]) - what has come, "" at the end; nil and an error where nothing comes in time. A
-- terminal whose program is gone says EIO.
function program.read(self, seconds)
	local ready, err = S.poll({ { fd = self.fd, events = "in" } },
		seconds and math.ceil(seconds * 1000) or -1)
	if not ready then
		return nil, err
	elseif ready == 0 then
		return nil, errors.objects[c.E.TIMEDOUT]
	end
	local text
	text, err = self.fd:read()
	if not text and err.IO then
		return ""
	end
	return text, err
end

-- expect(pattern [, seconds]) - what the pattern captures, once it is there; what stands before it
-- and itself are taken
function program.expect(self, pattern, seconds)
	local limit = S.clock_gettime("monotonic").time + (seconds or 10)
	while true do
		local found = table.pack(self.seen:find(pattern))
		if found[1] then
			local all = self.seen:sub(found[1], found[2])
			self.seen = self.seen:sub(found[2] + 1)
			if found.n > 2 then
				return table.unpack(found, 3, found.n)
			end
			return all
		end
		local text, err = self:read(math.max(limit - S.clock_gettime("monotonic").time, 0))
		if not text then
			return nil, err
		elseif text == "" then
			return nil, errors.objects[c.E.PIPE]
		end
		self.seen = self.seen .. text
	end
end

function program.write(self, text)
	return whole.to(self.fd, check.path("terminal.write", 1, text))
end

function program.size(self, rows, columns)
	return M.size(self.fd, rows, columns)
end

function program.kill(self, signal)
	if self.status then
		return nil, errors.objects[c.E.SRCH]
	end
	return S.kill(self.pid, signal or "term")
end

-- wait() - its status, as waitpid() gives it
function program.wait(self)
	if not self.status then
		local pid, err, status = S.waitpid(self.pid)
		if not pid then
			return nil, err
		end
		self.status = status
	end
	return self.status
end

-- close() - hangs up and waits for the end; a program that goes on all the same is killed, with the
-- others of its process group
function program.close(self)
	self.fd:close()
	if not self.status then
		for _ = 1, 50 do
			local pid, err, status = S.waitpid(self.pid, "nohang")
			if not pid and not err.INTR then
				return true
			elseif pid ~= 0 then
				self.status = status
				return true
			end
			S.nanosleep(0.01)
		end
		S.killpg(self.pid, "kill")
		self:wait()
	end
	return true
end

program.__close = program.close

-- Each place where program @name may be.
local function places(name, path)
	if name:find "/" then
		return { name }
	end
	local list = {}
	for directory in (path or "/usr/bin:/bin"):gmatch "[^:]+" do
		list[#list + 1] = directory .. "/" .. name
	end
	return list
end

-- spawn({ program, argument, … } [, { env =, rows =, columns =, modes = }]) - a program whose
-- terminal is a new one
function M.spawn(argv, options)
	options = check.table("spawn", 2, options or {})
	check.path("spawn", 1, check.table("spawn", 1, argv)[1])
	local env = options.env or S.environ()
	local paths = places(argv[1], env.PATH)
	local pid, err, master = S.forkpty(options.modes, { options.rows or 24, options.columns or 80 })
	if not pid then
		return nil, err
	elseif pid == 0 then
		-- An error of Lua must not run the parent's script on in the child.
		pcall(function()
			for _, path in ipairs(paths) do
				local _, why = S.execve(path, argv, env)
				io.stderr:write(not why.NOENT and ("%s: %s\n"):format(path, tostring(why)) or "")
			end
		end)
		S._exit(127)
	end
	return setmetatable({ pid = pid, fd = master, seen = "" }, program)
end

return M
