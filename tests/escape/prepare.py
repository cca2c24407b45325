"""What the rows of rows.toml need on the host: descriptors, victims, listeners, canaries.

Each `prepare_NAME(host)` makes one thing, gives it back in Host.close(), and puts words for the
payload's arguments and the patterns into host.words. Nothing is made but below the test's own
directory, in its own processes and on loopback.
"""
import ctypes
import fcntl
import hashlib
import os
import pty
import resource
import socket
import subprocess
import termios

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_ADD_KEY, SYS_KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219),
                           "riscv64": (217, 219)}[os.uname().machine]
KEYCTL_REVOKE, KEYCTL_UNLINK, SESSION_KEYRING = 3, 9, -3
CALLER_GROUP = 24


class Lacking(Exception):
    """This host or this user cannot do what a row needs."""


class Host:
    """What was prepared for one row."""

    def __init__(self, directory, work):
        self.directory, self.work = directory, work
        self.words = {"work": work, "uid": os.geteuid()}
        self.environment, self.fds, self.stdin = {}, [], None
        self.before_exec = None
        self.closers, self.checks = [], []

    def close(self):
        for closer in reversed(self.closers):
            closer()

    def harm(self):
        """What of the host was changed, or "". """
        return next((text for text in (check() for check in self.checks) if text), "")


def tree_hash(top):
    """Names, kinds, modes, owners and contents of all below @top."""
    seen = hashlib.sha256()
    for directory, below, names in os.walk(top):
        below.sort()
        for name in sorted(below + names):
            path = f"{directory}/{name}"
            st = os.lstat(path)
            seen.update(repr((path, st.st_mode, st.st_uid, st.st_gid, st.st_size)).encode())
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    seen.update(file.read())
    return seen.hexdigest()


def prepare_canary(host):
    """A directory that is not mounted, with a file in it that everyone may write."""
    top = f"{host.directory}/canary"
    os.mkdir(top)
    os.chmod(top, 0o777)
    with open(f"{top}/file", "w", encoding="utf-8") as file:
        file.write("precious\n")
    os.chmod(f"{top}/file", 0o666)
    before = tree_hash(top)
    host.words["canary"] = top
    host.checks.append(lambda: "" if tree_hash(top) == before else f"{top} was changed")


def prepare_descriptors(host):
    """Open in the caller, not close-on-exec: `/`, a secret file and a socket, at odd numbers."""
    prepare_canary(host)
    kept = [os.open("/", os.O_RDONLY | os.O_DIRECTORY),
            os.open(f"{host.words['canary']}/file", os.O_RDWR)]
    kept += [one.detach() for one in socket.socketpair()]
    for number, fd in zip((9, 200, 777, 1023), kept):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2048)), hard))
        os.dup2(fd, number, inheritable=True)
        os.close(fd)
        host.fds.append(number)
        host.closers.append(lambda number=number: os.close(number))


def prepare_environment(host):
    """Variables that are secrets, or that change what programs load."""
    host.environment |= {
        "AWS_SECRET_ACCESS_KEY": "hunter2", "SSH_AUTH_SOCK": "/tmp/agent", "LD_PRELOAD": "",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/tmp/bus", "LD_LIBRARY_PATH": "/tmp",
        "GCONV_PATH": "/tmp", "BASH_ENV": "/tmp/x", "GLIBC_TUNABLES": "", "TERM": "dumb"}


def prepare_attributes(host):
    """A caller with an odd umask, personality and core limit."""
    def change():
        os.umask(0)
        LIBC.personality(0x0040000)  # ADDR_NO_RANDOMIZE
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    host.before_exec = change


def prepare_victim(host):
    """Another process of the same user, as the payload is outside."""
    victim = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL)
    host.words["victim"] = victim.pid
    host.closers.append(lambda: (victim.kill(), victim.wait()))


def prepare_terminal(host):
    """A terminal that is the caller's; at the end nothing may have been typed into it."""
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    host.stdin = slave
    host.closers += [lambda: os.close(master), lambda: os.close(slave)]

    # Each command has a session of its own (start_new_session).
    host.before_exec = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 1)


def prepare_listeners(host):
    """Abstract, by path, and on loopback; nothing else is ever connected to."""
    name = f"lunette-escape-{os.getpid()}"
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + name)
    path = f"{host.directory}/door"
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    os.chmod(path, 0o777)
    v4 = socket.create_server(("127.0.0.1", 0))
    listening = [abstract, door, v4]
    host.words |= {"abstract": name, "door": path, "ipv4": v4.getsockname()[1], "ipv6": 9}
    if socket.has_dualstack_ipv6():
        v6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
        listening.append(v6)
        host.words["ipv6"] = v6.getsockname()[1]
    for one in listening:
        one.listen()
        host.closers.append(one.close)


def prepare_key(host):
    """A key in the caller's session keyring."""
    name = f"lunette-escape-{os.getpid()}".encode()
    key = LIBC.syscall(SYS_ADD_KEY, b"user", name, b"secret", 6, SESSION_KEYRING)
    if key < 0:
        raise Lacking("no keys can be added")
    host.words["key"] = name.decode()
    host.closers.append(lambda: (LIBC.syscall(SYS_KEYCTL, KEYCTL_REVOKE, key),
                                 LIBC.syscall(SYS_KEYCTL, KEYCTL_UNLINK, key, SESSION_KEYRING)))


def prepare_suid(host):
    """A set-user-id copy of the payload: another user's where the caller can make one."""
    path = f"{host.work}/suid"
    with open(f"{host.work}/payload", "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    if os.geteuid() != 0:
        raise Lacking("only root can make another user's set-id file")
    os.chown(path, 4321, 4321)
    os.chmod(path, 0o6755)


def prepare_group(host):
    """A supplementary group, and a file that only it may read."""
    if os.geteuid() != 0:
        raise Lacking("only root has groups to give")
    path = f"{host.work}/for-the-group"
    with open(path, "w", encoding="utf-8") as file:
        file.write("secret\n")
    os.chown(path, 0, CALLER_GROUP)
    os.chmod(path, 0o040)
    host.before_exec = lambda: os.setgroups([CALLER_GROUP])


def prepare_roots_file(host):
    """A file of the host's root, in the writable directory."""
    if os.geteuid() != 0:
        raise Lacking("only root owns such files")
    path = f"{host.work}/roots"
    with open(path, "w", encoding="utf-8") as file:
        file.write("secret\n")
    os.chown(path, 0, 0)
    os.chmod(path, 0o600)
    os.chown(host.work, 65534, 65534)


def prepare_ambient(host):
    """A caller with CAP_NET_RAW in its ambient set, and an ordinary user's id."""
    net_raw, keep = 13, 8

    def change():
        LIBC.prctl(keep, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(1000, 1000, 1000)
        os.setresuid(1000, 1000, 1000)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        sets = (ctypes.c_uint32 * 6)(*[1 << net_raw] * 3)
        LIBC.capset(header, sets)
        LIBC.prctl(47, 2, net_raw, 0, 0)  # PR_CAP_AMBIENT_RAISE
    os.chown(host.work, 1000, 1000)
    host.before_exec = change
