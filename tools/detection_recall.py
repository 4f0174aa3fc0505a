"""Print how many of the hands labelled in a folder of photos the detector finds.

    .venv/bin/python tools/detection_recall.py --real ../shared/real

The folder holds `hand_labels_by_eye.json`, which names pictures and the boxes and sides of the
hands in them. A hand is found if a detected box shares at least 0.3 of its joint area with the
label's (both as far as they lie in the picture), one to one. A label's side may be "unsure"; then
no side is compared. The labels are coarse and few, so the figure is a smoke test, not a benchmark.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from haco.apps.detect import HandDetector, MediapipeDetector, clip_box
from haco.files import InputError, read_image
from haco.geometry.boxes import iou

LABELS = "hand_labels_by_eye.json"
SAME_HAND = 0.3
REAL = Path(__file__).resolve().parents[1].parent / "shared" / "real"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What became of the hands of one picture, or of several together."""

    picture: str
    labelled: int
    found: int
    sided: int
    """Found hands whose label says left or right."""
    sides_right: int
    """Those of them whose side the detector says too."""
    extra: int
    """Detected hands that no label speaks of."""
    milliseconds: float
    """Processor time, so that other work on the machine does not count."""


def match_boxes(
    labelled: Sequence[np.ndarray], found: Sequence[np.ndarray]
) -> list[tuple[int, int]]:
    """Pair labels with finds, the largest overlap first, each at most once.

    Returns:
        Pairs (index of label, index of find) that overlap enough.
    """
    overlaps = [
        (float(iou(label[None], find[None])[0]), i, j)
        for i, label in enumerate(labelled)
        for j, find in enumerate(found)
    ]
    pairs: list[tuple[int, int]] = []
    for overlap, i, j in sorted(overlaps, reverse=True):
        taken = any(i == a or j == b for a, b in pairs)
        if overlap >= SAME_HAND and not taken:
            pairs.append((i, j))
    return pairs


def measure(detector: HandDetector, real: Path) -> list[Row]:
    """Run a detector over the labelled pictures of a folder.

    Raises:
        InputError: The folder has no labels, or a picture cannot be read.
    """
    try:
        pictures = json.loads((real / LABELS).read_text())["images"]
    except OSError as error:
        raise InputError(
            f"{real / LABELS}: cannot be read; pass --real FOLDER, one with {LABELS} in it"
        ) from error
    return [_measure_picture(detector, real, labels) for labels in pictures]


def _measure_picture(detector: HandDetector, real: Path, labels: dict) -> Row:
    image = read_image(real / labels["image"])
    start = time.process_time()
    hands = detector(image)
    elapsed = time.process_time() - start
    boxes = [np.array(hand["bbox_xyxy"], np.float32) for hand in labels["hands"]]
    found = [clip_box(hand.box, *image.shape[:2]) for hand in hands]
    pairs = match_boxes(boxes, found)
    sides = [(labels["hands"][i]["side"], hands[j].side) for i, j in pairs]
    known = [(truth, said) for truth, said in sides if truth != "unsure"]
    return Row(
        picture=labels["image"],
        labelled=len(boxes),
        found=len(pairs),
        sided=len(known),
        sides_right=sum(truth == said for truth, said in known),
        extra=len(hands) - len(pairs),
        milliseconds=1000 * elapsed,
    )


def total(rows: Sequence[Row]) -> Row:
    """Add up pictures; the time is their mean."""
    return Row(
        picture=f"all {len(rows)} pictures",
        labelled=sum(row.labelled for row in rows),
        found=sum(row.found for row in rows),
        sided=sum(row.sided for row in rows),
        sides_right=sum(row.sides_right for row in rows),
        extra=sum(row.extra for row in rows),
        milliseconds=sum(row.milliseconds for row in rows) / max(len(rows), 1),
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--real", type=Path, default=REAL, help="folder of labelled photos")
    parser.add_argument("--fast", action="store_true", help="search the whole frame only")
    options = parser.parse_args()
    detector = MediapipeDetector(fast=options.fast)
    try:
        detector(np.zeros((64, 64, 3), np.uint8))  # load the models outside the timings
        rows = measure(detector, options.real)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{'picture':40} {'labelled':>8} {'found':>6} {'side right':>11} {'extra':>6} {'cpu ms':>7}"
    )
    for row in [*rows, total(rows)]:
        sides = f"{row.sides_right} of {row.sided}"
        print(
            f"{row.picture:40} {row.labelled:8} {row.found:6} {sides:>11} {row.extra:6} "
            f"{row.milliseconds:7.0f}"
        )
    everything = total(rows)
    print(f"recall {everything.found / max(everything.labelled, 1):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
