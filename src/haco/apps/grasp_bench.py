"""`haco grasp bench`: does contact seen in a picture make grasps better?"""

from pathlib import Path

import numpy as np
from rich.console import Console

from haco.apps.bench_tables import Cases, summarise, terminal_table, write_tables
from haco.apps.console import progress_bar
from haco.apps.grasp import THRESHOLD
from haco.apps.predictor import ContactPredictor
from haco.downstream.grasp_bench import bench_cases, bench_one
from haco.hands.topologies import load_hand

HEADS = {
    "precision": "contact P",
    "recall": "contact R",
    "f1": "contact F1",
    "mpjpe": "MPJPE, mm",
    "mpvpe": "MPVPE, mm",
    "intersection": "volume in both, cm3",
    "penetration": "deepest, mm",
    "stability": "held",
}
FIRST_SEED = 5000
"""Of the pictures; the bundled weights saw none of them."""


def bench_command(
    *, weights: str, picture_set: str, num: int, seeds: int, steps: int, out: Path
) -> int:
    """Refine rough grasps by contact from several sources; print and write one table."""
    predictor = ContactPredictor.load(weights)
    hand = load_hand("open")

    def sees(image: np.ndarray, box: np.ndarray) -> np.ndarray:
        return predictor(image, box, "right").contact

    by_seed: list[Cases] = []
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("grasps", total=num * seeds)
        for seed in range(seeds):
            rng, scores = np.random.default_rng([FIRST_SEED, seed]), []
            for case in bench_cases(picture_set, FIRST_SEED + seed, num):
                scores.append(bench_one(hand, case, sees, rng, threshold=THRESHOLD, steps=steps))
                bar.advance(task)
            by_seed.append(scores)
    summary = summarise(by_seed, HEADS)
    command = (
        f"haco grasp bench --set {picture_set} --num {num} --seeds {seeds} --steps {steps} "
        f"--weights {weights}"
    )
    write_tables(out, "grasps", summary, HEADS, by_seed, command)
    console = Console(highlight=False, soft_wrap=True)
    console.print(terminal_table(summary, HEADS))
    console.print(f"\n{out / 'grasps.md'}\n{out / 'grasps.json'}", markup=False)
    return 0
