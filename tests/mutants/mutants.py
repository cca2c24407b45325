"""The mutants of list.toml: what SConscript builds and run.py tries."""
import os
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Mutant:
    """One guard that is taken away."""

    def __init__(self, table):
        self.name, self.file = table["name"], table["file"]
        self.old, self.new = table["old"], table["new"]
        self.tests, self.equal = table["tests"], table.get("equal", "")

    def apply(self, text):
        """@text without the guard, which must stand in it exactly once."""
        count = text.count(self.old)
        if count != 1:
            raise SystemExit(f"tests/mutants/list.toml: {self.name}: its text stands in "
                             f"{self.file} {count} times")
        return text.replace(self.old, self.new)

    def write(self, target, source, env):
        """An action of SCons."""
        with open(str(source[0]), encoding="utf-8") as file:
            text = self.apply(file.read())
        with open(str(target[0]), "w", encoding="utf-8") as file:
            line = "" if self.file.endswith(".lua") else f'#line 1 "{self.file}"\n'
            file.write(line + text)

    def units(self):
        """Its unit tests, which are linked with the changed file."""
        return [one for one in self.tests if one.startswith("tests/unit/")]


def read(names=""):
    """All mutants, or those of @names, which commas separate."""
    wanted = names.split(",") if names else []
    with open(f"{HERE}/list.toml", "rb") as file:
        found = [Mutant(table) for table in tomllib.load(file)["mutant"]
                 if not wanted or table["name"] in wanted]
    unknown = set(wanted) - {one.name for one in found}
    if unknown:
        raise SystemExit(f"tests/mutants/list.toml: no mutant {' '.join(sorted(unknown))}")
    return found
