#!/usr/bin/python3
"""Launches in random modes, with random kills of each process, and looks what is left; prints TAP.

  tests/soak/run.py --lunette build/release/lunette [--count N] [--seconds N] [--seed N]

It ends after so many launches or seconds, whichever is first. It makes a host of its own (network,
pid, mount namespaces; an ordinary user's is in a user namespace of his) with a /run, so that what
is left there is lunette's: processes, mounts, links, tables of nftables, leases, files. What only
the kernel knows, namespaces and memory, is read from its own books before and after, which other
programs of the machine change too: there only what grows with the number of launches counts.

A launch that nobody disturbs must come to the end that its program has; none may take longer than
SECONDS.
"""
import argparse
import collections
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

SLOW = int(os.environ.get("SLOW", "1"))
SECONDS = 30 * SLOW
USER = 1000
WORKERS = 4
NETWORK = "10.77.0"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/none"}

# Options, and the share of launches that have them. One of each line at most.
MODES = [
    ([["-p", "base"], ["-p", "untrusted"], ["-p", "default"], ["-p", "build"], ["-p", "ci"]], 1.0),
    ([["--net", "host"], ["--publish", "127.0.0.1:PORT:80"], ["-p", "join"],
      ["--publish", "127.0.0.1:PORT:80/udp"]], 0.2),
    ([["-p", "veth"], ["-p", "nat"], ["-p", "bridge"]], 0.15),
    ([["--wall", "20s"], ["--wall", "20s", "--grace", "1s"], ["--wall", "30ms"]], 0.3),
    ([["--cpu", "20s"], ["--pids", "500"]], 0.2),
    ([["--output", "10K"], ["--output", "10K,truncate"], ["-p", "capture"]], 0.2),
    ([["--tty"], ["-p", "observed"]], 0.15),
    ([["--report", "FILE"]], 0.2),
    ([["-v"]], 0.1),
    ([["--tmpfs", "/scratch"]], 0.2),
]

# The rest is made of profiles, for each of which `extends` is what stood there before.
PROFILES = {
    "veth": "net = veth {}",
    "nat": "net = veth { nat = true, forward = true }",
    "bridge": 'net = veth { bridge = "soak0" }',
    "join": 'net = join "/proc/self/ns/net"',
    "capture": 'process = { stdout = "capture" }',
    "observed": 'seccomp = { on_denied = "report", guard = { errno "EPERM" { "umask" } } }',
}
# For root alone, or where an ordinary user is root in a user namespace of his.
PRIVILEGED = {"veth", "nat", "bridge", "join"}

PROGRAMS = [
    ("echo ran; exit 7", 7), ("exit 3", 3), ("kill -9 $$", 137), ("sleep 0.02; exit 5", 5),
    ("sleep 30 & sleep 30 & exit 4", 4), ("head -c 5000 /dev/zero; exit 6", 6),
    ("umask 0; exit 8", 8), ("for i in 1 2 3 4 5; do (sleep 0.01) & done; wait; exit 9", 9),
]
# What a limit may make of it.
LIMITED = {124, 123}


def wait(started, disturbed):
    """Its status. A stop may come after the signal to continue, as no shell's would."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return started.wait(2)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise
            if disturbed == "stop and continue":
                started.send_signal(signal.SIGCONT)


class Soak:
    """One worker's launches."""

    def __init__(self, options, directory, worker):
        self.options, self.directory, self.worker = options, directory, worker
        self.random = random.Random(options.seed * WORKERS + worker)
        self.count = collections.Counter()
        self.problems = []
        self.root = os.geteuid() == 0

    def command(self):
        """Options, whether to be USER, the program and the ends that it may come to."""
        as_user = self.root and self.random.random() < 0.5
        privileged = self.root and not as_user
        chosen, limited = [], False
        profile = "base"
        for alternatives, share in MODES:
            if self.random.random() >= share:
                continue
            option = self.random.choice(alternatives)
            if option[0] != "-p":
                chosen += [word.replace("PORT", str(20000 + self.worker * 2000 +
                                                    self.random.randrange(2000)))
                           .replace("FILE", f"report-{self.worker}") for word in option]
                limited |= option[0] in ("--wall", "--output")
            elif option[1] not in PROFILES:
                profile = option[1]
            elif privileged or option[1] not in PRIVILEGED:
                profile = self.profile(profile, option[1])
        program, status = self.random.choice(PROGRAMS)
        ends = {status} | (LIMITED if limited else set())
        return ["-p", profile, *chosen], as_user, program, ends

    def profile(self, parent, name):
        path = f"{self.directory}/{parent.rpartition('/')[2].removesuffix('.lua')}-{name}.lua"
        if not os.path.exists(path):
            with open(f"{path}-{self.worker}", "w", encoding="utf-8") as file:
                file.write(f'return profile {{ extends = "{parent}", {PROFILES[name]} }}\n')
            os.rename(f"{path}-{self.worker}", path)
        return path

    def launch(self):
        options, as_user, program, ends = self.command()
        command = [self.options.lunette, "run", *options, "--", "sh", "-c", program]
        if as_user:
            command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                       "--inh-caps=-all", *command]
        box = f"{self.directory}/box-{'user' if as_user else 'own'}-{self.worker}"
        with open(f"{box}/err", "w+", encoding="utf-8", errors="replace") as said:
            started = subprocess.Popen(command, cwd=box, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=said, process_group=0,
                                       env=ENVIRONMENT)
            disturbed = self.random.random() < 0.5 and self.disturb(started)
            try:
                status = wait(started, disturbed)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
                self.problems.append(f"hangs: {command}, {disturbed}")
                return
            said.seek(0)
            self.judge(command, status, ends, disturbed, said.read())

    def judge(self, command, status, ends, disturbed, said):
        self.count["launches"] += 1
        if disturbed:
            self.count[disturbed] += 1
            wrong = status in (-signal.SIGSYS, -signal.SIGSEGV, -signal.SIGABRT, 159)
        else:
            # What killed launchers hold in the way of others is no fault: ports, processes.
            # On a busy machine the evaluation of a profile may run out of its seconds.
            self.count["evaluation out of time"] += "not ready after" in said
            excused = re.search("Address already in use|not ready (within limits.wall|after)", said)
            wrong = status not in ends and not excused
        if wrong and len(self.problems) < 20:
            self.problems.append(f"status {status}, not {sorted(ends)}, "
                                 f"{disturbed or 'undisturbed'}: {command}: {said.strip()[-300:]}")

    def disturb(self, started):
        """Does something to one of the launch's processes at some time; what, or "" where it came
        too late."""
        time.sleep(self.random.random() ** 2 * 0.03)
        family = [started.pid]
        for pid in family:
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                    family += map(int, file.read().split())
            except OSError:
                pass
        kind = self.random.choice(["kill the launcher", "kill a child", "kill a grandchild", "end",
                                   "interrupt twice", "stop and continue"])
        try:
            if kind == "kill the launcher":
                started.kill()
            elif kind == "kill a child":
                os.kill(self.random.choice(family[1:3]), signal.SIGKILL)
            elif kind == "kill a grandchild":
                os.kill(family[-1] if len(family) > 2 else family[9], signal.SIGKILL)
            elif kind == "end":
                started.terminate()
            elif kind == "interrupt twice":
                os.kill(started.pid, signal.SIGINT)
                time.sleep(0.001)
                os.kill(started.pid, signal.SIGINT)
            else:
                os.kill(started.pid, signal.SIGTSTP)
                time.sleep(0.01)
                os.kill(started.pid, signal.SIGCONT)
        except (OSError, IndexError):
            return ""
        return kind

    def run(self, until):
        while (self.count["launches"] < self.options.count // WORKERS and
               time.monotonic() < until and len(self.problems) < 20):
            self.launch()


def names(*patterns):
    return {path for pattern in patterns for path in glob.glob(pattern)}


def tables():
    """Of nftables, in this network namespace."""
    try:
        listed = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True,
                                check=False)
    except FileNotFoundError:
        return set()
    return set(listed.stdout.splitlines())


def here():
    """What this host has that a launch could leave behind, as sets."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        mounts = {" ".join(line.split()[3:5]) for line in file}
    return {
        "mount": mounts,
        "link": set(os.listdir("/sys/class/net")),
        "table of nftables": tables(),
        "file": names("/tmp/lunette*", "/dev/shm/*", "/run/lunette/net-*/bridges/*",
                      "/run/lunette/net-*/[lf]*", "/run/user/*/lunette/net-*/[lf]*"),
        "cgroup": names("/sys/fs/cgroup/lunette-*", "/sys/fs/cgroup/*/lunette-*"),
    }


def processes():
    """Of this pid namespace, but for this program, which is its pid 1 and reaps them."""
    found = []
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                found.append((int(pid), file.read().replace("\0", " ")))
        except OSError:
            pass
    return [f"{pid} {line}" for pid, line in found if pid != 1]


def books():
    """What the kernel counts of the whole machine: objects, and KiB of memory that is its own."""
    found = {}
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[0] in ("net_namespace", "pid_namespace", "user_namespace", "mnt_cache",
                                "nsproxy", "pid", "filp", "task_struct", "proc_inode_cache"):
                    found[words[0]] = int(words[1])
    except PermissionError:
        pass
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, value, *_ = line.split()
            if name in ("SUnreclaim:", "Percpu:", "KernelStack:", "PageTables:"):
                found[name[:-1] + " KiB"] = int(value)
    return found


def settle():
    """Until what is taken down behind our back is gone."""
    end = time.monotonic() + 5 * SLOW
    while processes() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1.0)


class Report:
    """TAP."""

    def __init__(self):
        self.number, self.failed = 0, False

    def check(self, name, wrong):
        self.number += 1
        self.failed |= bool(wrong)
        print(f"{'not ' if wrong else ''}ok {self.number} - {name}")
        for line in wrong[:20]:
            print(f"# {line}")
        sys.stdout.flush()


def work(options, directory, worker, until, result):
    soak = Soak(options, directory, worker)
    soak.run(until)
    with open(result, "w", encoding="utf-8") as file:
        json.dump([soak.count, soak.problems], file)


def many(options, directory, seconds):
    """Runs the workers; (how often what, problems)."""
    until = time.monotonic() + seconds
    pids = []
    for worker in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            work(options, directory, worker, until, f"{directory}/result-{worker}")
            os._exit(0)
        pids.append(pid)
    while pids:  # this is pid 1, to which orphans come
        ended = os.wait()[0]
        pids = [pid for pid in pids if pid != ended]
    count, problems = collections.Counter(), []
    for worker in range(WORKERS):
        with open(f"{directory}/result-{worker}", encoding="utf-8") as file:
            counted, wrong = json.load(file)
        count.update(counted)
        problems += wrong
    return count, problems


def prepare(directory):
    os.chmod(directory, 0o755)
    for worker in range(WORKERS):
        for who in ("own", "user"):
            os.mkdir(f"{directory}/box-{who}-{worker}")
            if who == "user" and os.geteuid() == 0:
                os.chown(f"{directory}/box-{who}-{worker}", USER, USER)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # A way out, so that there is an MTU and something to translate addresses for.
    subprocess.run(["ip", "link", "add", "up0", "up", "type", "veth", "peer", "name", "up1"],
                   check=True)
    subprocess.run(["ip", "address", "add", f"{NETWORK}.1/24", "dev", "up0"], check=True)
    subprocess.run(["ip", "route", "add", "default", "via", f"{NETWORK}.2"], check=True)


def heirs(options, directory):
    """What the killed left the next launch undoes: one of each kind that holds something."""
    soak = Soak(options, directory, 0)
    for name in ("nat", "bridge", "veth"):
        subprocess.run([options.lunette, "run", "-p", soak.profile("base", name), "--", "true"],
                       cwd=f"{directory}/box-own-0", stdin=subprocess.DEVNULL, check=False)


def main():
    parser = argparse.ArgumentParser(description="Launches in random modes, with random kills.")
    parser.add_argument("--lunette", default="build/release/lunette")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    options = parser.parse_args()
    options.lunette = os.path.abspath(options.lunette)
    if "LUNETTE_SOAK" not in os.environ:
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            words += ["--user", "--map-root-user"]
        os.environ["LUNETTE_SOAK"] = "1"
        os.execvp(words[0], [*words, sys.executable, *sys.argv])
    report = Report()
    print(f"# seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="soak-of-lunette-") as directory:
        prepare(directory)
        # First what stays for good: caches, the state directory.
        few = argparse.Namespace(**{**vars(options), "count": 60})
        many(few, directory, options.seconds)
        heirs(options, directory)
        settle()
        before, kept = here(), books()
        count, problems = many(options, directory, options.seconds)
        heirs(options, directory)
        settle()
        after, grown = here(), books()
        launches = count.pop("launches", 0)
        report.check(f"{launches} launches ended as they should; disturbed: "
                     + ", ".join(f"{kind} {number}" for kind, number in sorted(count.items())),
                     problems or ([] if launches else ["no launch"]))
        report.check("no process is left", processes())
        for kind in before:
            report.check(f"no {kind} is left", sorted(after[kind] - before[kind]))
        for name, value in kept.items():
            # A leak of one for each tenth launch, or 2 KiB for each, shows in a long run.
            most = 2 * launches + 65536 if name.endswith("KiB") else launches // 10 + 3000
            report.check(f"{name} has not grown with the launches: {grown[name] - value:+d}",
                         [f"more than {most}"] if grown[name] - value > most else [])
    print(f"1..{report.number}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
