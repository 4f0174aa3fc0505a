"""What `haco evaluate` does and shows."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.evaluation_report import Say, write_evaluation_report
from haco.apps.score_tables import ScoreTable, score_tables
from haco.data.index import open_dataset
from haco.data.loading import collate
from haco.data.readers.common import Reader
from haco.data.transforms import to_crop
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS, ContactProtocol
from haco.hands.model import HandModel
from haco.hands.topologies import load_hand
from haco.learning.evaluate import Scores, mean_contact, network_answers, predict, score
from haco.learning.predictions import prediction_answers, read_predictions
from haco.learning.tally import Answer
from haco.models.find import load_network
from haco.models.weights import WeightsMeta
from haco.types import Sample, Split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """Whose answers are scored, and how."""

    answers: Callable[[Reader], Iterable[Answer]]
    say: Say
    """For one hand."""
    meta: WeightsMeta
    """Thresholds, protocol and topology."""

    @property
    def protocol(self) -> ContactProtocol:
        """Of the truth."""
        return PROTOCOLS[self.meta.protocol]


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
    report: Path | None,
    mano_dir: Path | None,
    workers: int,
) -> int:
    """Score weights, or a file of predictions, on a dataset; print tables, write a report."""
    reader = open_for_scores(data, root, split, num=num, seed=seed)
    console = Console(highlight=False, soft_wrap=True)
    who = model if predictions is None else str(predictions)
    title = f"{who} on {len(reader)} hands of {data} ({split})"
    console.print(f"{title}\n", markup=False)
    judged = _network(model, workers) if predictions is None else _file(predictions, vertex_map)
    if threshold is not None:
        judged = dataclasses.replace(
            judged, meta=dataclasses.replace(judged.meta, threshold=threshold)
        )
    # MANO's surface is the user's own; without it there are no parts and no ways along the skin.
    topology = judged.meta.topology
    known = topology == "open" or mano_dir is not None
    hand = load_hand(topology, mano_dir=mano_dir) if known else None
    scores = _score(judged, reader, hand)
    tables = score_tables(scores)
    for table in tables:
        console.print(_for_terminal(table), "")
    if report is not None:
        page = _report(report, judged, reader, hand, scores, title, tables)
        console.print(f"The whole evaluation as a page: {page}", markup=False)
    return 0


def open_for_scores(
    data: str, root: Path | None, split: Split, *, num: int | None, seed: int | None
) -> Reader:
    """Open the dataset that a command names.

    Raises:
        InputError: There is none, or num or seed are given for pictures that are not made.
    """
    if not data.startswith("synthetic") and (num is not None or seed is not None):
        raise InputError(f"{data}: num and seed are for made pictures (synthetic/...) only")
    given = {"num": num, "seed": seed}
    options: dict[str, Any] = {name: it for name, it in given.items() if it is not None}
    return open_dataset(data, root, split=split, **options)


def _network(model: str, workers: int) -> Judged:
    network, meta = load_network(model)
    protocol = PROTOCOLS[meta.protocol]

    def say(sample: Sample) -> Any:
        crop = to_crop(sample, protocol)
        vertices, touch = meta.probabilities(predict(network, collate([crop])))
        return vertices[0].numpy(), float(touch[0])

    def answers(reader: Reader) -> Iterable[Answer]:
        return network_answers(network, reader, meta=meta, protocol=protocol, workers=workers)

    return Judged(answers=answers, say=say, meta=meta)


def _file(path: Path, vertex_map: Path | None) -> Judged:
    predictions = read_predictions(path, vertex_map)
    meta = WeightsMeta(network="unnamed")
    return Judged(
        answers=lambda reader: prediction_answers(predictions, reader, PROTOCOLS[meta.protocol]),
        say=lambda sample: (predictions.of(sample), predictions.touch_of(sample)),
        meta=meta,
    )


def _score(judged: Judged, reader: Reader, hand: HandModel | None) -> Scores:
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("hands", total=len(reader))

        def counted() -> Iterable[Answer]:
            for answer in judged.answers(reader):
                yield answer
                bar.advance(task, len(answer.contact))

        return score(
            counted(),
            mean_map=mean_contact(reader, judged.protocol),
            threshold=judged.meta.threshold,
            touch_threshold=judged.meta.touch_threshold,
            hand=hand,
        )


def _report(
    out: Path,
    judged: Judged,
    reader: Reader,
    hand: HandModel | None,
    scores: Scores,
    title: str,
    tables: list[ScoreTable],
) -> Path:
    if hand is None:
        raise InputError("a report draws MANO's surface; say where its files are with --mano-dir")
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("report", total=None)
        return write_evaluation_report(
            out,
            scores,
            title=title,
            tables=tables,
            reader=reader,
            protocol=judged.protocol,
            say=judged.say,
            hand=hand,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _for_terminal(table: ScoreTable) -> Table:
    shown = Table(*table.heads, box=None, title=table.title, title_justify="left")
    for row in table.rows:
        shown.add_row(*row)
    return shown
