#!/usr/bin/env python3
"""What a user at a terminal does and sees: terminal.py NAME runs the scene of that name.

Each scene starts LUNETTE in a pseudo-terminal of its own, types, reads what comes back, and prints
what the test compares. A scene that waits longer than ten seconds (of a usual machine: SLOW) fails.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

LUNETTE = os.environ["LUNETTE"]
SLOW = int(os.environ.get("SLOW", "1"))
LONG = 10 * SLOW


class Terminal:
    """A program in a terminal of 24 rows and 80 columns."""

    def __init__(self, *command):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.size(24, 80, 0)
            os.execvp(command[0], command)

    def size(self, rows, columns, fd=None):
        fd = self.fd if fd is None else fd
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        """What is shown until `pattern` has come; it counts as read then."""
        end = time.monotonic() + LONG
        while not re.search(pattern, self.seen):
            if time.monotonic() > end:
                sys.exit(f"never came: {pattern!r}; there is {self.seen!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    sys.exit(f"ended without {pattern!r}; there is {self.seen!r}")
        found = re.search(pattern, self.seen)
        shown, self.seen = self.seen[:found.end()], self.seen[found.end():]
        return shown

    def cooked(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ICANON)

    def ended(self):
        """The status, without a look at what is shown; "hangs" where it does not end."""
        end = time.monotonic() + LONG
        while os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                return "hangs"
            time.sleep(0.01)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self):
        """The rest of what is shown, and the status. What was written last may still be on its way
        here: only a read that waits knows."""
        os.set_blocking(self.fd, True)
        while True:
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                break
            if not more:
                break
            self.seen += more.decode(errors="replace")
        status = os.waitpid(self.pid, 0)[1]
        return self.seen, os.waitstatus_to_exitcode(status)


def run(*arguments):
    return Terminal(LUNETTE, "run", *arguments)


def shell():
    """The user's, with job control."""
    it = Terminal("bash", "--norc", "--noprofile", "-i")
    it.type("PS1='$ '; set -m\r")
    it.expect(r"\$ $")
    return it


def bring_back(it):
    """Types something for the shell, then for the job that reads; the shell's status."""
    it.type("echo in $((1+1))\r")
    it.expect("in 2")
    it.type("fg\r")
    it.expect("lunette' run")
    time.sleep(0.3)
    it.type("again\r")
    print(it.expect("got again")[-9:])
    it.expect(r"\$ $")  # what is typed before is the job's
    it.type("exit\r")
    return it.end()[1]


def own():
    it = run("--tty", "--", "sh", "-c", "tty; stty size; echo ready; read x; echo got $x; exit 5")
    # A line is shown in two parts, and an echo may come between them.
    print(*it.expect("ready\r\n").split(), "raw" if not it.cooked() else "cooked")
    it.type("hello\r")
    print(it.expect("got hello").replace("\r\n", " "), it.end()[1])


def restored():
    """The modes of the user's terminal come back however it ends."""
    for arguments in (("sh", "-c", "echo ready; kill -9 $$"), ("sh", "-c", "echo ready; exit 3"),
                      ("sh", "-c", "echo ready; kill -SEGV $$")):
        it = run("--tty", "--wall", f"{5 * SLOW}s", "--", *arguments)
        it.expect("ready")
        os.waitid(os.P_PID, it.pid, os.WEXITED | os.WNOWAIT)
        print(it.cooked(), it.end()[1])
    for limit in ("--wall=500ms", "--output=1000", "--cpu=300ms"):
        it = run("--tty", limit, "--", "sh", "-c", "while :; do echo 12345678; done")
        os.set_blocking(it.fd, False)
        while os.waitid(os.P_PID, it.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            try:
                it.seen += os.read(it.fd, 65536).decode()
            except OSError:
                time.sleep(0.001)
        cooked, (shown, status) = it.cooked(), it.end()
        said = shown.partition("lunette: ")[0]
        print(cooked, status, len(said) if "output" in limit else "")


def keys():
    """The keys that make signals reach the program, and only it."""
    it = run("--tty", "--", "sh", "-c", "trap 'echo caught' INT; echo ready; "
             "until read x; do :; done; echo end $x")
    it.expect("ready")
    it.type("\x03")
    it.expect("caught")
    it.type("y\r")
    print(it.expect("end y")[-5:], it.end()[1])
    it = run("--tty", "--", "sh", "-c", "echo ready; exec sleep 100")
    it.expect("ready")
    it.type("\x03")
    print(it.end()[1])


def size():
    it = run("--tty", "--", "sh", "-c",
             "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
    it.expect("ready")
    it.size(50, 132)
    print(it.expect("50 132")[-6:])
    os.kill(it.pid, signal.SIGTERM)
    it.end()


def job(options="--tty"):
    """Stopped by its key, and continued by the user's shell."""
    it = shell()
    it.type(f"'{LUNETTE}' run {options} -- sh -c 'echo ready; read x; echo got $x'\r")
    it.expect("ready\r\n")
    time.sleep(0.2)
    it.type("\x1a")
    it.expect("Stopped")
    print(bring_back(it))


def told():
    """SIGTSTP to the launcher stops both, once; SIGCONT lets both go on."""
    it = Terminal("bash", "-c", f"set -m; '{LUNETTE}' run --tty -- sh -c "
                  "'echo ready; exec sleep 100' & echo pid $!.; sleep 100")
    pid = int(re.search(r"pid (\d+)", it.expect(r"pid \d+\."))[1])
    it.expect("ready")

    def state():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def within(seconds, wanted):
        end = time.monotonic() + seconds
        while state() not in wanted and time.monotonic() < end:
            time.sleep(0.01)
        return state() in wanted
    os.kill(pid, signal.SIGTSTP)
    print("stopped" if within(LONG, "T") else state())
    os.kill(pid, signal.SIGCONT)
    time.sleep(0.5)
    print("went on" if within(LONG, "SR") else state())
    os.kill(pid, signal.SIGTERM)
    print("ended" if within(LONG, "Z") else state())
    os.kill(it.pid, signal.SIGKILL)
    it.end()


def injected(probe):
    """What the program pushes into its terminal's queue does not come to the user's."""
    it = Terminal("sh", "-c", f"'{LUNETTE}' run -p ./open.lua -- {probe} tiocsti; echo ready; "
                  "read x; echo \"got($x)\"")
    it.expect("ready")
    it.type("\r")
    print(it.expect(r"got\(.*\)").strip().split("\n")[-1], it.end()[1])


def unread():
    """Nobody looks at what is shown, and still there is an end."""
    it = run("--tty", "--wall", "1s", "--", "sh", "-c", "while :; do echo 12345678; done")
    print(it.ended())


def stops():
    """A program that is stopped and continued without a pause, where there is no shell to go to."""
    it = run("--tty", "--wall", "1s", "--", "sh", "-c",
             "while :; do kill -STOP $$; kill -CONT $$; done & while :; do :; done")
    print(it.ended())


def orphan():
    """The launcher shares its group with the session's leader: who stops there stays stopped."""
    it = Terminal("sh", "-c", f"'{LUNETTE}' run --tty -- sh -c 'kill -STOP $$; exit 3'; exit $?")
    print(it.ended())


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return list(map(int, file.read().split()))


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    while open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.01)


def late():
    """A stop that the launcher hears of after the signal to go on is over."""
    launcher = subprocess.Popen(
        [LUNETTE, "run", "--tty", "--", "sh", "-c", "echo ready; sleep 0.5; exit 3"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0)
    launcher.stdout.readline()
    program = children(children(launcher.pid)[0])[0]
    stop(launcher.pid)
    stop(program)
    launcher.send_signal(signal.SIGCONT)
    try:
        print(launcher.wait(LONG))
    except subprocess.TimeoutExpired:
        launcher.kill()
        print("hangs")


def held(limit):
    """A job that is stopped still comes to its limit, for not all of it may have stopped."""
    token = f"token-{os.getpid()}"
    it = shell()
    # Time enough to be stopped before the limit on a slow machine too.
    it.type(f"'{LUNETTE}' run --tty {limit}={2 + SLOW}s -- bash -c '(exec -a {token} bash -c \""
            "echo begun; kill -STOP \\$PPID; while :; do :; done\") & wait'\r")
    it.expect(r"begun\r\n")
    it.expect("Stopped")
    end = time.monotonic() + 3 * LONG
    while named(token) and time.monotonic() < end:
        time.sleep(0.02)
    print(f"runs {named(token)}")
    it.type("wait; echo then $?\r")
    it.expect(r"then 0")
    it.type("exit\r")
    it.end()


def background():
    """In the background what is typed is the shell's, and neither stops the job nor its clock."""
    token = f"token-{os.getpid()}"
    it = shell()
    it.type(f"'{LUNETTE}' run --tty --wall {2 + SLOW}s -- bash -c 'exec -a {token} sleep 600' &\r")
    it.expect(r"\$ $")
    end = time.monotonic() + 3 * LONG
    while not named(token) and time.monotonic() < end:
        time.sleep(0.02)
    for turn in range(3):
        it.type(f"echo in $(({turn}+7))\r")
        it.expect(f"in {turn + 7}")
    while named(token) and time.monotonic() < end:
        time.sleep(0.02)
    print(f"runs {named(token)}")
    it.type("kill -9 %1; wait\r")
    it.expect(r"\$ $")
    it.type(f"'{LUNETTE}' run --tty -- sh -c 'echo ready; read x; echo got $x' &\r")
    it.expect(r"ready\r+\n")
    bring_back(it)


def named(token):
    """Is there a process that calls itself @token?"""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if file.read().startswith(token.encode()):
                    return True
        except OSError:
            pass
    return False


def closed():
    it = run("--tty", "--", "sh", "-c", "exec <&- >&- 2>&-; sleep 0.3; echo x >/dev/tty; exit 4")
    print(it.end())


def flood():
    """However much the program says, the user's terminal gets no more than the limit."""
    it = run("--tty", "--output=1M", "--", "dd", "if=/dev/zero", "bs=1M", "count=10000",
             "status=none")
    shown, status = it.end()
    print(len(shown.partition("lunette: ")[0]), status)


def together():
    """Both outputs are one terminal: the limit is for the two of them."""
    for limit, more in ("8", ""), ("8", "def"), ("8,truncate", "def"):
        it = run("--tty", f"--output={limit}", "--", "sh", "-c",
                 f"printf 12345; printf abc{more} >&2; [ {limit} != 8 ] || sleep 0.3")
        shown, status = it.end()
        print(shown.partition("lunette: ")[0].strip(), status)


def aside():
    """What is written to standard input, a terminal too, is within the limit; what the user types
    arrives; a terminal that the program can open by name is no way around it."""
    write = "read x; echo got $x; exec 3<&0; head -c 5000 /dev/zero | tr '\\0' x >&3"
    it = run("--output=1000", "--", "sh", "-c", f"echo ready; {write}")
    it.expect("ready\r\n")
    it.type("typed\r")
    it.expect("got typed")
    shown, status = it.end()
    print(shown.count("x") <= 1000, status)
    it = run("--", "sh", "-c", f"echo ready; {write}")
    it.expect("ready\r\n")
    it.type("typed\r")
    shown, status = it.end()
    print(shown.count("x"), status)
    for options in ("-p", "./shared.lua", "--output=1000"), ("-p", "./shared.lua"):
        print(*run(*options, "--", "sh", "-c", "echo x >/dev/tty").end())


def auto():
    """Only what is a terminal is replaced."""
    it = Terminal("sh", "-c", f"'{LUNETTE}' run -p ./auto.lua -- sh -c "
                  "'test -t 0 && echo in; test -t 1 && echo out; test -t 2 && echo err' | cat")
    print(it.end()[0].split())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
