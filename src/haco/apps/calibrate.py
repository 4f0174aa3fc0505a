"""`haco calibrate`: make the probabilities of weights honest on hands of one's own."""

import dataclasses
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.evaluation import open_for_scores
from haco.data.readers.common import Reader
from haco.files import InputError, write_atomically
from haco.learning.calibration import Bias, calibrate
from haco.learning.calibration_scores import (
    CalibrationScores,
    cross_score_calibration,
    score_calibration,
)
from haco.learning.evaluate import Answers, collect_answers
from haco.learning.histograms import reliability_curve
from haco.models.find import find_weights
from haco.models.weights import WeightsMeta, copy_weights, load_weights
from haco.pictures.charts import unit_chart
from haco.types import Split

_ROWS = {
    "log_loss": "log loss a vertex",
    "calibration_error": "calibration error",
    "touch_calibration_error": "calibration error of touch",
    "average_precision": "average precision",
    "precision": "precision at the threshold",
    "recall": "recall at the threshold",
    "f1": "F1 at the threshold",
}


def calibrate_command(
    weights: str,
    out: Path,
    *,
    data: str,
    root: Path | None,
    split: Split,
    num: int | None,
    seed: int | None,
    bias: Bias,
    precision: float | None,
    workers: int,
) -> int:
    """Fit temperature, bias and threshold of weights, say what that changes, and write them."""
    if precision is not None and not 0 < precision < 1:
        raise InputError(f"precision {precision} must lie between 0 and 1")
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: weights are .safetensors files; end the name with that")
    source = find_weights(weights)
    if source.suffix == ".onnx":
        raise InputError(f"{source}: calibrate the weights it came from, then export them again")
    network, meta = load_weights(source)
    reader = open_for_scores(data, root, split, num=num, seed=seed)
    answers = _answers(network, reader, meta.protocol, workers)
    purpose = "highest F1" if precision is None else f"precision {precision:g}"
    try:
        judged = cross_score_calibration(meta, answers, bias=bias, precision=precision)
        fitted = calibrate(meta, answers, bias=bias, precision=precision)
    except ValueError as error:
        raise InputError(f"{data} ({split}): {error}; give other hands or ask for less") from error
    before = score_calibration(meta, answers)
    where = f"{len(reader)} hands of {data} ({split}); threshold for {purpose}"
    # The scores that came with the weights were counted under another threshold.
    copy_weights(source, out, dataclasses.replace(fitted, calibrated_on=where, scores={}))
    chart = out.with_name(f"{out.stem}-reliability.svg")
    with write_atomically(chart) as part:
        part.write_text(_chart(before, judged), "utf-8")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{weights} on {where}\n", markup=False)
    console.print(_table(meta, before, fitted, judged), "")
    console.print(f"weights: {out}\nreliability, before and after: {chart}", markup=False)
    return 0


def _answers(network: Any, reader: Reader, protocol: str, workers: int) -> Answers:
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("hands", total=len(reader))
        return collect_answers(
            network,
            reader,
            protocol=protocol,
            workers=workers,
            progress=lambda done: bar.update(task, completed=done),
        )


def _table(
    meta: WeightsMeta, before: CalibrationScores, fitted: WeightsMeta, after: CalibrationScores
) -> Table:
    table = Table("", "before", "after", box=None, title_justify="left")
    for name in ("temperature", "bias", "threshold"):
        table.add_row(name, f"{getattr(meta, name):.3f}", f"{getattr(fitted, name):.3f}")
    if fitted.vertex_bias:
        low, high = min(fitted.vertex_bias), max(fitted.vertex_bias)
        table.add_row("bias of single vertices", "", f"{low:+.2f} to {high:+.2f}")
    for name, words in _ROWS.items():
        table.add_row(words, f"{getattr(before, name):.4f}", f"{getattr(after, name):.4f}")
    table.caption = "After: each half of the hands as calibrated by the other half."
    table.caption_justify = "left"
    return table


def _chart(before: CalibrationScores, after: CalibrationScores) -> str:
    curves = {"before": before.histogram, "after, on hands it was not fitted on": after.histogram}
    return unit_chart(
        {name: reliability_curve(histogram) for name, histogram in curves.items()},
        across="probability said",
        upwards="share that touches",
        has_diagonal=True,
    )
