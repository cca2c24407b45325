-- schema_doc.lua - what the keys of schema.lua and the words of words.lua mean
--
-- For the manual page, the editors' annotations and the completions; no launch loads it. A test
-- holds it and the two tables to the same names.

local M = {}

-- Each: the key, its type and default in words, and what it is for.
M.keys = {
	{ "doc", "text", "", "One line that says what the profile is for." },
	{ "extends", "name, path or { name, PARAM = ... }", "",
		"The parent: what it says holds unless this profile says otherwise. A name is looked "
		.. "up like that of `-p`; a path is absolute. The parent's parameters can be set." },
	{ "namespaces", "list", "all but time",
		"What the program gets of its own: user, mount, pid, net, ipc, uts, cgroup, time. A "
		.. "child's list replaces its parent's." },
	{ "user.uid", "id", "the caller's",
		"The user id inside. Where root launches, the default is user.outer: 0 inside must "
		.. "be written." },
	{ "user.gid", "id", "the caller's", "The group id inside, as user.uid." },
	{ "user.groups", "list of ids, or \"keep\"", "{}",
		"Supplementary groups inside. The caller's are dropped; an ordinary user's kernel "
		.. "may forbid that, which `prefer {}` takes. \"keep\" keeps them." },
	{ "user.map", "{ uid = { { INSIDE, OUTSIDE, COUNT } }, gid = ... }", "one id",
		"Ranges of ids, for which an ordinary user needs subordinate ids and newuidmap." },
	{ "user.outer", "id, or { uid = ID, gid = ID }", "65534",
		"Where root launches: the host's ids that the program runs under. 0 gives it the "
		.. "host's files." },
	{ "user.nested", "flag", "false",
		"May the program make user namespaces of its own? The guard no-new-userns must be "
		.. "removed as well." },
	{ "time.monotonic", "seconds", "0", "Added to the monotonic clock inside." },
	{ "time.boottime", "seconds", "0", "Added to the time since boot inside." },
	{ "hostname", "text", "lunette", "The host's name inside." },
	{ "domainname", "text", "(none)", "The NIS domain's name inside." },
	{ "cwd", "path", "/", "The working directory inside." },
	{ "umask", "octal text", "0022", "The file mode creation mask." },
	{ "mounts", "list of mounts", "",
		"What the file system inside consists of, in order. A mount for the same place as an "
		.. "earlier one replaces it there; `remove { PATH }` takes one away." },
	{ "env.keep", "list of names", "", "Environment variables passed on from the caller." },
	{ "env.set", "NAME = text", "",
		"Environment variables with a value; `none` takes one away." },
	{ "caps.keep", "list of capabilities", "",
		"Capabilities that the program keeps, over what its namespaces own." },
	{ "caps.ambient", "list of capabilities", "",
		"Those of caps.keep that survive execution by a user other than 0." },
	{ "caps.securebits", "list of names", "",
		"noroot, no_setuid_fixup, keep_caps, no_cap_ambient_raise, each also with _locked." },
	{ "seccomp.default", "action", "allow",
		"What a known system call gets that no rule decides." },
	{ "seccomp.newer", "action, or \"default\"", "errno \"ENOSYS\"",
		"What calls get that are newer than lunette's tables." },
	{ "seccomp.guard", "list of guards and rules", "",
		"Rules that come before all others, the parents' first; only `remove` takes one "
		.. "away." },
	{ "seccomp.arch", "list", "the native one",
		"Further entries of the kernel: i386, x32. Calls by others kill the process." },
	{ "seccomp.on_denied", "\"report\" or \"silent\"", "\"silent\"",
		"\"report\": the report lists the calls that were refused, with their arguments and the line "
		.. "that refused them. `run -v` does so too. It costs some microseconds for each, and "
		.. "kill_thread then ends the whole process. What Landlock refuses and what a rule traps is "
		.. "told where the launcher may read the kernel's audit log." },
	{ "landlock.ro", "list of paths", "",
		"What may be read beneath these paths inside. A path may be { PATH, optional = true "
		.. "}. Needs Landlock's ABI 3 (Linux 6.2); prefer does with what there is." },
	{ "landlock.rw", "list of paths", "", "What may be read and changed. Needs ABI 3." },
	{ "landlock.exec", "list of paths", "",
		"What may be read and executed. Without this list the other two may be executed as "
		.. "well." },
	{ "landlock.connect", "list of ports", "",
		"TCP ports that may be connected to. An empty list: none. Needs ABI 4 (Linux 6.7)." },
	{ "landlock.bind", "list of ports", "", "TCP ports that may be bound. Needs ABI 4." },
	{ "landlock.scope", "list", "",
		"signal, abstract_unix: only within the sandbox. Needs ABI 6 (Linux 6.12)." },
	{ "net", "\"none\", \"host\", veth { ... } or join \"...\"", "\"none\"",
		"The network: a loopback of its own, the caller's, a pair of links (as root), or one that "
		.. "is there already." },
	{ "publish", "list of \"[ADDR:]HOST:INSIDE[/udp]\"", "",
		"Ports of the host that lead to ports of the sandbox, whose program listens on its "
		.. "loopback or on any address. ADDR, the host's, is 127.0.0.1 unless given. For every "
		.. "network of the sandbox's own." },
	{ "limits.memory", "size", "",
		"Memory of all processes together, files in tmpfs included; beyond it all of the "
		.. "sandbox is killed, with status 123. This limit and those marked (cgroup) need "
		.. "cgroup v2." },
	{ "limits.memory_high", "size", "",
		"Memory above which the program is slowed down. (cgroup)" },
	{ "limits.swap", "size", "0 where limits.memory is set",
		"Swap of all processes. (cgroup)" },
	{ "limits.pids", "count", "",
		"Processes and threads at once, pid 1 included: by the cgroup, or else for each user "
		.. "id by RLIMIT_NPROC, which does not hold the host's root." },
	{ "limits.cpus", "number", "", "CPUs' worth of time, such as 1.5. (cgroup)" },
	{ "limits.cpu_weight", "1 to 10000", "100",
		"Share of busy CPUs, in proportion to that of the cgroups beside it. (cgroup)" },
	{ "limits.cpuset", "text", "", "Which CPUs: \"0-3,7\". (cgroup)" },
	{ "limits.io", "list of { \"/dev/NAME\", rbps =, wbps =, riops =, wiops = }", "",
		"Bytes and operations a second, read and written, of whole disks. (cgroup)" },
	{ "limits.io_weight", "1 to 10000", "100", "Share of busy disks. (cgroup)" },
	{ "limits.hugetlb", "{ [\"2M\"] = size }", "",
		"Memory in huge pages, by the size of a page. (cgroup)" },
	{ "limits.wall", "time", "", "How long the run may take; then status 124." },
	{ "limits.grace", "time", "",
		"Between the signal that asks to end and the one that makes it." },
	{ "limits.cpu", "time", "",
		"CPU time of all processes together; then status 123. Exact where another limit gives the "
		.. "sandbox a cgroup, or counters are allowed (kernel.perf_event_paranoid) and it is more "
		.. "than preferred, since the first counter can take 15 ms; else the report says that it is "
		.. "approximate." },
	{ "limits.output", "size", "",
		"Bytes on standard output, and as many on standard error; together where the two are "
		.. "one. More ends the run with status 123. Standard input that is a terminal or a socket "
		.. "comes through a pipe then, since it could be written to; process.fds do not count." },
	{ "limits.on_output", "\"stop\" or \"truncate\"", "\"stop\"",
		"What happens past limits.output: the run ends, or the rest is thrown away." },
	{ "limits.files", "count", "", "Open files of a process." },
	{ "limits.fsize", "size", "", "Size of a file that is written." },
	{ "limits.stack", "size", "", "Stack of a process." },
	{ "limits.core", "size", "", "Core dump of a process." },
	{ "limits.nproc", "count", "", "Processes of the user." },
	{ "limits.address_space", "size", "", "Address space of a process." },
	{ "limits.data", "size", "", "Data segment and private memory of a process." },
	{ "limits.memlock", "size", "", "Memory that a process may lock." },
	{ "limits.msgqueue", "size", "", "POSIX message queues of the user." },
	{ "limits.nice", "count", "", "Highest priority: 20 minus the nice value, 1 to 40." },
	{ "limits.process_cpu", "time", "",
		"CPU time of each process, in whole seconds; then it is killed." },
	{ "limits.rtprio", "count", "", "Highest real-time priority." },
	{ "limits.rttime", "time", "", "Real-time CPU time without a pause." },
	{ "limits.sigpending", "count", "", "Queued signals of the user." },
	{ "cgroup_parent", "path", "the one above the caller's",
		"The cgroup below which the sandbox's own is made, as /proc/self/cgroup writes "
		.. "paths. It must hold no process itself, unless it is the root." },
	{ "process.init", "flag", "true", "A pid 1 of ours that reaps and passes signals on." },
	{ "process.tty", "\"auto\", true, \"inherit\" or false", "false",
		"\"auto\" gives the program a terminal of its own in place of those standard files that are "
		.. "one, true in place of all; \"inherit\" keeps the caller's session and terminal." },
	{ "process.die_with_parent", "flag", "process.init", "End when the launcher does." },
	{ "process.stdin", "\"inherit\", \"null\" or path", "\"inherit\"", "Standard input." },
	{ "process.stdout", "\"inherit\", \"null\", \"capture\" or path", "\"inherit\"",
		"Standard output. \"capture\" puts it into the report, up to limits.output or 1M." },
	{ "process.stderr", "\"inherit\", \"null\", \"capture\", \"stdout\" or path", "\"inherit\"",
		"Standard error. \"stdout\" has it go wherever standard output goes, in order." },
	{ "process.fds", "list of numbers", "",
		"Further descriptors of the caller that stay open." },
	{ "process.name", "text", "",
		"The running sandbox's name, by which others join its network. No two of a user's have "
		.. "the same." },
	{ "process.arg0", "text", "", "What the program sees as its own name." },
	{ "needs", "list of features", "",
		"What the host must have, before anything starts: \"landlock >= 4\", "
		.. "\"cgroup.memory\", \"kernel >= 6.6\", \"userns\", \"overlay\", \"idmap\", "
		.. "\"subids\", \"time\", \"net.veth\", \"net.nat\", \"net.rate\", \"net.delay\". "
		.. "`host.feature` takes the same names." },
	{ "tests", "list", "", "Tests of the profile; a launch does not read them." },
}

-- The words of the language: how they are written, and what they make.
M.words = {
	{ "profile", "profile { KEY = ... }", "What a profile file returns." },
	{ "params", "params { NAME = TYPE { default =, doc = } }",
		"The profile's parameters: a table of their values, set by extends or --set." },
	{ "path", "path { default = }", "A parameter that is an absolute path." },
	{ "text", "text { default = }", "A parameter that is text." },
	{ "number", "number { default = }", "A parameter that is a number." },
	{ "size", "size { default = }", "A parameter that is a size; its value is bytes." },
	{ "time", "time { default = }", "A parameter that is a time; its value is seconds." },
	{ "flag", "flag { default = }", "A parameter that is true or false." },
	{ "choice", "choice { \"a\", \"b\", default = }",
		"A parameter that is one of several texts." },
	{ "host", "host.uid gid cwd home arch kernel command env.NAME exists() readlink() feature()",
		"Facts of the host; the answers are recorded in the plan." },
	{ "ro", "ro PATH", "A directory or file of the host, read-only." },
	{ "rw", "rw PATH", "A directory or file of the host, writable." },
	{ "same", "same PATH", "What the host has there: its symbolic link, or a read-only bind." },
	{ "tmpfs", "tmpfs { PATH, size =, mode =, inodes = }", "An empty directory in memory." },
	{ "proc", "proc PATH", "The processes of the sandbox." },
	{ "dev", "dev PATH", "The devices null, zero, full, random, urandom, tty, and pts and shm." },
	{ "sysfs", "sysfs PATH", "The kernel's devices, read-only." },
	{ "mqueue", "mqueue PATH", "POSIX message queues." },
	{ "overlay", "overlay { PATH, at =, upper =, work =, size = }",
		"A directory of the host under a layer that takes the changes: \"tmpfs\", or a directory "
		.. "of the host with an empty one beside it to work in. Its own directories can "
		.. "be removed over a tmpfs from Linux 6.6 on; before, that is EIO, and the report "
		.. "says so." },
	{ "symlink", "symlink { TEXT, at = PATH }", "A symbolic link." },
	{ "file", "file { PATH, text = }", "A file with the given text, read-only." },
	{ "dir", "dir { PATH, mode = }", "An empty directory." },
	{ "mask", "mask PATH", "Something empty over what is there." },
	{ "allow", "allow { CALL... }", "The call is made." },
	{ "kill", "kill { CALL... }", "The process is killed." },
	{ "kill_thread", "kill_thread { CALL... }", "The thread is killed." },
	{ "log", "log { CALL... }", "The call is made and logged by the kernel." },
	{ "notify", "notify { CALL... }", "The call is made, and the report lists it." },
	{ "errno", "errno \"EPERM\" { CALL... }", "The call fails with this error." },
	{ "trap", "trap(N) { CALL... }", "The thread gets SIGSYS, with N in si_errno." },
	{ "trace", "trace(N) { CALL... }",
		"A tracer decides; without one the call fails with ENOSYS." },
	{ "sys", "sys.NAME { ARGUMENT = MATCHER }", "A call whose arguments all match." },
	{ "one_of", "one_of { VALUE... }", "One of these values." },
	{ "has", "has \"a|b\"", "All of these bits." },
	{ "without", "without \"a|b\"", "None of these bits." },
	{ "only", "only \"a|b\"", "No other bits than these." },
	{ "masked", "masked(MASK, VALUE)", "The bits under MASK are VALUE." },
	{ "range", "range(LOW, HIGH)", "From LOW to HIGH, both included." },
	{ "lt", "lt(VALUE)", "Less than VALUE, signed where the argument is." },
	{ "le", "le(VALUE)", "At most VALUE." },
	{ "gt", "gt(VALUE)", "More than VALUE." },
	{ "ge", "ge(VALUE)", "At least VALUE." },
	{ "ne", "ne(VALUE)", "Not VALUE." },
	{ "all_of", "all_of { MATCHER... }", "All of these." },
	{ "any_of", "any_of { MATCHER... }", "At least one of these." },
	{ "no", "no(MATCHER)", "Not this." },
	{ "veth", "veth { address =, gateway =, peer =, routes =, bridge =, nat =, dns =, ... }",
		"A pair of links. address is inside, gateway (or peer) is the host's end; lists hold one "
		.. "of each family. Without an address both come from a pool; ipv6 = true adds IPv6 "
		.. "ones. routes: the networks behind the gateway, instead of everything. nat = true: "
		.. "out into the host's networks under the host's address; forward = true may turn the "
		.. "host's forwarding on for it. bridge: a bridge that sandboxes share. isolate: only "
		.. "the host may open connections to the sandbox (true with nat or bridge). dns: name "
		.. "servers. rate (bytes a second), delay and loss (per cent) shape both ways. mtu, mac, "
		.. "name and host_name are the links' own." },
	{ "join", "join WHERE",
		"A network namespace that is there: a path, \"fd:N\", \"pid:N\" or \"sandbox:NAME\", a running "
		.. "sandbox of the caller's (process.name). It must belong to the launcher's own user "
		.. "namespace, or to one that the caller has made, or the launcher be root. An ordinary "
		.. "user's sandbox that joins another has that one's ids, and no capabilities." },
	{ "broker", "broker { ... }", "Connections through a broker. Not built yet." },
	{ "pod", "pod NAME", "A network of several sandboxes. Not built yet." },
	{ "prefer", "prefer(VALUE)", "Used where the host can, else left out and reported." },
	{ "optional", "optional \"NAME\"",
		"A call that this architecture may not have; a path of Landlock that may be missing." },
	{ "remove", "remove { ... }", "Takes a parent's mounts, rules, guards or items away." },
	{ "replace", "replace { ... }", "A list, map or section that starts anew." },
	{ "none", "KEY = none", "Unsets a parent's value." },
}

M.guards = {
	{ "no-new-userns", "no user namespaces by clone, unshare and setns; clone3, whose flags lie in "
		.. "memory, fails with ENOSYS, so that libraries use clone" },
	{ "no-tty-injection", "no TIOCSTI and TIOCLINUX, which type into the caller's terminal, no "
		.. "TIOCEXCL, which keeps others from opening it, no TIOCSETD, which loads line disciplines" },
	{ "no-io-uring", "no io_uring, whose operations no filter sees" },
	{ "no-keyring", "no key rings of the kernel, which no namespace separates" },
	{ "no-vsock", "no AF_VSOCK, which reaches the hypervisor past the network namespace" },
	{ "no-odd-sockets", "sockets of the families unix, inet, inet6 and netlink only" },
	{ "no-write-execute", "no memory that is writable and executable, or made executable later" },
	{ "no-ptrace", "no looking into other processes, nor taking their descriptors" },
	{ "no-bpf-perf", "no bpf, performance counters and profiling cookies" },
	{ "no-userfaultfd", "no userfaultfd, which makes races in the kernel easy to win" },
	{ "no-setuid-files", "no set-user-id and set-group-id bits on files; openat2, whose mode lies in "
		.. "memory, fails with ENOSYS" },
}

-- The words that verbs take, for completions. "..." stands behind one that may come again; after
-- "command" all is the command's own, and a question's words come behind it.
M.verbs = {
	run = { "command" }, plan = { "command" }, check = { "profile..." }, doctor = {}, profiles = {},
	seccomp = { "question" }, why = { "right", "file" }, lua = { "file..." },
}
M.questions = {
	dump = { "profile" }, sim = { "profile", "call" }, why = { "profile", "call" },
	stats = { "profile" }, groups = { "group" }, verify = { "profile" }, compile = { "profile" },
}

return M
