"""`haco doctor`: what is installed, what is missing, and what that costs."""

import dataclasses
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

from rich.console import Console
from rich.table import Table

import haco
from haco.files import InputError

# name of the package, module to look for, what it is for, and how to get it
_OPTIONAL = (
    ("mediapipe", "mediapipe", "finding hands (else pass --box)", "pip install 'haco[detect]'"),
    ("accelerate", "accelerate", "training on several devices", "pip install 'haco[train]'"),
    ("pyarrow", "pyarrow", "packed datasets", "pip install 'haco[train]'"),
    ("onnxruntime", "onnxruntime", "running exported networks", "pip install 'haco[export]'"),
    ("gradio", "gradio", "the browser page", "pip install 'haco[web]'"),
    ("viser", "viser", "the 3D viewer", "pip install 'haco[viewer]'"),
    ("ray", "ray", "prediction over many machines", "pip install 'haco[scale]'"),
)
_CORE = ("torch", "numpy", "scipy", "opencv-python-headless", "pillow", "libigl", "numba")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the report."""

    what: str
    state: str
    meaning: str
    good: bool | None = True
    """False for a fault, None for something optional that is absent."""


def examine() -> list[Finding]:
    """Look at this installation and say what was found."""
    return [
        Finding("haco", haco.__version__, f"Python {platform.python_version()}"),
        *(_core(name) for name in _CORE),
        *(_optional(*row) for row in _OPTIONAL),
        _device(),
        _weights(),
        _open_hand(),
        _mano(),
    ]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _core(name: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(name, "missing", "haco does not run: pip install haco", good=False)
    return Finding(name, version, "needed, present")


def _optional(name: str, module: str, purpose: str, mend: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(name, "missing", f"without it no {purpose}; {mend}", good=None)
    return Finding(name, _version(name) or "present", purpose)


def _device() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding("device", "cuda", f"{torch.cuda.get_device_name(0)}; use --device cuda")
    if torch.backends.mps.is_available():
        return Finding("device", "mps", "Apple GPU; use --device mps")
    return Finding("device", "cpu", f"no GPU; {os.cpu_count()} cores, which is enough")


def _weights() -> Finding:
    from haco.models.weights import bundled_weights, load_weights

    try:
        _, meta = load_weights(bundled_weights("tiny"))
    except InputError as error:
        return Finding("weights tiny", "unusable", str(error), good=False)
    return Finding("weights tiny", "present", f"trained on {meta.picture_set}; {meta.licence}")


def _open_hand() -> Finding:
    from haco.hands.topologies import load_hand

    vertices = len(load_hand("open").template)
    return Finding("open hand", "present", f"{vertices} vertices, CC0, no licence form")


def _mano() -> Finding:
    folder = os.environ.get("HACO_MANO_DIR")
    if folder is None:
        told = "not needed; for MANO's own topology set HACO_MANO_DIR to your licensed files"
        return Finding("MANO", "not set", told, good=None)
    files = [Path(folder) / f"MANO_{side}.pkl" for side in ("RIGHT", "LEFT")]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        return Finding("MANO", "incomplete", f"no such file: {', '.join(missing)}", good=False)
    return Finding("MANO", "present", folder)


def doctor_command() -> int:
    """Print the report; the exit status is 1 when something needed is missing."""
    findings = examine()
    table = Table("", "what", "state", "meaning", box=None)
    for finding in findings:
        mark = {True: "[green]ok[/]", None: "[yellow]--[/]", False: "[red]!![/]"}[finding.good]
        table.add_row(mark, finding.what, finding.state, finding.meaning)
    Console(highlight=False).print(table)
    return 1 if any(finding.good is False for finding in findings) else 0
