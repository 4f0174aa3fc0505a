"""How long a new process takes to import haco and to answer `haco --help`, beside importing torch.

Goals: 0.3 s for the import, 0.5 s for the help.
"""

import subprocess
import sys

from benchmarks.timing import compare


def main() -> float:
    """Compare with what it would take if torch were imported at once."""

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)

    compare(
        "a process that imports haco, plain imports torch",
        lambda: run("import haco"),
        lambda: run("import torch"),
        rounds=3,
    )
    return compare(
        "a process that says haco --help, plain imports torch",
        lambda: run("from haco.cli import main; main(['--help'])"),
        lambda: run("import torch"),
        rounds=3,
    )
