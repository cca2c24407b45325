"""Where a row of rows.toml is tried: its place on the host, its programs and what they say.

Shared by `run`, which tests lunette, and compare.py, which runs the same payloads elsewhere.
"""
import os
import re
import subprocess
import tomllib

import prepare

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LUNETTE = os.path.abspath(os.environ.get("LUNETTE", f"{ROOT}/build/release/lunette"))
PAYLOAD = os.environ.get("ESCAPE_PAYLOAD",
                         f"{os.path.dirname(LUNETTE)}/tests/escape/payload/payload")
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--net"]
# What the shipped profiles give, without filter: the ground on which single guards are tried.
BARE = """return profile {
	mounts = { ro "/usr", same "/bin", same "/lib", same { "/lib64", optional = true }, proc "/proc",
		dev "/dev", tmpfs "/tmp", rw(host.cwd) },
	cwd = host.cwd,
}
"""
SECONDS = 20


def read_rows():
    with open(f"{HERE}/rows.toml", "rb") as file:
        return tomllib.load(file)["row"]


class Place:
    """Where one row is tried: a directory with the payload and what the row needs."""

    def __init__(self, row, directory):
        self.row, self.work = row, f"{directory}/work"
        os.mkdir(self.work)
        with open(PAYLOAD, "rb") as source, open(f"{self.work}/payload", "wb") as copy:
            copy.write(source.read())
        os.chmod(f"{self.work}/payload", 0o755)
        with open(f"{self.work}/bare.lua", "w", encoding="utf-8") as file:
            file.write(BARE)
        self.host = prepare.Host(directory, self.work)
        for name in row.get("needs", []):
            getattr(prepare, f"prepare_{name}")(self.host)

    def fill(self, text):
        for name, value in self.host.words.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def payload(self, key="payload"):
        return [self.fill(word) for word in self.row.get(key, self.row["payload"])]

    def run(self, command):
        """The lines that @command says; its status too where that is not 0."""
        host = self.host
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        environment = kept | host.environment
        started = subprocess.Popen(
            command, cwd=self.work, env=environment, text=True, errors="backslashreplace",
            stdin=host.stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=host.fds, preexec_fn=host.before_exec,
            start_new_session=True)
        try:
            said, wrong = started.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, 9)
            said, wrong = started.communicate()
            said += "hangs\n"
        lines = said.splitlines()
        if started.returncode:
            lines.append(f"status {started.returncode}")
        # What a payload that was started says there is part of its answer; the launcher's is too.
        lines += [line for line in wrong.splitlines() if line.startswith("lunette: ")]
        return lines

    def launch(self, profile):
        options = map(self.fill, self.row.get("options", []))
        return self.run([LUNETTE, "run", "-p", profile, *options, "--",
                         "./payload", *self.payload()])

    def launch_with(self, name, fields):
        with open(f"{self.work}/{name}.lua", "w", encoding="utf-8") as file:
            file.write("return profile { " + self.fill(fields) + " }\n")
        return self.launch(f"{self.work}/{name}.lua")

    def control(self):
        kind = self.row["control"]
        if kind in ("outside", "namespace"):
            return self.run([*(NAMESPACE if kind == "namespace" else []), "./payload",
                             *self.payload("control_payload")])
        return self.launch_with("without", kind)

    def close(self):
        self.host.close()


def matches(patterns, lines):
    return (len(patterns) == len(lines)
            and all(re.fullmatch(one, line) for one, line in zip(patterns, lines)))


def shows(patterns, lines):
    return all(any(re.fullmatch(one, line) for line in lines) for one in patterns)
