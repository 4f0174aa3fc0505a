"""An evaluation's scores as tables, for a terminal and for a page."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from haco.learning.evaluate import Scores
from haco.learning.scores import ContactScores

RULES = {
    "zero": "undefined counts as 0 (the paper's tables)",
    "skip": "undefined is left out of its own column",
    "touching": "hands that touch nothing are left out, a missed hand counts as 0",
}
"""What a mean over hands does where precision, recall or F1 is 0 / 0."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """A table of words and numbers."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def score_tables(scores: Scores) -> list[ScoreTable]:
    """Lay scores out: all hands, each hand by itself, by kind, by dataset, by group of vertices."""
    by_source = _by_hands("By dataset", "dataset", scores.sources)
    return [
        _all_hands(scores),
        _rules(scores),
        _by_hands("By kind of interaction", "kind", scores.kinds),
        *([by_source] if len(scores.sources) > 1 else []),
        _by_group(scores),
    ]


def _all_hands(scores: Scores) -> ScoreTable:
    chosen, half, mean_map, ranges = scores.contact, scores.half, scores.mean_map, scores.intervals
    rows = []

    def add(name: str, value: float, key: str = "", base: float | None = None) -> None:
        interval = " - ".join(_shown(end) for end in ranges[key]) if key else ""
        rows.append((name, _shown(value), interval, "" if base is None else _shown(base)))

    for key in ("average_precision", "best_micro_f1"):
        words = key.replace("_", " ").replace("f1", "F1")
        add(words, getattr(chosen, key), key, getattr(mean_map, key))
    add("best macro F1", chosen.best_f1, base=mean_map.best_f1)
    for name, each in ((f"{chosen.threshold:.3g}", chosen), ("0.5", half)):
        add(f"micro precision at {name}", each.micro[0])
        add(f"micro recall at {name}", each.micro[1])
        add(f"micro F1 at {name}", each.micro[2], "micro_f1" if each is chosen else "")
    add("IoU", chosen.iou)
    if scores.geodesic is not None:
        add("mm from a vertex said to touch to one that does", scores.geodesic.predicted_to_true)
        add("mm from a vertex that touches to one said to", scores.geodesic.true_to_predicted)
    add("calibration error", chosen.calibration_error)
    add("touch AUROC", chosen.touch_auroc, "touch_auroc")
    add("empty hands with a vertex said to touch", chosen.false_alarm_hands)
    add("empty hands' vertices said to touch", chosen.false_alarm_vertices)
    return ScoreTable(
        title="All hands", heads=("score", "", "95 % interval", "mean map"), rows=rows
    )


def _rules(scores: Scores) -> ScoreTable:
    rows = []
    for rule, words in RULES.items():
        found = (*scores.contact.macro[rule], *scores.half.macro[rule])
        rows.append((words, *(_shown(value) for value in found)))
    return ScoreTable(
        title="Each hand by itself (macro)",
        heads=("mean over hands", "P", "R", "F1", "P at .5", "R at .5", "F1 at .5"),
        rows=rows,
        note="Three rules for 0 / 0, which published work treats differently.",
    )


def _by_hands(title: str, what: str, named: Mapping[str, ContactScores]) -> ScoreTable:
    rows = []
    for name, each in named.items():
        values = (each.average_precision, each.micro[2], each.macro["touching"][2])
        shown = [_shown(value) for value in (*values, each.false_alarm_vertices)]
        rows.append((name, str(each.num_hands), str(each.num_touching), *shown))
    heads = (what, "hands", "touching", "AP", "micro F1", "macro F1", "false alarms")
    return ScoreTable(title=title, heads=heads, rows=rows)


def _by_group(scores: Scores) -> ScoreTable:
    rows = []
    for name, each in scores.contact.groups.items():
        base = scores.mean_map.groups[name].average_precision
        values = (each.prevalence, each.average_precision, each.precision, each.recall, base)
        rows.append((name, *(_shown(value) for value in values)))
    heads = ("vertices", "touch", "AP", "precision", "recall", "AP mean map")
    return ScoreTable(
        title="By group of vertices",
        heads=heads,
        rows=rows,
        note="First by how often they touch in the data, then by part of the hand.",
    )


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
