#!/usr/bin/python3
"""What other launchers leave open by default: runs the payloads of rows.toml under them.

  tests/escape/compare.py >comparison.md

To be run as an ordinary user who may use firejail; a launcher that is not installed is left out.
Each is started as its manual shows for a command that works in the current directory: bubblewrap
once as in its README and once with all that it offers to isolate without a policy of the caller's,
firejail with its default profile. A weakness is `open` where the payload shows it as in the
row's control, `partly` where it shows some of it; rows that lunette holds only by a key that its
shipped profiles do not set are left out, and so are those that nothing shows on this host.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import prepare  # noqa: E402
from harness import LUNETTE, Place, read_rows, shows  # noqa: E402

ROOT_OF_BUBBLEWRAP = [
    "bwrap", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib",
    "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev",
    "--tmpfs", "/tmp"]
LAUNCHERS = {
    "lunette default": lambda work: [LUNETTE, "run", "--"],
    "lunette untrusted": lambda work: [LUNETTE, "run", "-p", "untrusted", "--"],
    "bubblewrap (README)": lambda work: [
        *ROOT_OF_BUBBLEWRAP, "--bind", work, work, "--chdir", work, "--unshare-pid"],
    "bubblewrap (all)": lambda work: [
        *ROOT_OF_BUBBLEWRAP, "--bind", work, work, "--chdir", work, "--unshare-all",
        "--new-session", "--die-with-parent", "--clearenv", "--unshare-user", "--disable-userns"],
    "firejail": lambda work: ["firejail", "--quiet"],
}


def version(program):
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (told.stdout + told.stderr).split("\n")[0]


def answer(row, command_of):
    """What the payload says under a launcher, or in the row's control."""
    with tempfile.TemporaryDirectory(prefix="escape-") as directory:
        os.chmod(directory, 0o755)
        place = Place(row, directory)
        try:
            if command_of is None:
                return place.control(), [place.fill(line) for line in row["weak"]]
            lines = place.run([*command_of(place.work), "./payload", *place.payload()])
            return lines, [place.fill(line) for line in row["weak"]]
        finally:
            place.close()


def state(weak, lines):
    shown = [one for one in weak if shows([one], lines)]
    return "held" if not shown else "open" if shown == weak else "partly"


def main():
    launchers = {name: command for name, command in LAUNCHERS.items()
                 if shutil.which(command("")[0])}
    print("| id | weakness | " + " | ".join(launchers) + " |")
    print("|---" * (2 + len(launchers)) + "|")
    for row in read_rows():
        if ("payload" not in row or row.get("profiles") == [] or "options" in row
                or row.get("modes", ["user"]) == ["root"]
                or any("status" in one for one in row["weak"])):
            continue
        try:
            lines, weak = answer(row, None)
        except prepare.Lacking:
            continue
        if not shows(weak, lines):
            continue
        cells = []
        for command in launchers.values():
            lines, weak = answer(row, command)
            cells.append(state(weak, lines))
        print("| " + " | ".join([row["id"], row["weakness"], *cells]) + " |", flush=True)
    print()
    print("Measured with " + ", ".join(version(one) for one in ("bwrap", "firejail")
                                       if shutil.which(one)) + f", Linux {os.uname().release}.")


main()
