"""What `haco video` shows while it works, and at the end."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.follow import HandSource
from haco.apps.predict import report_stems
from haco.apps.predictor import ContactPredictor
from haco.apps.video import VideoResult, VideoSettings, predict_video
from haco.files import InputError


def show_videos(
    predictor: ContactPredictor,
    clips: Sequence[Path],
    out: Path,
    settings: VideoSettings,
    source: HandSource | None = None,
) -> int:
    """Work through videos with a progress bar, print what was found, give the exit status.

    Args:
        predictor: Loaded weights.
        clips: The videos.
        out: Folder of the results.
        settings: How.
        source: What sees hands, for one clip; mediapipe's networks if not given.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    results: list[VideoResult] = []
    failed = 0
    for clip, stem in zip(clips, report_stems(clips), strict=True):
        with progress_bar(errors) as progress:
            task = progress.add_task(clip.name, total=None)
            try:
                result = predict_video(
                    predictor,
                    clip,
                    out / stem,
                    settings=settings,
                    source=source,
                    on_start=lambda total, p=progress, t=task: p.update(t, total=total),
                    on_frames=lambda done, p=progress, t=task: p.update(t, completed=done),
                )
            except InputError as error:
                failed += 1
                errors.print(f"haco: {error}", style="red", markup=False)
                continue
        results.append(result)
        if result.resumed_at:
            errors.print(f"{clip}: went on after frame {result.resumed_at}", markup=False)
        for warning in result.warnings:
            failed += 1
            errors.print(f"haco: {clip}: {warning}", style="red", markup=False)
    if results:
        console = Console(highlight=False, soft_wrap=True)
        console.print(_table(results))
        console.print(f"{len(results)} clips: results are in {out}", markup=False)
    return 1 if failed else 0


def _table(results: Sequence[VideoResult]) -> Table:
    table = Table("clip", "frames", "hands", "touches", "frames/s", box=None)
    for result in results:
        sides = [f"{each['track']} {each['side']}" for each in result.tracks]
        speed = (result.frames - result.resumed_at) / max(result.stage_seconds["total"], 1e-9)
        table.add_row(
            result.path.name,
            str(result.frames),
            ", ".join(sides) or "none seen",
            str(result.num_touches),
            f"{speed:.1f}",
        )
    return table
