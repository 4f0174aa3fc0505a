"""What `haco synth --clips` does and shows."""

from pathlib import Path

from rich.console import Console

from haco.apps.console import progress_bar
from haco.synth.clip_files import write_clips
from haco.synth.picture_sets import PictureSet


def clips_command(
    picture_set: str | PictureSet,
    out: Path,
    *,
    num: int,
    seed: int,
    size: int,
    frames: int,
    fps: float,
    video: bool,
) -> int:
    """Write made clips and the labels of their frames, with a progress bar."""
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("clips", total=num)
        write_clips(
            picture_set,
            num,
            seed,
            out,
            frames=frames,
            fps=fps,
            size=size,
            video=video,
            progress=lambda done: bar.update(task, completed=done),
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{num} clips with their labels: {out}; begin with sheet.jpg", markup=False)
    return 0
