"""Write packed datasets: several processes, and a killed run goes on where it stopped.

The samples are cut into shards. Each worker writes whole shards, atomically, so what lies on disk
is always right; the shards are joined at the end, and the card is written last.
"""

import concurrent.futures
import hashlib
import json
import logging
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

import haco
from haco.data.readers.common import Reader
from haco.data.readers.synthetic import SyntheticReader
from haco.data.store import CARD, OPTIONAL, PICTURES
from haco.files import InputError, write_atomically
from haco.types import SIDES, Sample

logger = logging.getLogger(__name__)

SHARD = 200
"""Samples a shard: what a killed run loses at most, a worker."""
Progress = Callable[[int, int], None]


def pack_synthetic(
    out: Path,
    picture_set: str,
    seed: int,
    num: int,
    size: int = 192,
    *,
    workers: int = 2,
    quality: int = 92,
    progress: Progress | None = None,
) -> Path:
    """Draw samples `0 .. num - 1` of a picture set under one engine seed, and pack them.

    Args:
        out: Folder of the pack.
        picture_set: A name of `haco.synth.engine.PICTURE_SETS`.
        seed: Of the engine, as in `make_sample`.
        num: How many samples.
        size: Pixels of a picture along each side.
        workers: Processes.
        quality: Of the JPEGs.
        progress: Called with samples done and samples in all.
    """
    reader = SyntheticReader(picture_set=picture_set, seed=seed, num=num, size=size)
    source = {"picture_set": picture_set, "seed": seed, "size": size}
    return pack(reader, out, source, workers=workers, quality=quality, progress=progress)


def pack(
    reader: Reader,
    out: Path,
    source: dict[str, object],
    *,
    workers: int = 2,
    quality: int = 92,
    progress: Progress | None = None,
) -> Path:
    """Pack all samples of a reader, or go on with a pack that was begun.

    Args:
        reader: What to pack; it is pickled to the workers.
        out: Folder of the pack; a finished one is left alone if it is the same.
        source: What the card says of where the samples come from. A pack that was begun from
            another source is refused.
        workers: Processes; 1 packs in this one.
        quality: Of the JPEGs.
        progress: Called with samples done and samples in all.

    Returns:
        The folder.

    Raises:
        InputError: The folder holds, or has begun, a pack of something else.
    """
    plan = {"source": source, "num": len(reader), "quality": quality, "shard": SHARD}
    if _finished(out, plan):
        return out
    shards = out / "shards"
    starts = range(0, len(reader), SHARD)
    missing = [start for start in starts if not _shard_path(shards, start).exists()]
    done = len(reader) - sum(min(SHARD, len(reader) - start) for start in missing)
    for start in _write_shards(reader, shards, missing, quality, workers):
        done += min(SHARD, len(reader) - start)
        logger.info("%s: %d of %d samples", out.name, done, len(reader))
        if progress is not None:
            progress(done, len(reader))
    _join(out, [_shard_path(shards, start) for start in starts], plan)
    return out


def _finished(out: Path, plan: dict[str, object]) -> bool:
    """Say whether the very same pack is done; write down the plan where nothing was begun."""
    card, begun = out / CARD, out / "plan.json"
    if card.exists():
        if json.loads(card.read_text())["plan"] != plan:
            raise InputError(f"{out}: holds another packed dataset; choose another folder")
        return True
    if not begun.exists():
        with write_atomically(begun) as part:
            part.write_text(json.dumps(plan))
    if json.loads(begun.read_text()) != plan:
        raise InputError(f"{out}: another pack was begun here; delete it or choose another folder")
    return False


def _write_shards(
    reader: Reader, shards: Path, starts: list[int], quality: int, workers: int
) -> Iterator[int]:
    """Write the shards and give the start of each as it is done."""
    if workers == 1:
        for start in starts:
            yield _write_shard(reader, shards, start, SHARD, quality)
        return
    # Spawned, not forked: a fork would copy the threads of torch and numba in whatever state.
    with concurrent.futures.ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_one_thread
    ) as pool:
        jobs = [(reader, shards, start, SHARD, quality) for start in starts]
        futures = [pool.submit(_write_shard, *job) for job in jobs]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()


def _one_thread() -> None:
    """Keep a worker to one core."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _write_shard(reader: Reader, shards: Path, start: int, num: int, quality: int) -> int:
    samples = (reader[index] for index in range(start, min(start + num, len(reader))))
    pictures, columns = [], {}
    for sample in samples:
        pictures.append(_encode(sample.image, quality))
        for name, value in _row(sample).items():
            columns.setdefault(name, []).append(value)
    arrays = {name: np.stack(values) for name, values in columns.items()}
    if any(len(array) != len(pictures) for array in arrays.values()):
        raise InputError(f"samples {start}...: some have labels that others lack; pack them apart")
    arrays["sizes"] = np.array([len(picture) for picture in pictures], np.int64)
    arrays["pictures"] = np.concatenate(pictures)
    with write_atomically(_shard_path(shards, start)) as part:
        np.savez(part, **arrays)
    return start


def _encode(image: np.ndarray, quality: int) -> np.ndarray:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data


def _row(sample: Sample) -> dict[str, np.ndarray]:
    row = {
        "key": np.array(sample.key.encode("ascii")),
        "interaction": np.array(sample.interaction.encode("ascii")),
        "box": sample.box,
        "side": np.array(SIDES.index(sample.side), np.uint8),
    }
    for name in OPTIONAL:
        value = getattr(sample, name)
        if value is not None:
            row[name] = value.astype(np.float16) if name == "distance" else value
    return row


def _shard_path(shards: Path, start: int) -> Path:
    return shards / f"{start:09d}.npz"


def _join(out: Path, paths: list[Path], plan: dict[str, object]) -> None:
    """Join the shards into the pack's files, write its card, and clear up."""
    fingerprint, sizes, columns = hashlib.sha256(), [], {}
    with write_atomically(out / PICTURES) as part, part.open("wb") as blob:
        for path in paths:
            with np.load(path) as shard:
                data = shard["pictures"].tobytes()
                blob.write(data)
                fingerprint.update(data)
                sizes.append(shard["sizes"])
                for name in shard.files:
                    if name not in ("pictures", "sizes"):
                        columns.setdefault(name, []).append(shard[name])
    columns["offsets"] = [np.concatenate([[0], np.cumsum(np.concatenate(sizes))])]
    for name, values in columns.items():
        array = np.concatenate(values)
        fingerprint.update(array.tobytes())
        with write_atomically(out / f"{name}.npy") as part:
            np.save(part, array)
    kinds, counts = np.unique(np.concatenate(columns["interaction"]), return_counts=True)
    card = {
        "plan": plan,
        "shares": {
            kind.decode(): int(count) / int(counts.sum())
            for kind, count in zip(kinds, counts, strict=True)
        },
        "sha256": fingerprint.hexdigest(),
        "haco": haco.__version__,
    }
    with write_atomically(out / CARD) as part:
        part.write_text(json.dumps(card, indent=2) + "\n")
    shutil.rmtree(out / "shards")
    (out / "plan.json").unlink()
