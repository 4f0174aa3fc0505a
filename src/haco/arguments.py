"""Kinds of arguments that the commands share, and what is raised when a command line is wrong."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

Paths = Annotated[
    tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH [PATH ...]", name="paths")
]
Box = Annotated[tuple[float, float, float, float] | None, tyro.conf.arg(metavar="X1 Y1 X2 Y2")]
SideChoice = Annotated[Literal["left", "right"] | None, tyro.conf.arg(metavar="{left,right}")]
Folder = Annotated[Path, tyro.conf.arg(metavar="DIR")]
OptionalFolder = Annotated[Path | None, tyro.conf.arg(metavar="DIR")]
OptionalFile = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]
Weights = Annotated[str, tyro.conf.arg(metavar="NAME|FILE|OWNER/NAME")]


class UsageError(Exception):
    """The command line itself is wrong."""
