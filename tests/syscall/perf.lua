-- perf.lua - performance events: counters, samples, tracepoints

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t = S.t
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local attr = t.perf_event_attr { type = "software", config = "sw_task_clock", disabled = true,
	exclude_kernel = true, precise_ip = 2 }
is(S.raw.memory.u64(attr, 40), 1 | 1 << 5 | 2 << 15, "bits of the attributes")
raises(function() attr.precise_ip = 4 end, "2 bits", "a number with more bits")
local one = t.perf_event_attr1()
one[0].type = "software"
is(one[0].type .. " " .. S.raw.memory.size(one), "1 " .. t.perf_event_attr.size,
	"perf_event_attr1: an array of one")
raises(function() t.perf_event_attr { type = "softwar" } end, "did you mean \"SOFTWARE\"?",
	"a wrong type")
raises(function() S.perf_event_open(5) end, "#1", "perf_event_open(): no attributes")
raises(function() S.perf_event_open(t.buffer(8)) end, "a perf_event_attr", "memory too short")
raises(function() S.perf_probe("x", "y") end, "#1", "perf_probe(): a wrong kind")
raises(function() S.perf_attach_tracepoint("x") end, "#1", "perf_attach_tracepoint(): no number")
raises(function() S.perf_reader("x") end, "#1", "perf_reader(): no fd")
fails(function() return S.perf_tracepoint "none/none" end, select(2, S.stat
	"/sys/kernel/tracing/events") and "ACCES" or "NOENT", "perf_tracepoint(): none of that name")

local fd, err = S.perf_event_open({ type = "software", config = "sw_task_clock", disabled = true,
	exclude_kernel = true, exclude_hv = true }, 0, -1, nil, "fd_cloexec")
if not fd then
	ok(err.ACCES or err.PERM or err.NOSYS or err.NOENT, "perf_event_open() says why", tostring(err))
	tap.skip("performance events", "host: perf_event_open() says " .. tostring(err))
	tap.done()
end
fails(function() return S.perf_event_open { type = 9999, exclude_kernel = true,
	exclude_hv = true } end,
	"NOENT", "no such type")
local counter = S.perf_reader(fd)
ok(counter:reset() and counter:start(), "a counter is started")
local sum = 0
for i = 1, 1e6 do
	sum = sum + i
end
ok(counter:stop() and counter:read() > 0, "and has counted")
local value = counter:read()
is(counter:read(), value, "stopped it stands")
ok(counter:reset() and counter:read() == 0, "reset()")
raises(function() counter:next() end, "mmap() comes first", "next() before mmap()")
fails(function() return counter:refresh() end, "INVAL", "refresh(): it takes no samples")
fails(function() return counter:setfilter "x" end, "INVAL", "setfilter(): no tracepoint")
ok(not counter:setbpf(0), "setbpf(): no program")
ok(counter:close(), "close()")

do
	local sampler <close> = t.perf_reader(assert(S.perf_event_open { type = "software",
		config = "sw_cpu_clock", sample_period = 100000, sample_type = "ip, tid",
		exclude_kernel = true, disabled = true, exclude_hv = true }))
	ok(sampler:mmap(4) and sampler:meta().data_size == 4 * S.raw.pagesize, "mmap() and meta()")
	sampler:start()
	for i = 1, 2e7 do
		sum = sum + i
	end
	sampler:stop()
	local count, wrong = 0, 0
	for kind, bytes in function() return sampler:next() end do
		if kind == "sample" then
			local _, pid = ("=I8I4"):unpack(bytes)
			count, wrong = count + 1, wrong + (pid == S.getpid() and 0 or 1)
		end
	end
	ok(count > 0 and wrong == 0, "next() brings samples of this process", count)
	ok(sampler:munmap() and sampler:munmap(), "munmap(), twice")
	raises(function() sampler:mmap(0) end, "from 1 to", "mmap(): no room")
end

local unattached, why_not = S.perf_attach_tracepoint(0x7ffffff0)
ok(unattached == nil and why_not, "perf_attach_tracepoint(): none of that number")
local point, why = S.perf_tracepoint "syscalls/sys_enter_getppid"
if point then
	local reader = S.perf_attach_tracepoint(point, 0, -1)
	if reader then
		ok(reader:mmap(1) and reader:start() and S.getppid() and reader:stop(), "a tracepoint")
		is(reader:next(), "sample", "perf_attach_tracepoint() tells of a call")
		reader:close()
	end
else
	tap.skip("tracepoints", "host: tracefs says " .. tostring(why))
end
local none, refused = S.perf_probe("kprobe", "lunette_none", "no_such_function_anywhere")
ok(none == nil and refused, "perf_probe(): no such function", tostring(refused))
ok(S.perf_probe("kprobe", "lunette_none") == nil, "perf_probe(): to take away what is not there")
is(check.open_fds(), before, "no fd is left open")
tap.done()
