"""Compilers and flags: what turns the variables of SConstruct into build environments.

target(base) is for lunette itself, host(base) for programs that run during the build. Both keep
warnings out; ours(env) adds the list that our own code is held to.
"""
import os
import subprocess
import sys

# Ours is clean under these on gcc and clang. The comment says what one of them would let through.
WARNINGS = [
    "-Wall", "-Wextra", "-Werror",
    "-Wconversion",         # a length that loses its upper half
    "-Wshadow",             # an inner `fd` that hides the owned one
    "-Wcast-qual",          # writing through a const pointer
    "-Wwrite-strings",      # writing into a literal
    "-Wstrict-prototypes",  # f() that takes anything
    "-Wmissing-prototypes", # a function that should be static, or whose header is not included
    "-Wundef",              # a misspelt macro in #if
    "-Wvla",                # a stack size that comes from outside
    "-Wformat=2",           # a format that is not a literal
    "-Wimplicit-fallthrough",
]

OPTIMISED = [
    "-O2",
    "-fstack-protector-strong",           # an overrun stack buffer ends the process
    "-ffunction-sections", "-fdata-sections",  # lets the linker drop what nobody calls
    "-fno-asynchronous-unwind-tables",         # nothing unwinds; build=debug keeps them
]

# Read-only relocations and a stack that is never executable. lunette is not position independent:
# a static PIE has 3666 addresses to correct at each start and touches 124 KiB more for it. In one
# interleaved run (150 rounds, the same objects, no snapshot; Linux 6.18, two busy cores) the start
# alone took 321 us in place of 272 (at its quickest 229 and 180), and the quickest launch with a
# plan 4.4 ms in place of 3.9: more than the 5 % that it might cost. Besides, launcher/eval/snapshot.h
# holds addresses.
HARDENED_LINK = ["-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", "-Wl,--gc-sections"]

FLAGS = {
    "release": (OPTIMISED, HARDENED_LINK),
    # release, but single system calls can be made to fail, and it is known from where they come
    "faults": ([*OPTIMISED, "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"],
               HARDENED_LINK),
    "debug": (["-Og", "-g3", "-fstack-protector-strong"], ["-Wl,-z,noexecstack"]),
    "asan": (
        ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
         "-fno-omit-frame-pointer"],
        ["-fsanitize=address,undefined"],
    ),
}


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"scons: {' '.join(command)}: {error} (./quickstart installs what is needed)")


def multiarch():
    """Debian's name of the architecture: x86_64-linux-gnu."""
    return _output("gcc", "-print-multiarch")


def _musl(env):
    """Compile against musl's headers, and the kernel's behind them; link with musl-gcc."""
    if "clang" in os.path.basename(env["CC"]):
        headers = f"/usr/include/{os.uname().machine}-linux-musl"
        env.Append(CCFLAGS=["-nostdlibinc", "-isystem", headers])
    else:
        env["CC"] = "musl-gcc"
    env.Append(CCFLAGS=["-idirafter", "/usr/include", "-idirafter",
                         f"/usr/include/{multiarch()}"])
    env["LINK"] = "musl-gcc"
    env.Append(CPPDEFINES=["LUNETTE_OWN_MALLOC"])  # launcher/base/malloc.c says why


def host(base):
    """For the Lua that runs the generators: the machine's own compiler and C library."""
    env = base.Clone(CC="gcc", LINK="gcc")
    env.Append(CCFLAGS=["-O2"], CPPPATH=["#$OUT/generated"], LIBS=["m"])
    return env


def cross(base, machine):
    """For what tests run on another architecture, by QEMU: its C library is shared, so that a module
    can be loaded."""
    compiler = f"{machine}-linux-gnu-gcc"
    env = base.Clone(CC=compiler, LINK=compiler)
    env.Append(CCFLAGS=["-O1"], CPPPATH=["#$OUT/generated"], LIBS=["m"], LINKFLAGS=["-Wl,-E"],
               CPPDEFINES=["LUA_USE_DLOPEN"])
    return env


def target(base):
    """For what goes into lunette: static but for build=asan, whose run-time library cannot be."""
    env = base.Clone()
    compile_flags, link_flags = FLAGS[env["build"]]
    env.Append(CCFLAGS=["-std=gnu11", *compile_flags], LINKFLAGS=link_flags)
    if env["build"] != "asan":
        env.Append(CCFLAGS=["-fno-pie"], LINKFLAGS=["-static", "-no-pie"])
    if os.uname().machine == "x86_64":
        # Marks where indirect branches may land. It takes effect where the C library's own objects
        # are marked too, which Debian's glibc is and its musl is not; here it costs 1 KB.
        env.Append(CCFLAGS=["-fcf-protection"])
    env["LINK"] = env["CC"]
    if env["libc"] == "musl":
        _musl(env)
    elif env["build"] == "release":
        env.Append(CPPDEFINES=[("_FORTIFY_SOURCE", "2")])  # musl has no such checks
    env.Append(CPPPATH=["#", "#$OUT/generated"])
    return env


def ours(env):
    """The same, for code of this project."""
    env = env.Clone()
    env.Append(CCFLAGS=WARNINGS, CPPDEFINES=["_GNU_SOURCE"])
    if env["build"] in ("asan", "faults"):
        # What the sanitizers insert hides from gcc which values and lengths are possible.
        env.Append(CCFLAGS=["-Wno-maybe-uninitialized", "-Wno-format-truncation"])
    return env
