"""Kinds of launch that are walked, and the program inside, which says what its sandbox is like."""
import os
import re

# Built-in commands of dash alone. What it says must not depend on the fault, nor on the time.
PROGRAM = r"""
show() { while read -r line; do echo "$1 $line"; done <"$2"; }
echo begin
for file in status mountinfo uid_map gid_map cgroup limits net/dev net/route; do
	show $file /proc/self/$file
done
for file in hostname domainname; do show $file /proc/sys/kernel/$file; done
show userns /proc/sys/user/max_user_namespaces
show stat /proc/self/stat
echo fds /proc/self/fd/*
echo processes /proc/[0-9]*
echo root /* /dev/* /etc/*
echo cwd "$PWD" umask "$(umask)"
export -p
echo end
"""

# What of this is another each time.
CHANGES = re.compile(
    r"^(?:status (?:Name|Pid|Ngid|Tgid|PPid|TracerPid|NSpid|NStgid|NSpgid|NSsid|FDSize|Vm|Rss|"
    r"Hugetlb|Threads|SigQ|Cpus_|Mems_|voluntary|nonvoluntary|Core|THP|untag|x86_).*"
    r"|net/dev (?:Inter|face| lo:|lo:).*)$", re.MULTILINE)


def normal(said):
    """What the program says, without what is another each time."""
    said = CHANGES.sub("", said.replace("\r", ""))
    # mountinfo(5): ids, and device numbers; the options that name a device's or a table's number
    said = re.sub(r"^mountinfo \d+ \d+ \d+:\d+ ", "mountinfo ", said, flags=re.MULTILINE)
    said = re.sub(r"\b(master|shared|propagate_from):\d+", r"\1", said)
    # proc_pid_stat(5): session, group and terminal are told apart from the program's own id only
    said = re.sub(r"^stat (\d+) \(\S+\) \w (\d+) (\d+) (\d+) (\d+) .*$",
                  lambda m: f"stat leads {m[1] == m[3]} {m[1] == m[4]} tty {m[5] != '0'}",
                  said, flags=re.MULTILINE)
    said = re.sub(r"/proc/\d+", "/proc/N", said)
    # which of a pool's addresses are free
    said = re.sub(r"^(net/route \S+)\t\w+\t\w+", r"\1", said, flags=re.MULTILINE)
    said = re.sub(r"^net/dev (\S+:) .*$", r"net/dev \1", said, flags=re.MULTILINE)
    # Linux lists mounts by an id that launcher and set-up process draw side by side.
    # A death cuts the last one short.
    lines, cut = said.rsplit("\n", 1) if "\n" in said else ("", said)
    lines = [line for line in lines.split("\n") if line]
    mounts = iter(sorted(line for line in lines if line.startswith("mountinfo")))
    lines = [next(mounts) if line.startswith("mountinfo") else line for line in lines]
    return "\n".join(lines + [cut] * bool(cut))


RICH = """
return profile {
	extends = "base",
	user = { nested = true },
	namespaces = { "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time" },
	time = { monotonic = "1h" },
	domainname = "example",
	mounts = {
		overlay { "/usr/share", at = "/tree", upper = "tmpfs", size = "1M" },
		file { "/made", text = "made\\n" }, symlink { "made", at = "/link" }, mqueue "/dev/mqueue",
		mask "/proc/version", sysfs "/sys", rw { host.cwd, at = "/box" },
	},
	cwd = "/box",
	umask = "027",
	caps = { keep = { "net_raw", "chown" }, ambient = { "chown" },
		securebits = { "no_cap_ambient_raise" } },
	seccomp = { on_denied = "report" },
	landlock = { ro = { "/" }, rw = { "/box", "/tmp", "/dev", "/proc" } },
	limits = { cpu = "20s", wall = "20s", output = "1M", core = 0, files = 128, nproc = 500 },
	process = { stderr = "capture" },
}
"""

NAT = 'return profile { extends = "base", net = veth { nat = true, ipv6 = true, forward = true } }'
BRIDGE = 'return profile { extends = "base", net = veth { bridge = "lab0" } }'
PUBLISH = 'return profile { extends = "base", publish = { "8080:80", "5353:5353/udp" } }'


class Kind:
    """One kind of launch."""

    def __init__(self, name, options, profile="", needs_network=False, files=False, plan=False):
        self.name, self.options, self.profile = name, options, profile
        self.needs_network, self.files, self.plan = needs_network, files, plan

    def prepare(self, directory):
        """Writes its profile; returns the options of `lunette run`."""
        if not self.profile:
            return list(self.options)
        path = f"{directory}/{self.name}.lua"
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.profile)
        return ["-p", path, *self.options]


KINDS = [
    Kind("default", []),
    Kind("untrusted", ["-p", "untrusted"]),
    Kind("rich", [], RICH),
    Kind("plan", [], plan=True),
    Kind("files", [], files=True),
    Kind("tty", ["--tty"]),
    Kind("host", ["--net", "host"]),
    Kind("join", ["--net", "join:/run/net"], needs_network=True),
    Kind("publish", [], PUBLISH),
    Kind("nat", [], NAT, needs_network=True),
    Kind("bridge", [], BRIDGE, needs_network=True),
]


def owned_network():
    """Commands that make a host's network in namespaces of one's own: a way out, and another
    namespace to join. Nothing of the machine's own is touched."""
    return ["mount -t tmpfs tmpfs /run", "mkdir -p /run/lunette", "ip link set lo up",
            "ip link add up0 type veth peer name up1", "ip address add 198.51.100.1/24 dev up0",
            "ip link set up0 up", "ip route add default via 198.51.100.2",
            "touch /run/net", "unshare --net=/run/net true"]


def state_of_host(directory):
    """What a launch must not leave behind. (Locks in the state directory are swept by the next.)"""
    def lines(path, keep):
        with open(path, encoding="utf-8") as file:
            return sorted(keep(line) for line in file)

    return {"mounts": lines("/proc/self/mountinfo", lambda line: line.split()[4]),
            "links": lines("/proc/self/net/dev", lambda line: line.split(":")[0].strip()),
            "forwarding": lines("/proc/sys/net/ipv4/ip_forward", str),
            "files": sorted(os.listdir(directory))}
