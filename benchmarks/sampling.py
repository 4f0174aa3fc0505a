"""Balance scores from packed bits, against one small file a sample; and of all 655,000 samples."""

import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from benchmarks.timing import compare
from haco.data.sampling import balance_scores_packed, draw_balanced

NUM_SAMPLES, NUM_VERTICES = 100_000, 778
NUM_ALL = 655_000
"""Of the fourteen datasets together."""
NUM_PLAIN = 4_000
"""The plain way takes time in proportion to the samples; it is timed on these."""


def plain_scores(folder: Path, mean: np.ndarray) -> np.ndarray:
    """Score one file after another."""
    scores = []
    for path in sorted(folder.iterdir()):
        contact = np.load(path)
        if contact.any():
            scores.append(np.mean(np.abs(contact) * (1 - mean) - np.abs(contact) * mean))
        else:
            scores.append(np.nan)
    return np.array(scores)


def main() -> float:
    """Compare the two on some samples; print time and memory of all of them."""
    rng = np.random.default_rng(0)
    mean = rng.random(NUM_VERTICES) * 0.3
    with tempfile.TemporaryDirectory() as place:
        packed, folder = Path(place, "contact.npy"), Path(place, "files")
        write_labels(packed, folder, mean, rng)
        bits = np.load(packed, mmap_mode="r")
        few = bits[:NUM_PLAIN]
        np.testing.assert_allclose(
            balance_scores_packed(few, mean), plain_scores(folder, mean), rtol=0, atol=1e-12
        )
        ratio = compare(
            f"balance scores of {NUM_PLAIN} x {NUM_VERTICES}",
            lambda: balance_scores_packed(few, mean),
            lambda: plain_scores(folder, mean),
            rounds=3,
            times=10,
        )
        score_and_draw(bits, mean, rng)
        every = Path(place, "every.npy")
        np.save(every, np.tile(bits, (NUM_ALL // NUM_SAMPLES + 1, 1))[:NUM_ALL])
        score_and_draw(np.load(every, mmap_mode="r"), mean, rng)
    return ratio


def score_and_draw(bits: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> None:
    """Print seconds and memory of the scores of packed labels, and seconds of one draw."""
    tracemalloc.start()
    began = time.perf_counter()
    scores = balance_scores_packed(bits, mean)
    seconds = time.perf_counter() - began
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"balance scores of {len(bits)} x {NUM_VERTICES}: {seconds:.2f} s, {peak:.0f} MiB")
    began = time.perf_counter()
    drawn = draw_balanced(scores, rng)
    print(f"a balanced draw of {len(drawn)}: {time.perf_counter() - began:.3f} s")


def write_labels(packed: Path, folder: Path, mean: np.ndarray, rng: np.random.Generator) -> None:
    """Write all labels as one packed matrix, and the first few as a file each."""
    blocks = []
    for _ in range(NUM_SAMPLES // 10_000):
        contact = rng.random((10_000, NUM_VERTICES), dtype=np.float32) < mean
        contact &= rng.random((10_000, 1)) < 0.85
        blocks.append(contact)
    contact = np.concatenate(blocks)
    np.save(packed, np.packbits(contact, axis=1))
    folder.mkdir()
    for number, row in enumerate(contact[:NUM_PLAIN]):
        np.save(folder / f"{number:06d}.npy", row.astype(np.float64))
