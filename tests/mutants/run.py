#!/usr/bin/python3
"""Is each mutant of list.toml killed by a test that names it?

  tests/mutants/run.py --build build/release [NAME...]

A test is "tests/unit/NAME", "tests/escape/run: ID" or "FILE.bats: words of the test's name". First
the tests run with the real binary, where they must pass; then those of each mutant with the mutant,
where one must fail. As root they run as root, and where a mutant survives that, as uid 1000 too.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from mutants import ROOT, read  # noqa: E402

SECONDS = 120
USER = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"]


def command_of(test, binary):
    """The command that runs one test with the files beside @binary."""
    path, _, words = test.partition(": ")
    if path.startswith("tests/unit/"):
        return [os.path.join(os.path.dirname(binary), path)]
    if path == "tests/escape/run":
        return [f"{ROOT}/{path}", "--only", words]
    return ["bats", "--formatter", "tap", "--filter", re.escape(words).replace("\\ ", " "),
            f"{ROOT}/{path}"]


def fails(test, binary, build, user=False):
    """What the test says where it fails, or "". A test that ran nothing fails too."""
    with tempfile.TemporaryDirectory(prefix="mutants-of-lunette-") as home:
        os.chmod(home, 0o755)
        if user:
            os.chown(home, 1000, 1000)
        environment = os.environ | {
            "LUNETTE": binary, "LUNETTE_BUILD": build, "TMPDIR": home, "HOME": home,
            "ESCAPE_PAYLOAD": f"{build}/tests/escape/payload/payload", "BATS_TEST_TIMEOUT": "60"}
        try:
            ran = subprocess.run((USER if user else []) + command_of(test, binary), cwd=ROOT,
                                 env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                                 text=True, errors="replace", check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return "hangs"
    if re.search(r"^not ok|^1\.\.0", ran.stdout, re.MULTILINE) or ran.returncode != 0:
        return ran.stdout[-2000:] + ran.stderr[-500:] or "fails"
    return ""


def try_one(mutant, build):
    """(the mutant, the test that kills it, or "")."""
    binary = f"{build}/mutants/{mutant.name}/lunette"
    for user in ((False, True) if os.geteuid() == 0 else (False,)):
        for test in mutant.tests:
            if fails(test, binary, build, user):
                return mutant, test + (" [uid 1000]" if user else "")
    return mutant, ""


def main():
    parser = argparse.ArgumentParser(description="Is each mutant killed?")
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    mutants = [one for one in read() if not options.names or one.name in options.names]
    tests = sorted({test for one in mutants for test in one.tests if not one.equal})
    survivors = wrong = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        healthy = pool.map(lambda test: (test, fails(test, f"{build}/lunette", build)), tests)
        for test, said in healthy:
            if said:
                wrong += 1
                print(f"not ok - without a mutant {test} fails already:\n{said}", flush=True)
        waiting = [pool.submit(try_one, one, build) for one in mutants if not one.equal]
        for done in concurrent.futures.as_completed(waiting):
            mutant, killer = done.result()
            survivors += not killer
            print(f"ok - {mutant.name}: killed by {killer}" if killer
                  else f"not ok - {mutant.name} survives {mutant.tests}", flush=True)
    for one in mutants:
        if one.equal:
            print(f"ok - {one.name}: cannot be seen: {one.equal}")
    print(f"{len(mutants)} mutants, {survivors} survived, {wrong} tests failed without one")
    return 1 if survivors or wrong else 0


sys.exit(main())
