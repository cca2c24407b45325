-- tty.lua - terminals: their modes, queues and sizes, and pairs of pseudo-terminals

local call = require "syscall.call"
local c = require("syscall.constants").c

local bind = call.bind

require "syscall.types.tty"

local M = {}

-- Requests of ioctl(2). That of a row is fixed.
local TCGETS2, TCSETS2, TIOCGSID = "#0x802c542a", 0x402c542b, "#0x5429"

M.rows = {
	tcgetattr = "ioctl: fd " .. TCGETS2 .. " out:termios -> out",
	tcdrain = "ioctl: fd #0x5409 #1 -> true retry",
	tcgetwinsize = "ioctl: fd #0x5413 out:winsize -> out",
	tcsetwinsize = "ioctl: fd #0x5414 in:winsize -> true",
}

local set_modes = bind("tcsetattr", "ioctl: fd u32 in:termios -> true retry")

-- tcsetattr(fd, when, termios) - when: "now", "drain", "flush"
function M.tcsetattr(fd, when, termios)
	return set_modes(fd, TCSETS2 + c.TCSA[when or "now"], termios)
end

local function numbered(name)
	return bind(name, "ioctl: fd u32 i64 -> true")
end

local send_break, flush, flow = numbered "tcsendbreak", numbered "tcflush", numbered "tcflow"

-- tcsendbreak(fd [, duration]) - of a quarter to half a second; another duration Linux has not
function M.tcsendbreak(fd)
	return send_break(fd, c.IOCTL.TCSBRK, 0)
end

function M.tcflush(fd, queue)
	return flush(fd, c.IOCTL.TCFLSH, c.TCFLUSH[queue or "ioflush"])
end

function M.tcflow(fd, action)
	return flow(fd, c.IOCTL.TCXONC, c.TCFLOW[action])
end

local get_session = bind("tcgetsid", "ioctl: fd " .. TIOCGSID .. " out:i32 -> out")

function M.tcgetsid(fd)
	local session, err = get_session(fd)
	return session and session.value, err
end

local get_modes = bind("isatty", "ioctl: fd " .. TCGETS2 .. " out:termios -> true")

-- isatty(fd) - true, or nil and the error
function M.isatty(fd)
	return get_modes(fd)
end

-- Pseudo-terminals

function M.posix_openpt(flags)
	return require("syscall").open("/dev/ptmx", flags or "rdwr, noctty, cloexec")
end

M.openpt = M.posix_openpt

local get_number = bind("ptsname", "ioctl: fd #0x80045430 out:u32 -> out")
local has_number = bind("grantpt", "ioctl: fd #0x80045430 out:u32 -> true")
local set_lock = bind("unlockpt", "ioctl: fd #0x40045431 in:i32 -> true")
local get_peer = bind("openpty", "ioctl: fd #0x5441 flags:O -> fd")

function M.ptsname(fd)
	local number, err = get_number(fd)
	return number and "/dev/pts/" .. number.value, err
end

-- grantpt(fd) - the kernel has given the terminal to its owner already; tells whether fd is one
function M.grantpt(fd)
	return has_number(fd)
end

function M.unlockpt(fd)
	return set_lock(fd, 0)
end

-- openpty([termios [, winsize]]) - true, nil, master, terminal. By the descriptor and not by name:
-- the terminal's name may belong to another file system.
function M.openpty(termios, winsize)
	local S = require "syscall"
	local master, err = M.posix_openpt()
	if not master then
		return nil, err
	end
	local terminal
	local done, failed = M.unlockpt(master)
	if done then
		terminal, failed = get_peer(master, "rdwr, noctty, cloexec")
		done = terminal
	end
	if done and termios then
		done, failed = M.tcsetattr(terminal, "now", termios)
	end
	if done and winsize then
		done, failed = S.tcsetwinsize(terminal, winsize)
	end
	if not done then
		master:close()
		if terminal then
			terminal:close()
		end
		return nil, failed
	end
	return true, nil, master, terminal
end

-- login_tty(terminal) - a session of its own, whose terminal this is, also as 0, 1 and 2
local take_terminal = bind("login_tty", "ioctl: fd #0x540e i64 -> true")

function M.login_tty(terminal)
	local S = require "syscall"
	call.check.fd("login_tty", 1, terminal)
	local session, err = S.setsid()
	if not session then
		return nil, err
	end
	local done, failed = take_terminal(terminal, 0)
	for number = 0, 2 do
		if done then
			done, failed = S.dup2(terminal, number)
		end
	end
	return done and true, failed
end

-- forkpty([termios [, winsize]]) - the pid, nil and the master; 0 in the child, whose terminal it
-- is
function M.forkpty(termios, winsize)
	local S = require "syscall"
	local made, err, master, terminal = M.openpty(termios, winsize)
	if not made then
		return nil, err
	end
	local pid, failed = S.fork()
	if pid == 0 then
		master:close()
		if not M.login_tty(terminal) then
			S._exit(127)
		end
		terminal:close()
		return 0
	end
	terminal:close()
	if not pid then
		master:close()
		return nil, failed
	end
	return pid, nil, master
end

return M
