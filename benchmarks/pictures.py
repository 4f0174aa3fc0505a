"""Making pictures: samples a second on one core, the shares of their steps, and a plain renderer.

The plain one fills a depth buffer by loops over triangles in numpy, without light, shadows,
materials or flaws: less than the engine draws. Times are the processor's, not the clock's.
"""

import resource
import time
from collections.abc import Iterable

from benchmarks.raster import plain_depth
from haco.synth.engine import Drawn, draw_all, make_sample, photograph
from haco.synth.looks.scenes import join_meshes, to_pixels
from haco.synth.looks.shading import render

GOALS = {256: 8, 128: 18}
"""Samples a second on one free core, by pixels along each side."""
NUM, NUM_PLAIN, NUM_LONG, SEED = 40, 3, 300, 77


def main() -> None:
    """Time the picture sets `full` and `complete` at both sizes; then watch the memory."""
    for picture_set in ("full", "complete"):
        drawn = [draw_all(picture_set, SEED, index) for index in range(NUM)]  # compiles, too
        start = time.process_time()
        for index in range(NUM):
            draw_all(picture_set, SEED, index)
        drawing = (time.process_time() - start) / NUM
        for size, goal in GOALS.items():
            rendering, whole = _timed(drawn, size)
            whole += drawing
            print(
                f"{picture_set} at {size:>3}: {1 / whole:5.1f} a second a core (goal {goal})"
                f"   pose and scene {drawing / whole:4.0%}   render {rendering / whole:4.0%}"
                f"   label {max(0.0, 1 - (drawing + rendering) / whole):4.0%}",
                flush=True,
            )
        _beside_plain(picture_set, drawn[:NUM_PLAIN])
    before = _peak()
    for index in range(NUM_LONG):
        make_sample("complete", SEED, NUM + index, size=64)
    print(f"peak memory {before} MiB, and {_peak()} MiB after {NUM_LONG} more samples", flush=True)


def _timed(drawn: Iterable[Drawn], size: int) -> tuple[float, float]:
    """Give the seconds to render one sample, and to render and label it."""
    rendering, both, count = 0.0, 0.0, 0
    for one in drawn:
        render(one.scene, size)  # what it needs is in the cache, alike for both
        start = time.process_time()
        render(one.scene, size)
        middle = time.process_time()
        photograph(one, size, 1)
        rendering, both = rendering + middle - start, both + time.process_time() - middle
        count += 1
    return rendering / count, both / count


def _beside_plain(picture_set: str, drawn: list[Drawn]) -> None:
    ours = _timed(drawn, 256)[0]
    start = time.process_time()
    for one in drawn:
        vertices, faces = join_meshes(one.scene.parts)
        points = to_pixels(vertices, one.scene.view.intrinsics(256))
        plain_depth(points, faces[(points[faces, 2] > 0).all(axis=1)])
    plain = (time.process_time() - start) / len(drawn)
    print(
        f"{picture_set} at 256: a plain depth buffer alone {1e3 * plain:5.0f} ms, our whole "
        f"picture {1e3 * ours:5.0f} ms   {plain / ours:5.1f} x",
        flush=True,
    )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
