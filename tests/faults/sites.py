"""From where in the source a call was made, and whether the source says that it may fail.

A comment that begins with "May fail:" and a reason stands for all calls that the statement behind
it makes, be it in a function that this calls: the launch goes on without them, to the same sandbox.
After "May differ:" it is another one, as the reason says.
"""
import bisect
import functools
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where a process or a thread begins: what stands above on its stack is its parent's.
BEGINNINGS = ("sandbox_run", "make_and_open", "child_main", "serve", "idle", "attempt")
MARK = re.compile(r"/\* May (?:fail|(differ)): ((?:[^*]|\*(?!/))*)\*/", re.DOTALL)


def end_of_statement(text, at):
    """The place behind the statement (or the function) that begins at @at."""
    depth = 0
    for place in range(at, len(text)):
        if text[place] in "({":
            depth += 1
        elif text[place] in ")}":
            depth -= 1
            if depth == 0 and text[place] == "}":
                return place + 1
        elif text[place] == ";" and depth == 0:
            return place + 1
    raise SystemExit("tests/faults: a comment with no statement behind it")


@functools.cache
def marks(path):
    """(first line, last line, reason, "differ" or None) of each such comment of a file."""
    found = []
    with open(f"{ROOT}/{path}", encoding="utf-8") as file:
        text = file.read()
    starts = [0] + [match.end() for match in re.finditer("\n", text)]
    for match in MARK.finditer(text):
        end = end_of_statement(text, match.end())
        found.append((bisect.bisect_right(starts, match.start()), bisect.bisect_left(starts, end),
                      re.sub(r"\s+(\* )?", " ", match.group(2)).strip(), match.group(1)))
    return found


def all_marks():
    """(file, first line, reason) of every one of the tree."""
    paths = subprocess.run(["git", "-C", ROOT, "ls-files", "launcher/*.[ch]", "lua/raw/*.h"],
                           capture_output=True, text=True, check=True).stdout.split()
    return {(path, first, reason, differs) for path in paths
            for first, _, reason, differs in marks(path)}


class Sites:
    """Addresses of one binary."""

    def __init__(self, binary):
        self.reader = subprocess.Popen(["addr2line", "-e", binary, "-i", "-f", "-a"], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.known = {}

    def close(self):
        self.reader.stdin.close()
        self.reader.wait()
        self.reader.stdout.close()

    def at(self, address):
        """[(function, file, line)] of an address, inlined functions first."""
        if address not in self.known:
            # The call is what lies before the address that it returns to; 0 ends the answer.
            self.reader.stdin.write(f"{address - 1:#x}\n0\n")
            self.reader.stdin.flush()
            lines = [self.reader.stdout.readline()]
            while not re.match(r"0x0+$", lines[-1]):
                lines.append(self.reader.stdout.readline())
            self.reader.stdout.readline(), self.reader.stdout.readline()
            self.known[address] = [
                (function.strip(), os.path.relpath(place.rsplit(":", 1)[0], ROOT),
                 int(re.match(r"\d*", place.rsplit(":", 1)[1]).group() or 0))
                for function, place in zip(lines[1:-1:2], lines[2:-1:2])]
        return self.known[address]

    def frames(self, process, addresses):
        """The process's own frames of a call, but for the raw layer's."""
        found = [frame for address in addresses for frame in self.at(address)]
        begin = [at for at, frame in enumerate(found) if frame[0] in BEGINNINGS]
        if process:
            found = found[:begin[0] + 1] if begin else []
        return [frame for frame in found if not frame[1].startswith(("lua/raw/entry", ".."))]

    def marks(self, process, addresses):
        """The comments that let this call fail, as (file, line, reason, "differ" or None)."""
        found = []
        for _, path, line in self.frames(process, addresses):
            if path.endswith((".c", ".h")) and os.path.exists(f"{ROOT}/{path}"):
                found += [(path, first, reason, differs)
                          for first, last, reason, differs in marks(path) if first <= line <= last]
        return found

    def name(self, process, addresses):
        """main < launch < ... where it was made, for a message."""
        found = [f"{function} ({path}:{line})"
                 for function, path, line in self.frames(process, addresses)
                 if not path.startswith("lua/raw")]
        return " < ".join(found[:8])
