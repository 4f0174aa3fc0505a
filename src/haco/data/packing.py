"""Write packed datasets: several processes, and a killed run goes on where it stopped.

The samples are cut into shards. Each worker writes whole shards, atomically, so what lies on disk
is always right; the shards are joined at the end, one at a time, and the card is written last. So
memory does not grow with the number of samples.
"""

import collections
import dataclasses
from pathlib import Path

import cv2
import numpy as np

from haco.data.checks import has_truth, read_sample
from haco.data.joining import join
from haco.data.readers.common import Reader
from haco.data.readers.synthetic import SyntheticReader
from haco.data.shards import Fault, Policy, Progress, is_finished, write_faults, write_shards
from haco.data.store import OPTIONAL
from haco.data.window import SIZE, cut_window
from haco.files import InputError, write_atomically
from haco.synth.engine import find_picture_set
from haco.synth.picture_sets import PictureSet
from haco.types import SIDES, Sample

SHARD = 200
"""Samples a shard: what a killed run loses at most, a worker."""
QUALITY = 92
"""Of the JPEGs."""


def pack_synthetic(
    out: Path,
    picture_set: str | PictureSet,
    seed: int,
    num: int,
    size: int = 192,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> Path:
    """Draw samples `0 .. num - 1` of a picture set under one engine seed, and pack them whole.

    Args:
        out: Folder of the pack.
        picture_set: A name of `haco.synth.engine.PICTURE_SETS`, or a set made of one.
        seed: Of the engine, as in `make_sample`.
        num: How many samples.
        size: Pixels of a picture along each side.
        workers: Processes.
        progress: Called with samples done and samples in all.
    """
    reader = SyntheticReader(picture_set=picture_set, seed=seed, num=num, size=size)
    chosen = find_picture_set(picture_set)
    source: dict[str, object] = {"picture_set": chosen.name, "seed": seed, "size": size}
    source |= chosen.changes
    return pack(reader, out, source, workers=workers, progress=progress)


def pack(
    reader: Reader,
    out: Path,
    source: dict[str, object],
    *,
    window: float | None = None,
    size: int = SIZE,
    workers: int = 2,
    quality: int = QUALITY,
    on_fault: Policy = "skip",
    progress: Progress | None = None,
) -> Path:
    """Pack all samples of a reader, or go on with a pack that was begun.

    Args:
        reader: What to pack; it is pickled to the workers.
        out: Folder of the pack; a finished one is left alone if it is the same.
        source: What the card says of where the samples come from. A pack that was begun from
            another source is refused.
        window: Width of what is kept of each picture, see `cut_window`; None keeps it whole.
        size: Largest width of a window, pixels.
        workers: Processes; 1 packs in this one.
        quality: Of the JPEGs.
        on_fault: `skip` leaves samples that cannot be used out, and names them in `faults.jsonl`;
            `refuse` stops at the first.
        progress: Called with samples done and samples in all.

    Returns:
        The folder.

    Raises:
        InputError: The folder holds, or has begun, a pack of something else; a sample is bad and
            `on_fault` refuses it; or none can be used.
    """
    plan: dict[str, object] = {
        "source": source,
        "num": len(reader),
        "quality": quality,
        "shard": SHARD,
    }
    if window is not None:
        plan |= {"window": window, "size": size}
    if is_finished(out, plan):
        return out
    write = PackWriter(reader, out / "shards", window, size, quality, on_fault, SHARD)
    _write_missing(write, workers, progress)
    join(out, [write.path(start) for start in write.starts()], plan)
    return out


@dataclasses.dataclass(frozen=True)
class PackWriter:
    """Writes shards of a pack."""

    reader: Reader
    folder: Path
    window: float | None
    size: int
    quality: int
    on_fault: Policy
    shard: int
    """Samples a shard."""

    def path(self, start: int) -> Path:
        """Say where the shard that begins at a sample lies."""
        return self.folder / f"{start:09d}.arrow"

    def starts(self) -> range:
        """Give the first sample of each shard."""
        return range(0, len(self.reader), self.shard)

    def __call__(self, start: int) -> int:
        """Write the shard that begins at `start`, and give its number of samples."""
        from haco.data.arrow_rows import make_batch, write_batches

        stop = min(start + self.shard, len(self.reader))
        faults: list[Fault] = []
        columns: dict[str, list[object]] = collections.defaultdict(list)
        for index in range(start, stop):
            sample, key, why = read_sample(self.reader, index)
            if sample is not None and not has_truth(sample):
                why = "nothing is known of its contact; label the dataset first (haco data label)"
            if sample is None or why:
                if self.on_fault == "refuse":
                    raise InputError(f"sample {index} {key}: {why}")
                faults.append(Fault(index=index, key=key, why=why))
                continue
            kept = sample if self.window is None else cut_window(sample, self.window, self.size)
            for name, value in _row(kept, self.quality).items():
                columns[name].append(value)
        write_faults(self.path(start).with_suffix(".jsonl"), faults)
        batches = [make_batch(columns)] if columns else []
        with write_atomically(self.path(start)) as part:
            write_batches(part, batches, list(columns))
        return stop - start


def _write_missing(write: PackWriter, workers: int, progress: Progress | None) -> None:
    """Write the shards that are not there yet."""
    num = len(write.reader)
    missing = [start for start in write.starts() if not write.path(start).exists()]
    done = num - sum(min(write.shard, num - start) for start in missing)
    for number in write_shards(write, missing, workers):
        done += number
        if progress is not None:
            progress(done, num)


def _encode(image: np.ndarray, quality: int) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _row(sample: Sample, quality: int) -> dict[str, object]:
    return {
        "image": _encode(sample.image, quality),
        "key": sample.key,
        "interaction": sample.interaction,
        "side": SIDES.index(sample.side),
        "box": sample.box,
    } | {name: getattr(sample, name) for name in OPTIONAL}
