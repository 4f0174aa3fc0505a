"""Crops for training, on one core: from photographs, from a pack, and as one would write it first.

The photographs are 1280 x 960 with a hand of some 250 pixels in each; samples are read in random
order and cropped the way training does without augmentation.
"""

import csv
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.timing import compare
from haco.data.packing import pack
from haco.data.readers.common import Reader
from haco.data.readers.folder import FolderReader
from haco.data.store import PackedReader
from haco.data.transforms import to_crop
from haco.data.window import WINDOW
from haco.geometry.contact import PROTOCOLS

NUM = 40
SIZE = (1280, 960)


def main() -> float:
    """Time each way on the same samples; ours is the packed one, then the raw one."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        boxes = write_photographs(root)
        raw = FolderReader(root, "test")
        packed = PackedReader(pack(raw, root / "packed", {}, window=WINDOW, workers=1))
        order = np.random.default_rng(1).permutation(NUM).tolist()

        def plain() -> list[tuple[np.ndarray, np.ndarray]]:
            return [plain_sample(root, boxes[index], index) for index in order]

        def cropped(reader: Reader) -> list[object]:
            return [to_crop(reader[index], PROTOCOLS["harmonised"]) for index in order]

        size = sum(file.stat().st_size for file in (root / "packed").glob("*.arrow"))
        print(f"pack: {size / NUM / 1024:.0f} KiB a hand")
        ratio = compare(f"{NUM} crops from a pack", lambda: cropped(packed), plain, rounds=3)
        compare(f"{NUM} crops from the photographs", lambda: cropped(raw), plain, rounds=3)
        keys = [packed[index].key for index in range(NUM)]
        assert keys == [raw[index].key for index in range(NUM)]
    return ratio


def plain_sample(root: Path, box: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Open the photograph, cut the square, resize it, read the label's file."""
    image = np.asarray(Image.open(root / f"{index}.jpg").convert("RGB"))
    centre, half = (box[:2] + box[2:]) / 2, 0.75 * (box[2:] - box[:2]).max()
    low, high = (centre - half).astype(int), (centre + half).astype(int)
    crop = cv2.resize(image[max(low[1], 0) : high[1], max(low[0], 0) : high[0]], (256, 256))
    return crop, np.load(root / f"{index}.npz")["distance"] < 0.01


def write_photographs(root: Path) -> np.ndarray:
    """Write photographs, labels and the table; give the boxes."""
    rng = np.random.default_rng(0)
    corners = rng.uniform((50, 50), (SIZE[0] - 350, SIZE[1] - 350), (NUM, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(200, 300, (NUM, 2))], axis=1)
    rows = []
    for index in range(NUM):
        noise = rng.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
        photo = cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC)
        Image.fromarray(photo).save(root / f"{index}.jpg", quality=92)
        distance = rng.normal(scale=0.05, size=778).astype(np.float32)
        np.savez(root / f"{index}.npz", distance=distance)
        rows.append((f"{index}.jpg", *boxes[index], "right", f"{index}.npz"))
    with (root / "hands.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "x1", "y1", "x2", "y2", "side", "label"), *rows])
    return boxes
