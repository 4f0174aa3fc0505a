"""The table of a comparison of networks: mean and spread over seeds, in Markdown."""

import math
from collections.abc import Mapping, Sequence

from haco.learning.ablate import RunResult
from haco.learning.ablation_table import by_variant, mean_and_spread

COLUMNS: Mapping[str, str] = {
    "average precision": "average_precision",
    "F1 at the threshold that is best on validation": "macro_f1",
    "F1 at 0.5": "macro_at_half_f1",
    "micro F1": "micro_f1",
    "touch AUROC": "touch_auroc",
}
"""For each column the score it shows."""


def comparison_table(results: Sequence[RunResult]) -> str:
    """Lay out one row a network, best average precision first."""
    grouped = by_variant(results)
    order = sorted(
        grouped, key=lambda name: -mean_and_spread(grouped[name], "average_precision")[0]
    )
    has_spread = any(len(runs) > 1 for runs in grouped.values())
    heads = ["", "runs", *COLUMNS, "parameters, millions", "without the encoder's", "ms a hand"]
    lines = [
        "Mean ± standard deviation over runs, each of another seed." if has_spread else "One seed.",
        "",
        "| " + " | ".join(heads) + " |",
        "|---" * len(heads) + "|",
        *("| " + " | ".join([name, *_row(grouped[name])]) + " |" for name in order),
    ]
    return "\n".join(lines) + "\n"


def _row(runs: Sequence[RunResult]) -> list[str]:
    cells = [str(len(runs)), *(_cell(*mean_and_spread(runs, score)) for score in COLUMNS.values())]
    for name in ("parameters", "decoder_parameters"):
        cells.append(f"{runs[0].scores[name] / 1e6:.2f}")
    milliseconds = min(run.scores["milliseconds"] for run in runs)
    return [*cells, "-" if math.isnan(milliseconds) else f"{milliseconds:.1f}"]


def _cell(mean: float, spread: float) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"
