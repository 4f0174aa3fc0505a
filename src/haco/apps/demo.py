"""`haco demo`: made scenes with truth and prediction side by side, then the user's photos."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar, show_predictions
from haco.apps.predictor import ContactPredictor
from haco.data.labels import contact_of
from haco.files import write_atomically
from haco.geometry.contact import PROTOCOLS
from haco.hands.parts import part_maxima
from haco.learning.histograms import average_precision, probability_histogram
from haco.learning.metrics import per_sample_scores
from haco.pictures.comparison import Comparison, draw_comparison
from haco.pictures.overlay import HandPanel
from haco.synth.engine import make_sample
from haco.types import Sample

_SIZE = 384


def run_demo(
    photos: Sequence[str], out: Path, *, picture_set: str, num: int, seed: int, weights: str
) -> int:
    """Draw, predict and compare made scenes; predict photos; say where everything lies.

    Args:
        photos: The user's own pictures; may be empty.
        out: Folder for what is drawn.
        picture_set: Of the scenes, a name of the engine's.
        num: How many scenes.
        seed: Which scenes.
        weights: Name of bundled weights, or a file.

    Returns:
        Exit status: 1 when a photo failed.
    """
    console = Console(highlight=False, soft_wrap=True)
    predictor = ContactPredictor.load(weights)
    table = Table("scene", "hand", "truth touches", "AP", "F1", box=None)
    rows = []
    with progress_bar(Console(stderr=True)) as progress:
        for index in progress.track(range(num), description="scenes"):
            sample = make_sample(picture_set, seed, index, size=_SIZE)
            row, scores = _compare(predictor, sample)
            rows.append(row)
            table.add_row(str(index), *scores)
    target = out / "scenes.png"
    heading = "Made scenes, never seen in training: what is true, and what haco says"
    surface = predictor.hands["right"]
    picture = draw_comparison(rows, surface, threshold=predictor.meta.threshold, heading=heading)
    with write_atomically(target) as part:
        Image.fromarray(picture).save(part)
    console.print(table)
    console.print("AP: average precision, 1 is perfect. F1: at the threshold drawn in the legend.")
    console.print(f"Truth beside prediction: {target}", markup=False)
    if not photos:
        console.print('Your own photos: haco predict PHOTO --out DIR, or make demo PHOTOS="..."')
        return 0
    return show_predictions(predictor, photos, out)


def _compare(predictor: ContactPredictor, sample: Sample) -> tuple[Comparison, tuple[str, ...]]:
    contact, _ = contact_of(sample, PROTOCOLS[predictor.meta.protocol])
    hand = predictor(sample.image, box=sample.box, side=sample.side)
    ap, f1 = _scores(contact, hand.probability, hand.threshold)
    panels = [
        HandPanel(
            box=sample.box,
            side=sample.side,
            probability=values,
            touch=touch,
            parts=part_maxima(values, predictor.hands["right"].parts),
            title=title,
        )
        for title, values, touch in (
            ("truth", contact.astype(np.float32), float(contact.any())),
            ("prediction", hand.probability, hand.touch),
        )
    ]
    if contact.any():
        share = f"{contact.mean():.0%} of the skin"
        told = f"{share} touches; average precision {ap}, F1 {f1}"
    else:
        share, told = "nothing", f"touches nothing; predicted: {f1}"
    caption = f"{sample.interaction}: {told}"
    row = Comparison(image=sample.image, truth=panels[0], prediction=panels[1], caption=caption)
    return row, (f"{sample.side}, {sample.interaction}", share, ap, f1)


def _scores(contact: np.ndarray, probability: np.ndarray, threshold: float) -> tuple[str, str]:
    """Average precision and F1 in words; a hand that touches nothing has neither."""
    if not contact.any():
        alarms = int((probability >= threshold).sum())
        return "-", f"{alarms} false alarms"
    f1 = per_sample_scores(contact[None], probability[None], threshold)[0, 2]
    histogram = probability_histogram(torch.from_numpy(contact), torch.from_numpy(probability))
    return f"{average_precision(histogram):.2f}", f"{np.nan_to_num(f1):.2f}"
