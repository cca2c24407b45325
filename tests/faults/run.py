#!/usr/bin/python3
"""Lets each call of a launch fail in turn, or kills its process there (build=faults); prints TAP.

  tests/faults/run.py --lunette build/faults/lunette [--every N] [--only KIND,…] [--fault FAULT,…]

A launch of each kind (kinds.py), made once without a fault, tells which calls there are and what
the program sees of its sandbox. Then, for each call of each process of it:

  EPERM (ENOMEM for memory)  the program must not run, the launcher must end with 125 and one line
                that names a stage; or the source says "May fail:" and why (sites.py), and the
                program runs to its end, in the same sandbox
  kill          that process is killed: what the program said until then comes from the same sandbox
  ENOSYS        all calls of one number, as on a kernel that lacks it: the fallback, or an error

In each case the launch ends soon, and leaves no process, mount, link or file. As root the kinds are
walked as root and as uid 1000, in namespaces of their own.
"""
import argparse
import concurrent.futures
import ctypes
import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from kinds import KINDS, PROGRAM, normal, owned_network, state_of_host  # noqa: E402
from sites import ROOT, Sites, all_marks  # noqa: E402

STAGES = ("usage profile plan ids mounts devices network cgroup limits credentials filters exec "
          "watch report").split()
SECONDS = 15
USER = 1000
KILL, MEMORY = 0, 9999  # as in faults.c; RAW_FAULT_MEMORY (lua/raw/entry.h)
ABSENT = "openat2 mount_setattr close_range landlock_create_ruleset".split()
PR_SET_CHILD_SUBREAPER, CLONE_NEWNS, CLONE_NEWNET = 36, 0x20000, 0x40000000

# Calls that the kernel does not refuse, with the arguments that they get here: those that know no
# error; clocks and signals with valid numbers and memory; one's own children, where no handler is
# that could interrupt.
SURE = set("getpid getuid geteuid getgid getegid getppid umask exit_group clock_gettime getrusage "
           "rt_sigprocmask rt_sigaction sched_yield kill waitid close".split())


def numbers():
    """Numbers to names, from the table of calls."""
    column = {"x86_64": 1, "aarch64": 4, "riscv64": 5}[os.uname().machine]
    found = {MEMORY: "memory"}
    with open(f"{ROOT}/policy/tables/calls.tsv", encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) > 5 and not line.startswith(("#", "at\t")) and fields[column].isdigit():
                found[int(fields[column])] = fields[0]
    return found


NAMES = numbers()


class Walker:
    """One kind of launch as one user, in a directory of its own below @room."""

    def __init__(self, lunette, kind, user, room):
        self.lunette, self.kind, self.user = lunette, kind, user
        self.directory = tempfile.mkdtemp(dir=room)
        self.box = f"{self.directory}/box"
        os.mkdir(self.box)
        for path in (self.directory, self.box):
            os.chmod(path, 0o755)
            os.chown(path, user, user)
        os.mkdir(f"{self.directory}/state", 0o700)
        os.chown(f"{self.directory}/state", user, user)
        self.environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR":
                            f"{self.directory}/state", "HOME": "/nonexistent", "LANG": "C"}
        options = kind.prepare(self.directory)
        self.command = [lunette, "run", *options, "--", "sh", "-c", PROGRAM]
        if kind.plan:
            self.make_plan()
        self.files = {name: f"{self.directory}/{name}" for name in ("stdin", "stdout")}
        with open(self.files["stdin"], "w", encoding="utf-8") as file:
            file.write("input\n")
        self.expected = ""

    def make_plan(self):
        path = f"{self.directory}/plan"
        made = subprocess.run([self.lunette, "plan", *self.command[2:]], check=True, cwd=self.box,
                              env=self.environment, capture_output=True, **self.identity())
        with open(path, "wb") as file:
            file.write(made.stdout)
        self.command = [self.lunette, "run", "--plan", path]

    def identity(self):
        if self.user == os.geteuid():
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": []}

    def run(self, **variables):
        """(status, standard output, standard error); "hangs" where it does not end."""
        source, target = subprocess.DEVNULL, subprocess.PIPE
        if self.kind.files:
            source = open(self.files["stdin"], "rb")
            target = open(self.files["stdout"], "wb+")
        started = subprocess.Popen(self.command, cwd=self.box, stdin=source, stdout=target,
                                   stderr=subprocess.PIPE, text=True, errors="backslashreplace",
                                   env=self.environment | variables, start_new_session=True,
                                   **self.identity())
        hangs = False
        try:
            said, wrong = started.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            hangs = True
            started.kill()
            said, wrong = "", ""
        left = reap()
        if hangs:
            started.stdout = started.stdout and started.stdout.close()
            started.stderr = started.stderr.close()
        if self.kind.files:
            target.seek(0)
            said = target.read().decode(errors="backslashreplace")
            source.close()
            target.close()
        if left:
            wrong += f"\nleft behind: {left}"
        return "hangs" if hangs else started.returncode, normal(said), wrong

    def calls(self):
        """[(process, index, number, addresses)] of a launch without a fault."""
        path = f"{self.directory}/calls"
        status, self.expected, wrong = self.run(LUNETTE_CALLS=path)
        if status != 0 or not self.expected.endswith("\nend"):
            sys.exit(f"tests/faults: without a fault {self.kind.name} as {self.user} ends with "
                     f"{status}: {wrong}{self.expected}")
        again = self.run()
        if again[1] != self.expected:
            sys.exit(f"tests/faults: {self.kind.name} differs from itself: "
                     f"{difference(self.expected, again[1])}")
        return read_calls(path)


def read_calls(path):
    try:
        with open(path, encoding="utf-8") as file:
            words = [list(map(int, line.split())) for line in file]
        os.unlink(path)
    except FileNotFoundError:
        return []
    return sorted((one[0], one[1], one[2], tuple(one[3:])) for one in words)


def reap():
    """Waits until all that a launch has started is gone; kills and names what stays."""
    end = time.monotonic() + 3
    left = []
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return left
        if pid:
            continue
        if time.monotonic() > end:
            for task in os.listdir("/proc/self/task"):
                with open(f"/proc/self/task/{task}/children", encoding="utf-8") as file:
                    for child in file.read().split():
                        with open(f"/proc/{child}/stat", encoding="utf-8") as stat:
                            left.append(" ".join(stat.read().split()[:3]))
                        os.kill(int(child), signal.SIGKILL)
            end = time.monotonic() + 3
        time.sleep(0.005)


def difference(expected, said):
    missing = set(expected.split("\n")) - set(said.split("\n"))
    more = set(said.split("\n")) - set(expected.split("\n"))
    return f"lacks {sorted(missing)[:4]}, has {sorted(more)[:4]}"


def one_line(wrong):
    """Is that the launcher's own single line of an error?"""
    # A setting of the host that was changed is announced before.
    lines = [line for line in wrong.splitlines() if "is on until the last" not in line]
    return len(lines) == 1 and re.match(rf"lunette: ({'|'.join(STAGES)}): ", lines[0])


def part_of(said, expected):
    """What a death leaves of the program's words: it cuts the last line short too."""
    return said == expected or set(said.split("\n")[:-1]) <= set(expected.split("\n"))


def judge(expected, end, marks, fault):
    """What is wrong with this end, or "". @marks: the comments by which the call may fail."""
    status, said, wrong = end
    if status == "hangs" or "left behind" in wrong:
        return f"{status}: {wrong.strip()[-300:]}"
    if fault == "kill":
        if not part_of(said, expected):
            return f"ran in another sandbox: {difference(expected, said)}"
        if status == 0 and said != expected:
            return "status 0, but only a part ran"
        # A pid 1 does not hear its own SIGKILL, and dies of a trap (faults.c).
        if status not in (0, -9, 128 + 9, 128 + 4) and not one_line(wrong):
            return f"status {status}, but no line that names a stage: {wrong!r}"
        return ""
    # It ran, was cut short, and the launcher says so.
    if marks and one_line(wrong) and part_of(said, expected):
        return ""
    differs = any(mark[3] for mark in marks) and said.endswith("\nend")
    if said != expected and said and not differs:
        return f"ran in another sandbox: {difference(expected, said)}"
    if said and not marks and fault != "ENOSYS":
        return f"the program ran (status {status})"
    if said and status != 0:
        return f"the program ran, and the launcher ends with {status}: {wrong!r}"
    if not said and (status not in (125, 126) or not one_line(wrong)):
        return f"status {status}, but no line that names a stage: {wrong!r}"
    return ""


walkers = {}


def start_worker(private):
    """Orphans come to this process, which so sees what a launch leaves behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if private:
        if libc.unshare(CLONE_NEWNS | CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        for command in owned_network():
            subprocess.run(command.split(), check=True)


def walker_of(lunette, index, user, room):
    """This worker's own, and its calls."""
    key = index, user
    if key not in walkers:
        walker = Walker(lunette, KINDS[index], user, room)
        before = state_of_host(walker.box)
        walkers[key] = walker, walker.calls(), before
    return walkers[key]


def calls_of(job):
    return walker_of(*job)[1]


def what_is_left(walker, before, seconds=15):
    """What differs on the host. The kernel takes a namespace's links away in its own time."""
    until = time.monotonic() + seconds
    after = state_of_host(walker.box)
    while after != before and time.monotonic() < until:
        time.sleep(0.02)
        after = state_of_host(walker.box)
    return ", ".join(f"{what}: {sorted(set(after[what]) ^ set(before[what])) or after[what]}"
                     for what in before if after[what] != before[what])


def attempt(job):
    """(the job, how it ended, what it left, what the next launch left of that, the call that was
    made to fail, what the program says without a fault, how it ended before it was repeated)."""
    place, fault, variable = job
    walker, _, before = walker_of(*place)
    path = f"{walker.directory}/calls"
    end = walker.run(LUNETTE_FAULT=variable, LUNETTE_CALLS=path)
    failed = read_calls(path)
    first = None
    # Or the machine was busy; or it is not known where the call was made.
    if end[0] == "hangs" or not failed or not failed[0][3]:
        first = end
        end = walker.run(LUNETTE_FAULT=variable, LUNETTE_CALLS=path)
        failed = read_calls(path)
    # What a killed launcher leaves is the next one's to undo: no use in waiting.
    left = still = what_is_left(walker, before, 0.5 if fault == "kill" else 15)
    if left:
        walker.run()
        still = what_is_left(walker, before)
        walkers[place[1:3]] = walker, None, state_of_host(walker.box)
    return job, end, left, still, failed[0] if failed else None, walker.expected, first


def wanted(calls, every, whole):
    """Of calls from the same place only the first and the last, but for a whole walk."""
    calls = [one for one in calls if NAMES.get(one[2]) not in SURE]
    places = {}
    for one in calls:
        places.setdefault((one[0], one[3]), []).append(one)
    if not whole:
        calls = sorted({end for ones in places.values() for end in (ones[0], ones[-1])})
    return calls[::every]


def jobs_of(place, faults, calls):
    """@place: the arguments of walker_of()."""
    for fault in faults:
        if fault == "ENOSYS":
            for name in ABSENT:
                number = next(number for number, known in NAMES.items() if known == name)
                yield place, fault, f"{number}:{errno.ENOSYS}"
            continue
        for process, call, number, _ in calls:
            if fault == "kill" and number == MEMORY:
                continue
            error = KILL if fault == "kill" else getattr(
                errno, "ENOMEM" if number == MEMORY else fault)
            yield place, fault, f"{process}:{call}:{error}:{number}"


class Tally:
    """Counts, and keeps what is wrong."""

    def __init__(self, sites):
        self.sites, self.used = sites, set()
        self.tests = self.faults = self.failed = 0
        self.repeated = []  # what a repetition must not hide

    def take(self, result):
        """What is wrong with one, or ""."""
        (_, fault, variable), end, left, still, failed, expected, first = result
        place = (failed[0], failed[3]) if failed else (0, ())
        marks = self.sites.marks(*place)
        if end[1]:
            self.used.update(marks)
        name = NAMES.get(failed[2], failed[2]) if failed else "no call"
        # A launch that was shorter than the first made no such call.
        missed = not failed and fault == "EPERM" and end[0] != "hangs"
        problem = "" if missed else judge(expected, end, marks, fault)
        # What a killed launcher leaves, the next launch undoes.
        later = fault == "kill" or any("next launch" in mark[2] for mark in marks)
        if still or (left and not later):
            problem += f" leaves {left}; after the next launch {still}"
        call = f"{fault} {variable} {name} {self.sites.name(*place)}"
        if first:
            self.repeated.append(f"repeated: {call}: at first {first[0]} {first[2][:200]!r}")
        return problem and f"{call}: {problem}"

    def walk(self, title, results):
        """Says in TAP how one kind of launch has done."""
        begun = time.monotonic()
        problems = [self.take(result) for result in results]
        wrong = list(filter(None, problems))
        self.tests += 1
        self.faults += len(problems)
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.tests} - {title}: {len(problems)} faults",
              *wrong, *self.repeated, f"{time.monotonic() - begun:.0f} s", sep="\n# ", flush=True)
        self.repeated.clear()


def arguments():
    parser = argparse.ArgumentParser(description="Lets each call of a launch fail.")
    parser.add_argument("--lunette", default=f"{ROOT}/build/faults/lunette")
    parser.add_argument("--only", default=",".join(kind.name for kind in KINDS))
    parser.add_argument("--fault", default="EPERM,kill,ENOSYS")
    parser.add_argument("--users", default=f"0,{USER}" if os.geteuid() == 0 else str(os.geteuid()))
    parser.add_argument("--every", type=int, default=1, help="only each N-th call")
    parser.add_argument("--whole", action="store_true",
                        help="of calls from one place all, not only the first and the last")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def interrupt(number, _):
    """So that what was made is taken away."""
    sys.exit(128 + number)


def walk_all(options, tally, room):
    lunette, root = os.path.abspath(options.lunette), os.geteuid() == 0
    pool = concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=start_worker,
                                                  initargs=(root,))
    try:
        for user in map(int, options.users.split(",")):
            for index, kind in enumerate(KINDS):
                if kind.name not in options.only.split(",") or (
                        kind.needs_network and (user != 0 or not root)):
                    continue
                place = lunette, index, user, room
                calls = pool.submit(calls_of, place).result()
                calls = wanted(calls, options.every, options.whole)
                faults = options.fault.split(",")
                tally.walk(f"a launch with faults: {kind.name} as {user}", pool.map(
                    attempt, list(jobs_of(place, faults, calls))))
    finally:
        pool.shutdown(cancel_futures=True)


def main():
    options = arguments()
    sites = Sites(os.path.abspath(options.lunette))
    tally = Tally(sites)
    signal.signal(signal.SIGTERM, interrupt)
    # The workers end without taking away what is theirs.
    with tempfile.TemporaryDirectory(prefix="faults-of-lunette-") as room:
        os.chmod(room, 0o755)
        walk_all(options, tally, room)
    sites.close()
    if options.every == 1 and os.geteuid() == 0 and "EPERM" in options.fault:
        for path, line, reason, _ in sorted(all_marks() - tally.used, key=str):
            print(f"# {path}:{line}: nothing here failed and let the program run: {reason}")
    print(f"# {tally.faults} faults\n1..{tally.tests}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
