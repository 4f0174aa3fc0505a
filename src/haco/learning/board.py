"""TensorBoard: the curves of a run, and its picture of each epoch.

tensorboard --logdir runs
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from haco.files import InputError

FOLDER = "tensorboard"


class Board:
    """Writes what `metrics.jsonl` holds, to be looked at while a run goes on."""

    def __init__(self, folder: Path, *, first_step: int) -> None:
        """Go on after the last step that the checkpoint knows; later points are hidden.

        Args:
            folder: Of the run.
            first_step: The step that comes next.

        Raises:
            InputError: TensorBoard is not installed, or the folder cannot be written.
        """
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise InputError(
                "training needs tensorboard, which is not installed; pip install 'haco[train]'"
            ) from error
        self._folder = folder / FOLDER
        try:
            self._writer = SummaryWriter(str(self._folder), purge_step=first_step)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, group: str, values: Mapping[str, float], step: int) -> None:
        """Add one point to each curve; it is on the disk within two minutes.

        Args:
            group: What the curves belong to, `train` or `validation`.
            values: By the curves' names.
            step: Where the points lie.
        """
        try:
            for name, value in values.items():
                self._writer.add_scalar(f"{group}/{name}", value, step)
        except OSError as error:
            raise self._unwritable(error) from error

    def show(self, picture: UInt8[np.ndarray, "height width 3"], step: int) -> None:
        """Add a picture, and send everything to the disk."""
        try:
            self._writer.add_image("validation", picture, step, dataformats="HWC")
            self._writer.flush()
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            f"{self._folder}: cannot be written ({error.strerror or error}); "
            "free some space or choose another folder"
        )
