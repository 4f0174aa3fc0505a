"""Run the benchmarks named on the command line, or all of them; write what they timed as JSON."""

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import benchmarks
from benchmarks.machine import machine_facts
from benchmarks.timing import RECORDS

SKIPPED = {"__main__", "against", "machine", "plain", "timing"}
REPOSITORY = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> int:
    """Run benchmarks by name; every module here with a function `main` is one."""
    known = sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - SKIPPED)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"), help="the JSON file")
    given = parser.parse_args(words)
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    found = {"machine": machine_facts(), "revision": _revision(), "timed": []}
    for name in given.names or known:
        print(f"\n{name}", flush=True)
        first = len(RECORDS)
        importlib.import_module(f"benchmarks.{name}").main()
        found["timed"] += [{"benchmark": name, **vars(each)} for each in RECORDS[first:]]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(f"\n{given.out}")
    return 0


def _revision() -> str:
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
