"""Write packed datasets: several processes, and a killed run goes on where it stopped.

The samples are cut into shards. Each worker writes whole shards, atomically, so what lies on disk
is always right; the shards are joined at the end, one at a time, and the card is written last. So
memory does not grow with the number of samples.
"""

import collections
import dataclasses
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import haco
from haco.data.checks import has_truth, read_sample
from haco.data.readers.common import Reader
from haco.data.readers.synthetic import SyntheticReader
from haco.data.shards import (
    CARD,
    PLAN,
    Fault,
    Policy,
    Progress,
    is_finished,
    read_faults,
    write_faults,
    write_json,
    write_shards,
)
from haco.data.store import FAULTS, OPTIONAL, PICTURES
from haco.data.window import SIZE, cut_window
from haco.files import InputError, write_atomically
from haco.synth.engine import find_picture_set
from haco.synth.picture_sets import PictureSet
from haco.types import NUM_VERTICES, SIDES, Sample

SHARD = 200
"""Samples a shard: what a killed run loses at most, a worker."""
QUALITY = 92
"""Of the JPEGs."""
_UNKNOWN: dict[str, np.ndarray] = {
    "distance": np.full(NUM_VERTICES, np.nan, np.float16),
    "contact": np.zeros(NUM_VERTICES, bool),
    "valid": np.ones(NUM_VERTICES, bool),
    "keypoints": np.full((21, 2), np.nan, np.float32),
    "K": np.full((3, 3), np.nan, np.float32),
}
"""What stands where one sample lacks what others have; `has` says that it lacks it."""


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
    starts = range(0, len(reader), SHARD)
    missing = [start for start in starts if not write.path(start).exists()]
    done = len(reader) - sum(min(SHARD, len(reader) - start) for start in missing)
    for number in write_shards(write, missing, workers):
        done += number
        if progress is not None:
            progress(done, len(reader))
    _join(out, [write.path(start) for start in starts], plan)
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
        return self.folder / f"{start:09d}.npz"

    def __call__(self, start: int) -> int:
        """Write the shard that begins at `start`, and give its number of samples."""
        stop = min(start + self.shard, len(self.reader))
        pictures, faults = [], []
        columns: dict[str, list[Any]] = collections.defaultdict(list)
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
            pictures.append(_encode(kept.image, self.quality))
            for name, value in _row(kept).items():
                columns[name].append(value)
        write_faults(self.path(start).with_suffix(".jsonl"), faults)
        arrays = {name: np.stack(values) for name, values in columns.items()}
        arrays["sizes"] = np.array([len(picture) for picture in pictures], np.int64)
        arrays["pictures"] = np.concatenate([np.zeros(0, np.uint8), *pictures])
        with write_atomically(self.path(start)) as part:
            np.savez(part, **arrays)  # pyright: ignore[reportArgumentType]
        return stop - start


def _encode(image: np.ndarray, quality: int) -> np.ndarray:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.ravel()


def _row(sample: Sample) -> dict[str, np.ndarray]:
    given = {name: getattr(sample, name) for name in OPTIONAL}
    has = sum(1 << place for place, name in enumerate(OPTIONAL) if given[name] is not None)
    return {
        "key": np.array(sample.key.encode("ascii")),
        "interaction": np.array(sample.interaction.encode("ascii")),
        "box": sample.box,
        "side": np.array(SIDES.index(sample.side), np.uint8),
        "has": np.array(has, np.uint8),
    } | {
        name: unknown if given[name] is None else given[name].astype(unknown.dtype)
        for name, unknown in _UNKNOWN.items()
    }


def _join(out: Path, paths: Sequence[Path], plan: dict[str, object]) -> None:
    """Join the shards into the pack's files, write its card, and clear up."""
    faults = [fault for path in paths for fault in read_faults(path.with_suffix(".jsonl"))]
    write_faults(out / FAULTS, faults)
    fingerprint, kinds = hashlib.sha256(), collections.Counter()
    num = has = 0
    with write_atomically(out / PICTURES) as part, part.open("wb") as blob:
        for shard in _shards(paths):
            data = shard["pictures"].tobytes()
            blob.write(data)
            fingerprint.update(data)
            kinds.update(shard["interaction"].tolist())
            num, has = num + len(shard["key"]), has | int(np.bitwise_or.reduce(shard["has"]))
    if num == 0:
        why = f", for example: {faults[0].why}" if faults else ""
        raise InputError(f"{out}: no sample can be used{why}")
    for name in ("key", "interaction", "box", "side", "has", *OPTIONAL):
        if name not in OPTIONAL or has >> OPTIONAL.index(name) & 1:
            _join_column(out, name, paths, num, fingerprint)
    ends = np.cumsum(np.concatenate([shard["sizes"] for shard in _shards(paths)]))
    with write_atomically(out / "offsets.npy") as part:
        np.save(part, np.concatenate([[0], ends]))
    card = {
        "plan": plan,
        "packed": num,
        "left out": len(faults),
        "shares": {kind.decode(): count / num for kind, count in sorted(kinds.items())},
        "sha256": fingerprint.hexdigest(),
        "haco": haco.__version__,
    }
    write_json(out / CARD, card)
    shutil.rmtree(out / "shards")
    (out / PLAN).unlink()


def _shards(paths: Sequence[Path]) -> Iterator[Any]:
    """Open one shard after another, those without any sample left out."""
    for path in paths:
        with np.load(path) as shard:
            if len(shard["sizes"]):
                yield shard


def _join_column(
    out: Path, name: str, paths: Sequence[Path], num: int, fingerprint: "hashlib._Hash"
) -> None:
    """Write one array of the pack, a shard at a time."""
    firsts = [shard[name][:1] for shard in _shards(paths)]
    widest = np.result_type(*firsts)
    with write_atomically(out / f"{name}.npy") as part:
        joined = np.lib.format.open_memmap(part, "w+", widest, (num, *firsts[0].shape[1:]))
        start = 0
        for shard in _shards(paths):
            rows = shard[name].astype(widest)
            joined[start : start + len(rows)] = rows
            fingerprint.update(rows.tobytes())
            start += len(rows)
        joined.flush()
