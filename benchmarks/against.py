"""What a change does to speed: haco of another revision and of here, turn about.

make bench-compare BASE=HEAD~1 NAMES="losses metrics"

Both are timed by the benchmarks of here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ROUNDS = 2
"""How often each side runs; the best time of each counts."""


def main(words: list[str]) -> int:
    """Run both sides and print, for each thing timed, how many times faster it became."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("base", help="a revision that git knows")
    parser.add_argument("names", nargs="*", help="benchmarks; all if none is named")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as place:
        base = Path(place) / "base"
        _git("worktree", "add", "--detach", "--quiet", str(base), given.base)
        try:
            best: list[dict[str, float]] = [{}, {}]
            for _ in range(ROUNDS):
                for side, folder in enumerate((base, REPOSITORY)):
                    for name, seconds in _timed(folder, given.names, Path(place)).items():
                        best[side][name] = min(seconds, best[side].get(name, seconds))
        finally:
            _git("worktree", "remove", "--force", str(base))
    print(table(*best))
    return 0


def table(before: dict[str, float], after: dict[str, float]) -> str:
    """Lay out seconds by name: before, after, and how many times faster.

    Args:
        before: At the base.
        after: Here.
    """
    lines = [f"{'':<52} {'before':>12} {'after':>12}"]
    for name, seconds in after.items():
        if name in before:
            old = f"{1e3 * before[name]:9.2f} ms"
            ratio = f"{before[name] / seconds:7.2f} x"
        else:
            old, ratio = f"{'new':>12}", ""
        lines.append(f"{name:<52} {old} {1e3 * seconds:9.2f} ms {ratio}".rstrip())
    lines += [f"{name:<52} is gone" for name in before if name not in after]
    return "\n".join(lines)


def _timed(folder: Path, names: list[str], place: Path) -> dict[str, float]:
    out = place / "bench.json"
    command = [sys.executable, "-m", "benchmarks", *names, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    ran = subprocess.run(
        command, cwd=REPOSITORY, env=environment, check=False, capture_output=True, text=True
    )
    if ran.returncode != 0:
        why = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        sys.exit(f"the benchmarks of here do not run with haco of {folder.name}: {why}")
    return {each["name"]: each["ours"] for each in json.loads(out.read_text())["timed"]}


def _git(*words: str) -> None:
    subprocess.run(["git", "-C", str(REPOSITORY), *words], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
