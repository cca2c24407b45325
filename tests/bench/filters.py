"""filters.py FILTER - our filters beside libseccomp's, for the policies of tests/policies/

FILTER is the program made from filter.c. For each policy: instructions, also as profiles have them
(where calls newer than the tables get ENOSYS), microseconds to compile and to install, what was
aimed at, and on how many of some thousand calls the two filters differ; only calls whose rules
libseccomp can say as we do are compared (one test an argument, and values below 2^31, as libseccomp
compares 64 bits where the kernel takes an int). libseccomp is 2.5's, with its binary tree.

The status is 1 where a filter answers otherwise than libseccomp's or is larger than it should be;
times are only shown.
"""
import ctypes
import os
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Name, architectures, and the most instructions that it should take.
POLICIES = [("small20", 1, 19), ("docker-noargs", 1, None), ("docker", 1, 64), ("docker", 3, 223),
            ("args", 1, 94), ("sysd-service", 1, 46)]
COMPILED = 500  # microseconds at most to compile any of them
INSTALLED = 1 / 3  # of what libseccomp's takes to install, at most
ARCHS = {"x86_64": 0xC000003E, "i386": 0x40000003, "x32": 0x4000003E}
OPS = {"NE": 1, "LT": 2, "LE": 3, "EQ": 4, "GE": 5, "GT": 6, "MEQ": 7}


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def action(words):
    if words[0] == "errno":
        return 0x50000 | int(words[1]), words[2:]
    return {"allow": 0x7FFF0000, "killp": 0x80000000}[words[0]], words[1:]


def theirs(lib, path, count):
    """(BPF, microseconds)"""
    lines = [line.split() for line in open(path) if line.strip() and line[0] != "#"]
    default, _ = action(lines[0][1:])
    started = time.perf_counter()
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(default))
    lib.seccomp_attr_set(context, 2, 0x80000000)  # SCMP_FLTATR_ACT_BADARCH
    lib.seccomp_attr_set(context, 8, 2)  # SCMP_FLTATR_CTL_OPTIMIZE: binary tree
    for name in list(ARCHS)[1:count]:
        lib.seccomp_arch_add(context, ARCHS[name])
    for words in lines[1:]:
        what, words = action(words)
        number = lib.seccomp_syscall_resolve_name(words[0].encode())
        if number == -1 or what == default:
            continue
        tests, at = [], 1
        while at < len(words):
            width = 4 if words[at + 1] == "MEQ" else 3
            values = [int(v, 0) for v in words[at + 2:at + width]] + [0]
            tests.append(Compare(int(words[at][3]), OPS[words[at + 1]], values[0], values[1]))
            at += width
        lib.seccomp_rule_add_array(context, what, number, len(tests),
                                   (Compare * len(tests))(*tests))
    with tempfile.TemporaryFile() as file:
        lib.seccomp_export_bpf(context, file.fileno())
        took = (time.perf_counter() - started) * 1e6
        file.seek(0)
        program = file.read()
    lib.seccomp_release(context)
    return program, took


def run(program, data):
    words, a, at = struct.unpack("16I", data), 0, 0
    while True:
        code, jt, jf, k = program[at]
        at += 1
        if code == 0x20:
            a = words[k // 4]
        elif code == 0x54:
            a &= k
        elif code == 0x05:
            at += k
        elif code == 0x06:
            return k
        else:
            taken = {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: a & k != 0}[code]
            at += jt if taken else jf


def differences(one, two, count, unknown):
    programs = [list(struct.iter_unpack("HBBI", program)) for program in (one, two)]
    values = [0, 1, 2, 3, 8, 9, 10, 15, 17, 38, 128, 1234, 0x5401, 0x20008, 0x7E020000]
    compared, differing = 0, set()
    for name in list(ARCHS)[:count]:
        arch = 0xC000003E if name == "x32" else ARCHS[name]
        for number in range(548):
            if (name, number) in unknown:
                continue
            for i in range(6):
                value = values[(number + 3 * i) % len(values)]
                arguments = [values[(number * 7 + i * 5 + k) % len(values)] for k in range(6)]
                arguments[i % 3] = value
                nr = number | (0x40000000 if name == "x32" else 0)
                data = struct.pack("iIQ6Q", nr, arch, 0, *arguments)
                compared += 1
                if run(programs[0], data) != run(programs[1], data):
                    differing.add((name, number))
    return compared, sorted(differing)


def microseconds(program, file):
    return float(subprocess.run([program, "load", file], capture_output=True, text=True,
                                check=True).stdout)


def compile_ours(ours, path, count, *newer):
    """(BPF, microseconds)"""
    with tempfile.TemporaryFile() as file:
        # The program writes to descriptor 3.
        handle = os.dup2(file.fileno(), 3, True)
        took = subprocess.run([ours, "compile", path, str(count), *newer], pass_fds=(handle,),
                              capture_output=True, text=True, check=True).stdout
        file.seek(0)
        return file.read(), float(took)


def main():
    ours = sys.argv[1]
    try:
        lib = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        lib = None
    print(f"{'':22}{'instructions':>28}{'compile us':>16}{'install us':>22}   calls that differ")
    print(f"{'':22}{'aim':>6}{'ours':>6}{'ENOSYS':>8}{'theirs':>8}{'ours':>8}{'theirs':>8}"
          f"{'ours':>8}{'theirs':>8}{'ratio':>6}")
    wrong, slow = [], []
    with tempfile.TemporaryDirectory() as scratch:
        files = [f"{scratch}/ours", f"{scratch}/theirs"]
        for name, count, aim in POLICIES:
            path = f"{ROOT}/tests/policies/{name}.pol"
            newer, _ = compile_ours(ours, path, count, "newer")
            program, compiled = compile_ours(ours, path, count)
            open(files[0], "wb").write(program)
            size = len(program) // 8
            row = f"{name:16}{count} arch{aim or '-':>6}{size:6}{len(newer) // 8:8}"
            wrong += [f"{name}: {size} instructions"] if aim and size > aim else []
            slow += [f"{name}: {compiled:.0f} us to compile"] if compiled > COMPILED else []
            if not lib:
                print(f"{row}{'-':>8}{compiled:8.0f}{'-':>8}"
                      f"{microseconds(ours, files[0]):8.0f}{'-':>8}")
                continue
            other, took = min((theirs(lib, path, count) for _ in range(5)), key=lambda x: x[1])
            open(files[1], "wb").write(other)
            # What the library does not know by name it cannot allow.
            unknown = {("x86_64", n) for n in range(439, 548)} | {("i386", n) for n in
                                                                  range(439, 548)}
            unknown |= {("x32", n) for n in range(439, 512)} | {("x86_64", 335), ("x86_64", 336)}
            compared, differing = differences(program, other, count, unknown)
            # Taken in turns, so that both meet the same disturbances.
            times = [[microseconds(ours, file) for file in files] for _ in range(3)]
            mine, its = (min(column) for column in zip(*times))
            slow += ([f"{name}: {mine / its:.2f} of theirs to install"]
                     if name == "docker" and mine > its * INSTALLED else [])
            wrong += [f"{name}: {len(differing)} calls differ"] if differing else []
            print(f"{row}{len(other) // 8:8}{compiled:8.0f}{took:8.0f}{mine:8.0f}{its:8.0f}"
                  f"{mine / its:6.2f}   {len(differing)} of {compared} "
                  f"{differing[:6] if differing else ''}")
    print(f"aims: the instructions above; compiled in {COMPILED} us; docker installed in "
          f"{INSTALLED:.2f} of libseccomp's time")
    print("missed: " + ("; ".join(wrong + slow) or "none"))
    sys.exit(1 if wrong else 0)


main()
