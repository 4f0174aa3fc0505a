"""Packs of many samples: does memory stay, and is a sample at random as fast as it can be?

Packs few samples and ten times as many, each in a process of its own, and prints the most memory
that each held. Then reads samples at random, beside the plainest store there is: one file of
pictures and one NumPy array a label, all mapped into memory. `python -m benchmarks.packing 655000`
packs and reads so many (some 8 GB in the folder for temporary files).
"""

import dataclasses
import functools
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import compare
from haco.data.packing import pack
from haco.data.store import PackedReader
from haco.geometry.contact import PROTOCOLS
from haco.types import Sample

FEW, MANY, DRAWN = 2_000, 20_000, 2_000


@dataclasses.dataclass(frozen=True)
class NoiseReader:
    """Hands in noise, of 128 x 128 pixels; twenty pictures take turns."""

    num: int

    def __len__(self) -> int:
        return self.num

    def __getitem__(self, index: int) -> Sample:
        image, distance, keypoints = _parts(index % 20)
        return Sample(
            key=f"noise/{index}",
            image=image,
            box=np.array([30, 30, 100, 100], np.float32),
            side="left" if index % 2 else "right",
            distance=distance,
            valid=distance < 0.12,
            keypoints=keypoints,
        )


@functools.cache
def _parts(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number)
    image = cv2.resize(rng.integers(0, 255, (16, 16, 3), np.uint8), (128, 128))
    distance = rng.normal(scale=0.05, size=778).astype(np.float32)
    return image, distance, rng.uniform(0, 128, (21, 2)).astype(np.float32)


def main() -> float:
    """Compare memory and speed; ours is the pack."""
    with tempfile.TemporaryDirectory() as place:
        for num in (FEW, MANY):
            out = str(Path(place) / str(num))
            subprocess.run([sys.executable, "-m", "benchmarks.packing", str(num), out], check=True)
        packed = PackedReader(Path(place) / str(MANY))
        order = np.random.default_rng(0).permutation(MANY)[:DRAWN].tolist()
        plain = _plain_store(packed, Path(place))
        return compare(
            f"{DRAWN} of {MANY} samples at random",
            lambda: [packed[index] for index in order],
            lambda: [plain(index) for index in order],
            rounds=3,
        )


def _plain_store(packed: PackedReader, place: Path):
    """Write the same samples as a blob and arrays; give the function that reads one."""
    pictures = [rows.picture(row).tobytes() for rows in packed._batches for row in range(len(rows))]
    (place / "pictures.bin").write_bytes(b"".join(pictures))
    np.save(place / "ends.npy", np.cumsum([0, *map(len, pictures)]))
    for name in ("distance", "valid", "keypoints", "box"):
        np.save(place / f"{name}.npy", np.concatenate([r.arrays(name) for r in packed._batches]))
    np.save(place / "key.npy", [key for rows in packed._batches for key in rows.texts("key")])
    blob = np.memmap(place / "pictures.bin", np.uint8, "r")
    names = ("ends", "distance", "valid", "keypoints", "box", "key")
    maps = {name: np.load(place / f"{name}.npy", mmap_mode="r") for name in names}

    def read(index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        data = blob[maps["ends"][index] : maps["ends"][index + 1]]
        picture = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        return picture, {name: np.array(maps[name][index]) for name in names[1:]}

    return read


def pack_and_tell(num: int, out: Path) -> None:
    """Pack so many samples in this process, read some, and print time and memory."""
    cv2.setNumThreads(1)
    began, before = time.perf_counter(), _mebibytes()
    folder = pack(NoiseReader(num), out, {"noise": num}, workers=1)
    packed = time.perf_counter() - began
    most = _mebibytes()
    size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
    began = time.perf_counter()
    reader = PackedReader(folder)
    opened = time.perf_counter() - began
    touching = sum(
        int(truth.contact.any(axis=1).sum()) for *_, truth in reader.truths(PROTOCOLS["harmonised"])
    )
    print(
        f"{num} samples, {size:.0f} MiB: packed in {packed:.0f} s; memory grew by "
        f"{most - before:.0f} MiB; opened in {1e3 * opened:.0f} ms; {touching} touch",
        flush=True,
    )


def _mebibytes() -> float:
    """Say the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as somewhere:
        pack_and_tell(int(sys.argv[1]), Path(*sys.argv[2:] or [somewhere, "pack"]))
