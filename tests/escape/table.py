#!/usr/bin/python3
"""Writes the table of weaknesses and what holds them, from rows.toml and results of tests/run.

  tests/escape/table.py RESULTS... >security-checks.md

Each RESULTS is a tests.results that tests/run has written, one for each kernel. Ends with 1 where
something that was tried is not held.
"""
import collections
import json
import os
import sys
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
USER = " [uid 1000]"  # behind the name of a file that root has run as that user too
HEAD = """# Security checks

Made by `scons security-checks` from `tests/escape/rows.toml`: weaknesses of earlier sandboxes, and
whether lunette holds them, started by root and by an ordinary user, on each kernel that it was
tried on. `held`: the attempt fails in the sandbox, and a control shows that it does not without the
guard.
`vacuous`: it fails, but on that kernel or host it fails without the guard too; where the filter's
simulator or another test shows the guard instead, it says `held`. `in part`: not all of its tests
were run there. `-`: none was, as the host lacks what it takes, or it takes a caller of the other
kind. What each row tries stands in `tests/escape/rows.toml` under its id; `tests/escape/run --only
ID --show` does it, and shows what the program and its control said.

"""


def result_of(jobs, path, words, suffix):
    """What the tests of @path whose names hold @words came to, worst first; "" where they are for
    root alone. A file that runs once only does not depend on who starts it."""
    if path + suffix not in jobs:
        suffix = ""
    found = [result for text, result in jobs.get(path + suffix, {}).items() if words in text]
    if "failed" in found:
        return "FAILED"
    if "passed" in found:
        return "held"
    if not found and suffix and any(words in text for text in jobs.get(path, {})):
        return ""
    return "vacuous" if any(reason.startswith("vacuous") for reason in found) else "-"


def state(row, jobs, suffix):
    if "absent" in row and "tests" not in row:
        return "no such thing"
    states = []
    if "payload" in row or "sim" in row:
        name = f"{row['id']}: {row['weakness']}"
        states.append(result_of(jobs, "tests/escape/run", name, suffix))
    for one in row.get("tests", []):
        path, _, words = one.partition(": ")
        states.append(result_of(jobs, path, words, suffix))
    if "open" in row:
        return "not held"
    if "held" in states and "-" in states and "FAILED" not in states:
        return "in part"
    for worst in ("FAILED", "held", "vacuous"):
        if worst in states:
            return worst
    return "-"


def shown_by(row):
    words = []
    if "payload" in row:
        words.append(f"`payload {row['payload'][0]}`")
    if "sim" in row:
        words.append("simulator")
    words += [f"`{one.partition(': ')[0]}`" for one in row.get("tests", [])]
    return ", ".join(dict.fromkeys(words)) or row.get("absent", row.get("open", ""))


def main():
    runs = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            runs.append(json.load(file))
    with open(f"{HERE}/rows.toml", "rb") as file:
        rows = tomllib.load(file)["row"]
    columns = []
    for run in runs:
        if any(name.endswith(USER) for name in run["jobs"]):
            columns += [(run, "", "root"), (run, USER, "user")]
        else:
            columns.append((run, "", "user"))
    print(HEAD, end="")
    names = [f"{run['kernel'].partition('-')[0]} {name}" for run, _, name in columns]
    print("| id | weakness | what stops it | " + " | ".join(names) + " | shown by |")
    print("|---" * (4 + len(columns)) + "|")
    counts = [collections.Counter() for _ in columns]
    for row in rows:
        states = [state(row, run["jobs"], suffix) for run, suffix, _ in columns]
        for count, one in zip(counts, states):
            count[one] += 1
        cells = [row["id"], row["weakness"], row["layer"], *states, shown_by(row)]
        print("| " + " | ".join(cells) + " |")
    print()
    for name, count in zip(names, counts):
        print(f"* {name}: " + ", ".join(f"{number} {one}" for one, number in count.most_common()))
    return 1 if any(count["FAILED"] for count in counts) else 0


sys.exit(main())
