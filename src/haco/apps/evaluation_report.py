"""One web page that shows a whole evaluation: tables, curves, the hand, the best and worst hands.

The page is one file and asks nothing of any network.
"""

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import jinja2
import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from haco.apps.score_tables import ScoreTable
from haco.data.labels import contact_of
from haco.data.readers.common import Reader
from haco.files import write_atomically
from haco.geometry.contact import ContactProtocol
from haco.hands.model import HandModel
from haco.hands.parts import part_maxima
from haco.learning.evaluate import Scores
from haco.learning.histograms import NUM_BINS, precision_recall_f1, reliability_curve
from haco.pictures.charts import unit_chart
from haco.pictures.comparison import Comparison, draw_row
from haco.pictures.hands import draw_hand
from haco.pictures.overlay import HandPanel
from haco.types import Sample

Say = Callable[[Sample], tuple[Float[np.ndarray, " vertices"], float]]
"""Gives one hand's probabilities, and the probability that it touches anything."""

Figure = dict[str, str]
"""A picture, as `data`, or a drawing, as `svg`, with its `caption`."""

PAGE = "report.html"
_ENOUGH = 20  # positives, and answers, that a vertex needs for a precision or recall worth drawing


def write_evaluation_report(
    out: Path,
    scores: Scores,
    *,
    title: str,
    tables: Sequence[ScoreTable],
    reader: Reader,
    protocol: ContactProtocol,
    say: Say,
    hand: HandModel,
    progress: Callable[[int, int], None],
) -> Path:
    """Write the page `out/report.html` and give its path.

    Args:
        out: Folder; made if missing.
        scores: What is reported.
        title: What was scored, on what.
        tables: The scores as tables.
        reader: Gives the best and worst hands once more.
        protocol: Of their truth.
        say: What the model says of one hand.
        hand: The right hand whose surface the scores speak of.
        progress: Called with the hands drawn and those in all.
    """
    best, worst = scores.tally.best.indices(), scores.tally.worst.indices()
    worst = [index for index in worst if index not in best]
    drawn = {}
    for done, index in enumerate([*best, *worst]):
        drawn[index] = _draw_sample(reader[index], protocol, say, hand, scores.contact.threshold)
        progress(done + 1, len(best) + len(worst))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("haco.apps"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("evaluation.html").render(
        title=title,
        subtitle=f"Contact begins at a probability of {scores.contact.threshold:.3g}. "
        f"The truth follows the contact protocol '{protocol.name}'.",
        tables=tables,
        charts=_charts(scores),
        surfaces=_surfaces(scores, hand),
        extremes=[
            _group("The best hands", best, drawn),
            _group("The worst hands", worst, drawn),
        ],
    )
    with write_atomically(out / PAGE) as part:
        part.write_text(page, "utf-8")
    return out / PAGE


def _group(title: str, indices: Sequence[int], drawn: dict[int, Figure]) -> dict[str, object]:
    note = (
        f"The {len(indices)} hands where what is said to touch and what touches overlap "
        f"{'most' if 'best' in title else 'least'} (intersection over union at the threshold; two "
        "empty ones count as 1). Left the truth, right the prediction."
    )
    return {"title": title, "note": note, "pictures": [drawn[index] for index in indices]}


def _draw_sample(
    sample: Sample, protocol: ContactProtocol, say: Say, hand: HandModel, threshold: float
) -> Figure:
    contact, _ = contact_of(sample, protocol)
    probability, touch = say(sample)
    panels = [
        HandPanel(
            box=sample.box,
            side=sample.side,
            probability=values,
            touch=told,
            parts=part_maxima(values, hand.parts),
            title=name,
        )
        for name, values, told in (
            ("truth", contact.astype(np.float32), float(contact.any())),
            ("prediction", probability, touch),
        )
    ]
    predicted = probability >= threshold
    union = (contact | predicted).sum()
    overlap = (contact & predicted).sum() / union if union else 1.0
    caption = f"{sample.key}, {sample.interaction}: overlap {overlap:.2f}"
    row = Comparison(image=sample.image, truth=panels[0], prediction=panels[1], caption=caption)
    picture = draw_row(row, hand)
    small = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
    return {"caption": caption, "data": _data(small, "JPEG")}


def _charts(scores: Scores) -> list[Figure]:
    histogram = scores.tally.whole.counts["vertices"].sum(0)
    precision, recall, _ = precision_recall_f1(histogram)
    known = histogram.flip(1).cumsum(1).flip(1).sum(0) > 0
    steps = torch.arange(0, NUM_BINS, 32)[known[::32]]
    curve = [(float(recall[i]), float(precision[i])) for i in steps]
    prevalence = scores.contact.prevalence
    return [
        {
            "svg": unit_chart(
                {"the model": curve, "a constant answer": [(0.0, prevalence), (1.0, prevalence)]},
                across="recall",
                upwards="precision",
            ),
            "caption": "Precision against recall over all vertices; better is up and right.",
        },
        {
            "svg": unit_chart(
                {"the model": reliability_curve(histogram)},
                across="probability said",
                upwards="share that touches",
                has_diagonal=True,
            ),
            "caption": "Reliability: on the diagonal a probability means what it says.",
        },
    ]


def _surfaces(scores: Scores, hand: HandModel) -> list[Figure]:
    counts = scores.tally.whole.counts["vertices"].double().numpy()
    first = int(np.ceil(scores.contact.threshold * NUM_BINS))
    negatives, positives = counts.sum(2).T
    false_alarms, hits = counts[:, :, first:].sum(2).T

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.where(whole >= _ENOUGH, part / np.maximum(whole, 1), 0)

    shown = {
        "How often each place touches.": positives / np.maximum(negatives + positives, 1),
        "Recall: of the times it touches, how often that is seen.": share(hits, positives),
        "Precision: of the times it is said to touch, how often it does.": share(
            hits, hits + false_alarms
        ),
    }
    rest = f" Places with fewer than {_ENOUGH} such hands are left grey."
    return [
        {
            "caption": caption + ("" if caption.startswith("How") else rest),
            "data": _data(_palm_and_back(hand, values), "PNG"),
        }
        for caption, values in shown.items()
    ]


def _palm_and_back(hand: HandModel, values: np.ndarray) -> Image.Image:
    views = [
        draw_hand(hand, values, side="right", view=view, height=300) for view in ("palm", "back")
    ]
    return Image.fromarray(np.concatenate(views, axis=1))


def _data(picture: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=82)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
