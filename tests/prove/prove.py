"""prove.py POLICIES LUNETTE [COUNT] - prove that filters say what their policies say

POLICIES is the program made from policies.c, LUNETTE the launcher. For each shipped profile, each
policy of tests/policies/ and COUNT made-up ones, Z3 is asked for a call (any number, architecture
and 64-bit arguments) on which the policy and the filter differ; there must be none. As a control
one instruction of each filter is changed, and there must be one in most. The output is TAP.

The policy is read here from its text and the filter interpreted here: no code is shared with the
compiler or the evaluator.
"""
import glob
import os
import struct
import subprocess
import sys

try:
    import z3
except ImportError:
    print("ok 1 - proofs # SKIP no python3-z3\n1..1")
    sys.exit(0)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARCH = {"x86_64": 0xC000003E, "x32": 0xC000003E, "i386": 0x40000003, "aarch64": 0xC00000B7,
        "riscv64": 0xC00000F3}
ACTION = {"allow": 0x7FFF0000, "kill": 0x80000000, "kill_thread": 0, "log": 0x7FFC0000,
          "notify": 0x7FC00000}
ACTION_DATA = {"errno": 0x50000, "trap": 0x30000, "trace": 0x7FF00000}
X32 = 0x40000000
SKIPPED = 0xFFFFFFFF

NR = z3.BitVec("nr", 32)
AUDIT = z3.BitVec("arch", 32)
ARGS = [z3.BitVec(f"arg{i}", 64) for i in range(6)]


def action(text):
    if text.startswith("0x"):
        return int(text, 16)
    name, _, data = text.partition(":")
    return ACTION[name] if not data else ACTION_DATA[name] | int(data)


def intervals(text):
    result = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        result.append((int(first), int(last or first)))
    return result


def within(value, ranges):
    return z3.Or([z3.And(z3.ULE(first, value), z3.ULE(value, last)) for first, last in ranges])


def compare(token):
    left, _, bounds = token.partition("=")
    argument, _, mask = left.partition("&")
    low, high = (int(x, 16) for x in bounds.split("-"))
    value = ARGS[int(argument[1])]
    if argument.endswith(".4"):
        value = z3.ZeroExt(32, z3.Extract(31, 0, value))
    value = value & int(mask, 16)
    return z3.And(z3.ULE(low, value), z3.ULE(value, high))


def test(tokens):
    stack = []
    for token in tokens:
        if token == "not":
            stack.append(z3.Not(stack.pop()))
        elif token in ("and", "or"):
            right, left = stack.pop(), stack.pop()
            stack.append((z3.And if token == "and" else z3.Or)(left, right))
        else:
            stack.append(compare(token))
    return stack.pop() if stack else z3.BoolVal(True)


class Policy:
    """The lines of a plan that speak of seccomp."""

    def __init__(self):
        self.known, self.rules, self.entries = {}, {}, []
        self.actions = {}

    def line(self, words):
        key = words[0].partition(".")[2]
        if key in ("default", "newer", "foreign"):
            self.actions[key] = action(words[1])
        elif key == "known":
            self.entries.append(words[1])
            self.known[words[1]] = intervals(words[2]) if len(words) > 2 else []
        elif key == "rule":
            self.rules.setdefault(words[1], []).append(words[2:])

    def entry_formula(self, entry):
        number = NR & ~X32 if entry == "x32" else NR
        default, newer = (z3.BitVecVal(self.actions[k], 32) for k in ("default", "newer"))
        spared = z3.BitVecVal(0x50000 | 38, 32)
        if self.actions["newer"] in (0, 0x80000000):
            newer = z3.If(NR == SKIPPED, spared, newer)
        result = z3.If(within(number, self.known[entry]), default, newer)
        for rule in reversed(self.rules.get(entry, [])):
            condition = z3.And(within(number, intervals(rule[1])), test(rule[2:]))
            result = z3.If(condition, z3.BitVecVal(action(rule[0]), 32), result)
        return result

    def formula(self):
        result = z3.BitVecVal(self.actions["foreign"], 32)
        is_x32 = z3.And(NR & X32 != 0, NR != SKIPPED)
        for entry in self.entries:
            here = AUDIT == ARCH[entry]
            if entry == "x32":
                here = z3.And(here, is_x32)
            elif entry == "x86_64":
                here = z3.And(here, z3.Not(is_x32))
            result = z3.If(here, self.entry_formula(entry), result)
        return result


def word(offset):
    if offset == 0:
        return NR
    if offset == 4:
        return AUDIT
    value = ARGS[(offset - 16) // 8]
    return z3.Extract(63, 32, value) if offset % 8 else z3.Extract(31, 0, value)


def filter_formula(program):
    memo = {}

    def jump(at, code, k, a):
        if code == 0x15:
            return a == k
        if code == 0x35:
            return z3.UGE(a, k)
        if code == 0x25:
            return z3.UGT(a, k)
        if code == 0x45:
            return a & k != 0
        raise ValueError(f"instruction {at}: code {code:#x}")

    def run(at, a):
        key = (at, a.get_id())
        if key in memo:
            return memo[key][0]
        code, jt, jf, k = program[at]
        if code == 0x06:
            result = z3.BitVecVal(k, 32)
        elif code == 0x20:
            result = run(at + 1, word(k))
        elif code == 0x54:
            result = run(at + 1, a & k)
        elif code == 0x05:
            result = run(at + 1 + k, a)
        else:
            condition = jump(at, code, k, a)
            result = z3.If(condition, run(at + 1 + jt, a), run(at + 1 + jf, a))
        memo[key] = (result, a)
        return result

    return run(0, z3.BitVecVal(0, 32))


def differ(policy, program):
    """A call on which they differ, or None."""
    solver = z3.Solver()
    solver.set("timeout", 60000)
    solver.add(policy != filter_formula(program))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    return str(solver.model()) if answer == z3.sat else "no answer"


def change(program, number):
    """One constant or one pair of jumps changed, or None where that is no instruction to change."""
    program = list(program)
    at = number % len(program)
    code, jt, jf, k = program[at]
    if code in (0x15, 0x35, 0x45) and jt != jf:
        program[at] = (code, jf, jt, k)
    elif code == 0x06:
        program[at] = (code, jt, jf, k ^ 0x10000)
    else:
        return None
    return program


def read_made(text):
    name, policy = None, None
    for line in text.splitlines():
        words = line.split(" ")
        if words[0] == "policy":
            name, policy = words[1], Policy()
        elif words[0] == "filter":
            program = [tuple(int(x) for x in one.split(",")) for one in words[1:]]
            yield name, policy, program
        elif words[0] == "failed":
            raise SystemExit(f"Bail out! {name}: {line}")
        else:
            policy.line(words)


def read_profile(lunette, name):
    """None where the profile has no rules."""
    # The one that wants a parameter gets it.
    given = ["--set", f"root={ROOT}"] if name == "root" else []
    plan = subprocess.run([lunette, "plan", "-p", name, *given, "true"], capture_output=True,
                          text=True, check=True)
    policy = Policy()
    for line in plan.stdout.splitlines():
        if line.startswith("seccomp."):
            policy.line(line.split(" "))
    if not policy.actions:
        return None
    made = subprocess.run([lunette, "seccomp", "compile", *given, name], capture_output=True,
                          check=True)
    return name, policy, list(struct.iter_unpack("HBBI", made.stdout))


def main():
    policies, lunette = sys.argv[1:3]
    count = sys.argv[3] if len(sys.argv) > 3 else "500"
    files = sorted(glob.glob(f"{ROOT}/tests/policies/*.pol"))
    shipped = [os.path.basename(p)[:-4] for p in sorted(glob.glob(f"{ROOT}/profiles/*.lua"))]
    jobs = [job for job in (read_profile(lunette, name) for name in shipped) if job]
    for arguments in (files, [count]):
        made = subprocess.run([policies, *arguments], capture_output=True, text=True, check=True)
        jobs += read_made(made.stdout)
    proved = failed = changed = noticed = 0
    for index, (name, policy, program) in enumerate(jobs):
        formula = policy.formula()
        found = differ(formula, program)
        if found:
            failed += 1
            print(f"# {name}: {found}")
        else:
            proved += 1
        wrong = change(program, index * 7 + 1)
        if wrong:
            changed += 1
            noticed += differ(formula, wrong) is not None
    bad = "not " if failed or not proved else ""
    profiles = sum(job[0] in shipped for job in jobs)
    print(f"{bad}ok 1 - {proved} of {len(jobs)} filters are proved, {profiles} profiles among them")
    enough = noticed >= changed * 0.95
    print(f"{'' if enough else 'not '}ok 2 - {noticed} of {changed} changed filters are refuted")
    print("1..2")
    sys.exit(0 if not failed and enough else 1)


main()
