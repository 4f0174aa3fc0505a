"""A video run's unfinished work on disk: what is done is kept, and a run that stopped goes on."""

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haco.apps.moments import Moment, load_moments, save_moments
from haco.apps.video_tables import Row, join_tables, write_rows
from haco.apps.webm import WebmWriter
from haco.files import InputError, write_atomically

_STATE = "state.json"
_VIDEO = "video.webm"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a run stood when it last kept its work."""

    done: int
    """Frames whose rows and pictures are written."""
    pieces: int
    video: dict[str, Any]
    stages: dict[str, Any]
    moments: list[Moment]
    """Frames that were being worked on, without images."""


class VideoWork:
    """A folder `<stem>.parts` with the rows and the video so far."""

    def __init__(self, folder: Path, settings: dict[str, Any], parts: Sequence[str]):
        """Look for work that can be gone on with.

        Args:
            folder: Of the unfinished work; made if missing.
            settings: All that the result depends on; other settings begin anew.
            parts: Names of the hand's parts.

        Raises:
            InputError: The folder cannot be made.
        """
        self.folder = folder
        self._settings = json.loads(json.dumps(settings))
        self._parts = parts
        self._rows: list[Row] = []
        self.checkpoint = self._load()
        if self.checkpoint is None:
            shutil.rmtree(folder, ignore_errors=True)
        self._pieces = 0 if self.checkpoint is None else self.checkpoint.pieces
        self.kept = 0 if self.checkpoint is None else self.checkpoint.done
        """Frames whose results are safe on the disk."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{folder}: cannot be made ({error.strerror}); choose another folder"
            ) from error

    def video(self, width: int, height: int) -> WebmWriter:
        """Open the video to write to, where the last checkpoint left it."""
        state = None if self.checkpoint is None else self.checkpoint.video
        return WebmWriter(self.folder / _VIDEO, width, height, state=state)

    def add(self, rows: Sequence[Row]) -> None:
        """Take the rows of the next frame."""
        self._rows += rows

    def keep(
        self, done: int, video: dict[str, Any], stages: dict[str, Any], moments: Sequence[Moment]
    ) -> None:
        """Write everything, so that a kill after this loses nothing.

        Args:
            done: Frames whose rows and pictures were added.
            video: State of the video's writer.
            stages: States of the stages.
            moments: Frames that are being worked on.

        Raises:
            InputError: The disk is full.
        """
        write_rows(self._piece(self._pieces), self._rows, self._parts)
        save_moments(self.folder / f"moments-{done}.npz", moments)
        state = {
            "settings": self._settings,
            "done": done,
            "pieces": self._pieces + 1,
            "video": video,
            "stages": stages,
        }
        with write_atomically(self.folder / _STATE) as part:
            part.write_text(json.dumps(state))
        self._rows, self._pieces, self.kept = [], self._pieces + 1, done
        for old in self.folder.glob("moments-*.npz"):
            if old.name != f"moments-{done}.npz":
                old.unlink()

    def finish(self, stem: Path) -> None:
        """Join the rows, put table and video in their places, and remove the folder.

        Args:
            stem: Path of the results without suffix.

        Raises:
            InputError: The disk is full.
        """
        join_tables(stem.with_name(f"{stem.name}.parquet"), map(self._piece, range(self._pieces)))
        (self.folder / _VIDEO).replace(stem.with_name(f"{stem.name}.webm"))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _piece(self, number: int) -> Path:
        return self.folder / f"rows-{number:05d}.parquet"

    def _load(self) -> Checkpoint | None:
        try:
            state = json.loads((self.folder / _STATE).read_text())
            if state["settings"] != self._settings:
                return None
            return Checkpoint(
                done=state["done"],
                pieces=state["pieces"],
                video=state["video"],
                stages=state["stages"],
                moments=load_moments(self.folder / f"moments-{state['done']}.npz"),
            )
        except (OSError, ValueError, KeyError):  # none, or damaged: begin anew
            return None
