"""The options of `haco synth` that ask for clips, and what they do."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from haco.synth.picture_sets import PictureSet

# Nothing here may import torch before a command runs: `haco synth --help` must answer at once.


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """Short clips instead of single pictures."""

    clips: int | None = None
    """Write so many clips instead of pictures: a hand comes, touches, lifts, lets go, leaves; or
    only comes near."""
    frames: int = 48
    """With --clips: frames of each clip."""
    fps: float = 24.0
    """With --clips: frames a second."""
    video: tyro.conf.FlagCreatePairsOff[bool] = False
    """With --clips: each clip is an MP4 file (VP9) instead of PNG frames."""

    def run(self, picture_set: "PictureSet", out: Path, *, seed: int, size: int) -> int:
        """Write the clips that are asked for, with a progress bar."""
        from haco.apps.made_clips import clips_command

        assert self.clips is not None
        return clips_command(
            picture_set,
            out,
            num=self.clips,
            seed=seed,
            size=size,
            frames=self.frames,
            fps=self.fps,
            video=self.video,
        )


ClipArguments = Annotated[ClipOptions, tyro.conf.arg(name="")]
NO_CLIPS = ClipOptions()
