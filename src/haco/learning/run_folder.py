"""What a training run leaves behind: its config, where it came from, its losses."""

import contextlib
import dataclasses
import importlib.metadata
import json
import logging
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import torch

import haco
from haco.files import InputError, write_atomically
from haco.learning.config import TrainConfig
from haco.learning.config_file import read_config

logger = logging.getLogger(__name__)

CONFIG = "config.json"
CHECKPOINT = "last.pt"
"""Everything needed to go on."""
Fingerprints = dict[str, dict[str, Any]]
BEST, LAST = "best.safetensors", "last.safetensors"
"""The averaged weights after the best epoch on validation, and after the last."""


def check_run(folder: Path, config: TrainConfig, *, resume: bool) -> None:
    """See that a run can begin in a folder, or that the one there can go on.

    Raises:
        InputError: A run is there and `resume` is not set, none is there and it is, or the run
            there is another.
    """
    written = folder / CONFIG
    if not written.exists():
        if resume:
            raise InputError(f"{folder}: no run to resume here; check the path")
    elif not resume:
        raise InputError(f"{folder}: holds a run already; resume it or choose another folder")
    elif differing := _differing(read_config(written), config):
        raise InputError(
            f"{written}: the run here has another config ({differing}); resume it with that one or "
            "start anew"
        )


def _differing(before: TrainConfig, now: TrainConfig) -> str:
    """Say in which settings two configs differ; nothing if in none."""
    return ", ".join(
        f"{field.name} was {getattr(before, field.name)}, not {getattr(now, field.name)}"
        for field in dataclasses.fields(before)
        if getattr(before, field.name) != getattr(now, field.name)
    )


@contextlib.contextmanager
def run_lock(folder: Path, *, is_wanted: bool = True) -> Iterator[None]:
    """Keep other trainings out of a folder; whoever is killed lets go of it.

    Args:
        folder: Of the run; made if missing, and gone again if nothing is left in it.
        is_wanted: False in all processes but the first.

    Raises:
        InputError: A training goes on there, or the folder cannot be written.
    """
    if not is_wanted:
        yield
        return
    lock = filelock.FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise InputError(
            f"{folder}: a training goes on here; wait for it, or stop it first"
        ) from error
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            (folder / ".lock").unlink(missing_ok=True)
            folder.rmdir()  # works on an empty folder alone


def begin_run(
    folder: Path, config: TrainConfig, *, roots: Path, device: str, data: Fingerprints
) -> None:
    """Write down what is run; where it was begun before, see that the data is the same.

    Args:
        folder: Of the run.
        config: Of the run.
        roots: Where the datasets lie.
        device: Where the run computes.
        data: Size and fingerprint of each dataset, by split and name.

    Raises:
        InputError: The run there saw other data, or the folder cannot be written.
    """
    if (folder / CONFIG).exists():
        _check_data(folder, data)
        for part in folder.glob(".part-*"):  # a write that a kill cut off
            part.unlink(missing_ok=True)
        return
    packages = sorted((it.name, it.version) for it in importlib.metadata.distributions())
    provenance = {
        "command": shlex.join([_program(), *sys.argv[1:]]),
        "commit": git_commit(),
        "roots": str(roots.resolve()),
        "device": device,
        "data": data,
        "haco": haco.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "threads": torch.get_num_threads(),
        "cards": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "packages": dict(packages),
    }
    with write_atomically(folder / "run.json") as part:
        part.write_text(json.dumps(provenance, indent=2) + "\n")
    with write_atomically(folder / CONFIG) as part:
        part.write_text(_as_text(config))


def _check_data(folder: Path, data: Fingerprints) -> None:
    for name, before in read_run(folder)["data"].items():
        if data.get(name) != before:
            now = data.get(name, {"samples": 0})
            raise InputError(
                f"{folder}: {name} is not what it was when this run began ({before['samples']} "
                f"samples then, {now['samples']} now, fingerprints differ); bring the data back, "
                "or start a new run"
            )


def read_run(folder: Path) -> dict[str, Any]:
    """Read what `begin_run` wrote of a run's origin.

    Raises:
        InputError: No run is there, or the file is damaged.
    """
    path = folder / "run.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no run to resume here; check the path") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); start the run anew") from error


def _as_text(config: TrainConfig) -> str:
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"


def run_command(folder: Path) -> str:
    """Give the command that began a run."""
    return read_run(folder)["command"]


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

    def __init__(
        self, folder: Path, *, first_step: int, first_epoch: int = 0, write: bool = True
    ) -> None:
        """Go on after the last step that the checkpoint knows; later lines are dropped.

        Args:
            folder: Of the run.
            first_step: The step that comes next.
            first_epoch: The epoch whose scores come next.
            write: False in all processes but the first, which writes for all.
        """
        self._path, self._write = folder / "metrics.jsonl", write
        if write and self._path.exists():
            whole = [line for line in self._path.read_text().splitlines() if line.endswith("}")]
            kept = [line for line in whole if _is_before(json.loads(line), first_step, first_epoch)]
            with write_atomically(self._path) as part:
                part.write_text("".join(line + "\n" for line in kept))

    def write(self, kind: str, *, step: int, **values: object) -> None:
        """Add one line; it is on the disk when this returns.

        Args:
            kind: `step` or `epoch`.
            step: Steps done before this one; for an epoch its last.
            values: What to record.
        """
        if not self._write:
            return
        try:
            with self._path.open("a") as file:
                file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        except OSError as error:
            raise InputError(
                f"{self._path}: cannot be written ({error.strerror}); free some space and resume"
            ) from error


def _is_before(record: dict[str, Any], step: int, epoch: int) -> bool:
    return record["step"] < step and (record["kind"] == "step" or record["epoch"] < epoch)


def read_metrics(folder: Path, kind: str) -> list[dict[str, object]]:
    """Read the lines of one kind, `step` or `epoch`, of a run."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [record for record in records if record["kind"] == kind]
