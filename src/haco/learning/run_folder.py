"""What a training run leaves behind: its config, where it came from, its losses."""

import dataclasses
import json
import logging
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

import haco
from haco.files import InputError, write_atomically
from haco.learning.config import TrainConfig

logger = logging.getLogger(__name__)

CHECKPOINT = "last.pt"
"""Everything needed to go on."""
BEST, LAST = "best.safetensors", "last.safetensors"
"""The averaged weights after the best epoch on validation, and after the last."""


def open_run(folder: Path, config: TrainConfig, *, resume: bool) -> None:
    """Make a run's folder and write down what is run, or check that it is the same run.

    Raises:
        InputError: A run is there and `resume` is not set, or the run there is another.
    """
    text = json.dumps(dataclasses.asdict(config), indent=2) + "\n"
    written = folder / "config.json"
    if not written.exists():
        if resume:
            raise InputError(f"{folder}: no run to resume here; check the path")
        provenance = {
            "command": shlex.join([_program(), *sys.argv[1:]]),
            "commit": git_commit(),
            "haco": haco.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
        }
        with write_atomically(folder / "run.json") as part:
            part.write_text(json.dumps(provenance, indent=2) + "\n")
        with write_atomically(written) as part:
            part.write_text(text)
    elif not resume:
        raise InputError(f"{folder}: holds a run already; resume it or choose another folder")
    elif written.read_text() != text:
        raise InputError(
            f"{written}: the run here has another config; resume it with that one or start anew"
        )


def run_command(folder: Path) -> str:
    """Give the command that began a run."""
    return json.loads((folder / "run.json").read_text())["command"]


def git_commit() -> str | None:
    """Give the commit of the source that runs, with `-dirty` if files differ from it.

    None if it does not lie in a repository.
    """
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude", "*", "--abbrev=40"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _program() -> str:
    name = Path(sys.argv[0]).name
    return "haco" if name == "cli.py" else name  # as `python -m haco.cli` calls it


class MetricsLog:
    """`metrics.jsonl`: one line a step with its losses, and one an epoch with its scores."""

    def __init__(self, folder: Path, *, first_step: int) -> None:
        """Go on after the last step that the checkpoint knows; later lines are dropped.

        Args:
            folder: Of the run.
            first_step: The step that comes next.
        """
        self._path = folder / "metrics.jsonl"
        if self._path.exists():
            whole = [line for line in self._path.read_text().splitlines() if line.endswith("}")]
            kept = [line for line in whole if json.loads(line)["step"] < first_step]
            with write_atomically(self._path) as part:
                part.write_text("".join(line + "\n" for line in kept))

    def write(self, kind: str, *, step: int, **values: object) -> None:
        """Add one line; it is on the disk when this returns.

        Args:
            kind: `step` or `epoch`.
            step: Steps done before this one; for an epoch its last.
            values: What to record.
        """
        try:
            with self._path.open("a") as file:
                file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        except OSError as error:
            raise InputError(
                f"{self._path}: cannot be written ({error.strerror}); free some space and resume"
            ) from error


def read_metrics(folder: Path, kind: str) -> list[dict[str, object]]:
    """Read the lines of one kind, `step` or `epoch`, of a run."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [record for record in records if record["kind"] == kind]
