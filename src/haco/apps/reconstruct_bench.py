"""`haco reconstruct bench`: does contact help to say where an object is?"""

from pathlib import Path

import numpy as np
from rich.console import Console

from haco.apps.bench_tables import Cases, summarise, terminal_table, write_tables
from haco.apps.console import progress_bar
from haco.apps.grasp import THRESHOLD
from haco.apps.predictor import ContactPredictor
from haco.downstream.reconstruct_bench import bench_one, reconstruction_cases

HEADS = {
    "mpvpe": "MPVPE, mm",
    "chamfer": "Chamfer, mm",
    "f_5mm": "F at 5 millimetres",
    "f_10mm": "F at 10 millimetres",
    "confidence": "confidence",
}
FIRST_SEED = 6000
"""Of the pictures; the bundled weights saw none of them."""


def bench_command(
    *, weights: str, picture_set: str, num: int, seeds: int, steps: int, starts: int, out: Path
) -> int:
    """Place objects without contact, with contact seen, with true contact; print one table."""
    predictor = ContactPredictor.load(weights)
    by_seed: list[Cases] = []
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("objects", total=num * seeds)
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            scores = []
            for case in reconstruction_cases(picture_set, seed, num, threshold=THRESHOLD):
                seen = predictor(case.image, case.box, "right").contact
                scores.append(bench_one(case, np.asarray(seen), steps=steps, starts=starts))
                bar.advance(task)
            by_seed.append(scores)
    summary = summarise(by_seed, HEADS)
    command = (
        f"haco reconstruct bench --set {picture_set} --num {num} --seeds {seeds} "
        f"--steps {steps} --starts {starts} --weights {weights}"
    )
    write_tables(out, "objects", summary, HEADS, by_seed, command)
    console = Console(highlight=False, soft_wrap=True)
    console.print(terminal_table(summary, HEADS))
    console.print(f"\n{out / 'objects.md'}\n{out / 'objects.json'}", markup=False)
    return 0
