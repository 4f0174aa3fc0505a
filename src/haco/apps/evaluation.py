"""What `haco evaluate` does and shows."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from haco.data.index import open_dataset
from haco.data.readers.common import Reader
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.hands.topologies import load_hand
from haco.learning.evaluate import Scores, evaluate, mean_contact, score
from haco.learning.predictions import prediction_answers, read_predictions
from haco.learning.scores import ContactScores
from haco.models.find import load_network
from haco.types import Split

RULES = {
    "zero": "undefined counts as 0 (the paper's tables)",
    "skip": "undefined is left out of its own column",
    "touching": "hands that touch nothing are left out, a missed hand counts as 0",
}
"""What a mean over hands does where precision, recall or F1 is 0 / 0."""


def evaluate_command(
    model: str,
    data: str,
    root: Path | None,
    split: Split,
    *,
    num: int | None,
    seed: int | None,
    predictions: Path | None,
    vertex_map: Path | None,
    threshold: float | None,
    mano_dir: Path | None,
    workers: int,
) -> int:
    """Score weights, or a file of predictions, on a dataset and print the tables."""
    reader = _open(data, root, split, num=num, seed=seed)
    console = Console(highlight=False, soft_wrap=True)
    who = model if predictions is None else str(predictions)
    console.print(f"{who} on {len(reader)} hands of {data} ({split})\n", markup=False)
    if predictions is None:
        scores = _score_weights(
            model, reader, threshold=threshold, mano_dir=mano_dir, workers=workers
        )
    else:
        cut = 0.5 if threshold is None else threshold
        scores = _score_file(predictions, vertex_map, reader, cut)
    for table in tables(scores):
        console.print(table, "")
    return 0


def tables(scores: Scores) -> list[Table]:
    """Lay scores out for a terminal."""
    kinds = [_by_hands("kind of interaction", scores.kinds)]
    sources = [_by_hands("dataset", scores.sources)] if len(scores.sources) > 1 else []
    return [_main(scores), _rules(scores), *kinds, *sources, _by_group(scores)]


def _open(
    data: str, root: Path | None, split: Split, *, num: int | None, seed: int | None
) -> Reader:
    if not data.startswith("synthetic") and (num is not None or seed is not None):
        raise InputError(f"{data}: num and seed are for made pictures (synthetic/...) only")
    given = {"num": num, "seed": seed}
    options: dict[str, Any] = {name: it for name, it in given.items() if it is not None}
    return open_dataset(data, root, split=split, **options)


def _score_weights(
    model: str, reader: Reader, *, threshold: float | None, mano_dir: Path | None, workers: int
) -> Scores:
    network, meta = load_network(model)
    if threshold is not None:
        meta = dataclasses.replace(meta, threshold=threshold)
    # MANO's surface is the user's own; without it there are no parts and no ways along the skin.
    known = meta.topology == "open" or mano_dir is not None
    hand = load_hand(meta.topology, mano_dir=mano_dir) if known else None
    return evaluate(network, reader, meta=meta, protocol=meta.protocol, hand=hand, workers=workers)


def _score_file(path: Path, vertex_map: Path | None, reader: Reader, threshold: float) -> Scores:
    rule = PROTOCOLS["harmonised"]
    answers = prediction_answers(read_predictions(path, vertex_map), reader, rule)
    return score(answers, mean_map=mean_contact(reader, rule), threshold=threshold)


def _main(scores: Scores) -> Table:
    chosen, half, mean_map, ranges = scores.contact, scores.half, scores.mean_map, scores.intervals
    table = Table("score", "", "95 % interval", "mean map", box=None, title="All hands")

    def add(name: str, value: float, key: str = "", base: float | None = None) -> None:
        interval = " - ".join(_shown(end) for end in ranges[key]) if key else ""
        table.add_row(name, _shown(value), interval, "" if base is None else _shown(base))

    for name in ("average_precision", "best_micro_f1"):
        add(
            name.replace("_", " ").replace("f1", "F1"),
            getattr(chosen, name),
            name,
            getattr(mean_map, name),
        )
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
    return table


def _rules(scores: Scores) -> Table:
    table = Table("mean over hands", "P", "R", "F1", "P .5", "R .5", "F1 .5", box=None)
    table.title = "Each hand by itself (macro): three rules for 0 / 0"
    for rule, words in RULES.items():
        found = (*scores.contact.macro[rule], *scores.half.macro[rule])
        table.add_row(words, *(_shown(value) for value in found))
    return table


def _by_hands(what: str, named: Mapping[str, ContactScores]) -> Table:
    table = Table(what, "hands", "touching", "AP", "micro F1", "macro F1", "false alarms", box=None)
    for name, each in named.items():
        values = (each.average_precision, each.micro[2], each.macro["touching"][2])
        shown = [_shown(value) for value in (*values, each.false_alarm_vertices)]
        table.add_row(name, str(each.num_hands), str(each.num_touching), *shown)
    return table


def _by_group(scores: Scores) -> Table:
    table = Table("vertices", "touch", "AP", "precision", "recall", "AP mean map", box=None)
    for name, each in scores.contact.groups.items():
        base = scores.mean_map.groups[name].average_precision
        values = (each.prevalence, each.average_precision, each.precision, each.recall, base)
        table.add_row(name, *(_shown(value) for value in values))
    return table


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
