#!/usr/bin/python3
"""Lets each system call of a launch fail in turn (build=faults); prints TAP.

  tests/faults/run.py --lunette build/faults/lunette [--errno N] [--every N] [--show]

For each call of each process of a launch, made once without a fault to learn them: the program must
not run, the launcher must end with 125 and one line that names a stage, soon, and leave no process,
mount or link behind. Calls whose failure changes nothing, or for which there is a fallback, are in
TOLERATED, with the reason: after those the program may run, but then all of it.
"""
import argparse
import concurrent.futures
import errno
import os
import re
import subprocess
import sys
import tempfile

STAGES = ("usage profile plan ids mounts devices network cgroup limits credentials filters exec "
          "watch report").split()
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 15

# Calls that cannot fail with the arguments that they get here.
SURE = ("getpid getuid geteuid getgid getegid getppid umask rt_sigprocmask rt_sigtimedwait waitid "
        "exit_group kill").split()

# Calls that a launch may do without, and why.
TOLERATED = {
    "close": "the descriptor is gone or is closed at the latest before exec",
    "munmap": "the process ends, and its memory with it",
    "waitid": "asked again, or known from pid 1's own record",
    "getrusage": "the report lacks times then",
    "clock_gettime": "times of the report",
    "openat2": "path.c walks the components by itself then",
    "newfstatat": "the next directory of PATH, or the next place for a profile",
    "fstat": "what cannot be looked at is not taken for our own",
    "fchown": "the program cannot open the pipe's name then",
    "fstatfs": "the pipe is relayed then",
    "setsid": "pid 1's own, which has no terminal to lose", "setpgid": "the same",
    "setsockopt": "buffers", "recvmsg": "asked again", "madvise": "only slower",
    "mmap": "only slower: room that was asked for ahead",
    "landlock_create_ruleset": "the profile only prefers Landlock",
    "prlimit64": "the caller's own limits are not known then",
    "socketpair": "the sandbox is made after the evaluation then", "clone3": "the same",
    "close_range": "of pid 1, which ends then, and the sandbox with it", "prctl": "the same",
    "poll": "asked again", "ppoll": "asked again",
    "rt_sigaction": "SIGCHLD is as the caller left it, by default not ignored",
    "ioctl": "there is no terminal then",
    "unlinkat": "a name in a file system of the sandbox's own, which goes with it",
    "readlinkat": "facts about the host that a profile may ask for",
    "fcntl": "standard files are looked at again by what follows",
    "kill": "the process has ended by itself",
}


def names():
    """Numbers to names, from the table of calls."""
    column = {"x86_64": 1, "aarch64": 4, "riscv64": 5}[os.uname().machine]
    found = {}
    with open(f"{ROOT}/policy/tables/calls.tsv", encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) > 5 and not line.startswith(("#", "at\t")) and fields[column].isdigit():
                found[int(fields[column])] = fields[0]
    return found


class Launch:
    """One kind of launch, as the caller."""

    def __init__(self, lunette, directory, name, options):
        self.lunette, self.directory, self.name, self.options = lunette, directory, name, options

    def run(self, token, **variables):
        """(status, standard output, standard error); "hangs" where it does not end."""
        command = [self.lunette, "run", *self.options, "--", "sh", "-c", f"echo ran; : {token}"]
        started = subprocess.Popen(command, cwd=self.directory, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="backslashreplace", env=os.environ | variables,
                                   start_new_session=True)
        try:
            said, wrong = started.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, 9)
            said, wrong = started.communicate()
            return "hangs", said, wrong
        return started.returncode, said, wrong

    def calls(self):
        path = f"{self.directory}/calls"
        status, said, wrong = self.run("first", LUNETTE_CALLS=path)
        if status != 0 or said != "ran\n":
            sys.exit(f"tests/faults: without a fault {self.name} ends with {status}: {wrong}")
        with open(path, encoding="utf-8") as file:
            found = [tuple(map(int, line.split())) for line in file]
        os.unlink(path)
        return sorted(found)


def judge(name, status, said, wrong):
    """What is wrong with this end, or ""."""
    if status == "hangs":
        return "hangs"
    if said not in ("", "ran\n"):
        return f"half an output: {said!r}"
    if said:
        if name not in TOLERATED:
            return f"the program ran (status {status})"
        return ""
    if status == 0:
        return "status 0, and no program ran"
    lines = wrong.splitlines()
    if len(lines) != 1 or not re.match(rf"lunette: ({'|'.join(STAGES)}): ", lines[0]):
        return f"status {status}, but no line that names a stage: {wrong!r}"
    return ""


def left_processes(token):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if token.encode() in file.read() and int(pid) != os.getpid():
                    found.append(pid)
        except OSError:
            pass
    return found


def main():
    parser = argparse.ArgumentParser(description="Lets each system call of a launch fail.")
    parser.add_argument("--lunette", default=f"{ROOT}/build/faults/lunette")
    parser.add_argument("--errno", default="EPERM")
    parser.add_argument("--every", type=int, default=1, help="only each N-th call")
    parser.add_argument("--options", default="", help="of lunette run")
    options = parser.parse_args()
    error, known, count, failed = getattr(errno, options.errno), names(), 0, 0
    with tempfile.TemporaryDirectory(prefix="faults-of-lunette-") as directory:
        os.chmod(directory, 0o755)
        launch = Launch(os.path.abspath(options.lunette), directory, "run", options.options.split())
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            mounts = sorted(line.split()[4] for line in file)
        calls = [call for call in launch.calls() if known.get(call[2]) not in SURE][::options.every]

        def one(call):
            token = f"token-{os.getpid()}-{call[0]}-{call[1]}-"
            return call, token, launch.run(token, LUNETTE_FAULT=f"{call[0]}:{call[1]}:{error}")

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for call, token, end in pool.map(one, calls):
                name = known.get(call[2], str(call[2]))
                problem = judge(name, *end) or ", ".join(left_processes(token))
                count += 1
                if problem:
                    failed += 1
                    print(f"not ok {count} - {name}, call {call[1]} of process {call[0]}: "
                          f"{problem}")
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            after = sorted(line.split()[4] for line in file)
    print(f"# {count} calls failed in turn with {options.errno}, {failed} wrongly")
    if mounts != after:
        print("not ok - mounts were left behind")
        failed += 1
    return 1 if failed else 0


sys.exit(main())
