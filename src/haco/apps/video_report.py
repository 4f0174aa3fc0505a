"""The picture of a clip's touches over time, out of its finished table."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from haco.apps.touches import HAND, Touch
from haco.apps.video_tables import pyarrow
from haco.files import write_atomically
from haco.pictures.timeline import HandTime, draw_timeline

_MOST_PARTS = 6


def draw_report_timeline(stem: Path, name: str, touches: Sequence[Touch], seconds: float) -> None:
    """Write `<stem>_timeline.png`.

    Args:
        stem: Path of the results without suffix; the Parquet table must be there.
        name: Of the clip.
        touches: All that ended.
        seconds: Length of the clip.

    Raises:
        InputError: The disk is full.
    """
    table = pyarrow().parquet.read_table(
        stem.with_name(f"{stem.name}.parquet"), columns=["time", "track", "side", "touch"]
    )
    tracks = table["track"].to_numpy()
    times, touch = table["time"].to_numpy(), table["touch"].to_numpy()
    sides = table["side"].to_pylist()
    hands = []
    for track in np.unique(tracks).tolist():
        mine = np.flatnonzero(tracks == track)
        spans = _spans([each for each in touches if each.track == track])
        hands.append(
            HandTime(
                number=track,
                side=sides[int(mine[0])],
                times=times[mine],
                touch=touch[mine].astype(np.float64),
                touches=spans.pop(HAND, []),
                parts=_longest(spans),
            )
        )
    picture = draw_timeline(hands, seconds, heading=f"{name}: when each hand touches")
    with write_atomically(stem.with_name(f"{stem.name}_timeline.png")) as part:
        Image.fromarray(picture).save(part)


def _spans(touches: Sequence[Touch]) -> dict[str, list[tuple[float, float]]]:
    spans = defaultdict(list)
    for touch in touches:
        spans[touch.part].append((touch.onset_time, touch.release_time))
    return dict(spans)


def _longest(
    spans: dict[str, list[tuple[float, float]]],
) -> list[tuple[str, list[tuple[float, float]]]]:
    """Give the parts that touched for the longest time."""

    def seconds(name: str) -> float:
        return sum(end - start for start, end in spans[name])

    names = sorted(spans, key=seconds, reverse=True)[:_MOST_PARTS]
    return [(name, spans[name]) for name in names]
