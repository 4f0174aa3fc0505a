"""Scores of a network on a dataset, beside those of an answer that never looks at the picture.

scores = haco.evaluate(run.model, haco.open_dataset("packed/full", root, split="test"))
print(scores)
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from haco.data.labels import truth_of
from haco.data.loading import CropDataset, all_batches
from haco.data.readers.common import Reader
from haco.data.statistics import count_contact
from haco.data.transforms import CROP_SIZE
from haco.geometry.contact import PROTOCOLS, ContactProtocol
from haco.geometry.mesh import geodesic_distances
from haco.hands.model import HandModel
from haco.learning.bootstrap import Intervals
from haco.learning.geodesic import GeodesicScores
from haco.learning.metrics import ContactMetrics, frequency_groups
from haco.learning.scores import ContactScores
from haco.learning.tally import Answer, Tally
from haco.models.contact_net import ContactNet, seen_by
from haco.models.onnx_net import OnnxNet
from haco.models.weights import WeightsMeta
from haco.types import ContactLogits, Crop


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scores:
    """What a network scored on one dataset."""

    contact: ContactScores
    """At the threshold that its weights were given on validation, with groups of vertices."""
    half: ContactScores
    """At threshold 0.5, as in the paper's tables."""
    mean_map: ContactScores
    """Of the training set's mean contact, given as the answer for every hand."""
    kinds: Mapping[str, ContactScores]
    """At the threshold, for each kind of interaction by itself."""
    sources: Mapping[str, ContactScores]
    """At the threshold, for each dataset by itself."""
    intervals: Intervals
    """Ranges of the main scores that 95 of 100 other draws of as many hands would lie in."""
    geodesic: GeodesicScores | None
    """At the threshold; None if no hand's surface was given."""
    tally: Tally = dataclasses.field(repr=False)
    """What the scores were computed from, for curves and pictures."""

    def as_dict(self) -> dict[str, float]:
        """Give the main scores by name, for logs and weight files."""
        chosen, half, mean_map = self.contact, self.half, self.mean_map
        return {
            "num_samples": float(chosen.num_hands),
            "num_touching": float(chosen.num_touching),
            "threshold": chosen.threshold,
            **_named("macro", chosen.macro["zero"]),
            **_named("macro_touching", chosen.macro["touching"]),
            **_named("micro", chosen.micro),
            **_named("macro_at_half", half.macro["zero"]),
            **_named("micro_at_half", half.micro),
            "average_precision": chosen.average_precision,
            "best_macro_f1": chosen.best_f1,
            "best_micro_f1": chosen.best_micro_f1,
            "touch_auroc": chosen.touch_auroc,
            "false_alarm_hands": chosen.false_alarm_hands,
            "false_alarm_vertices": chosen.false_alarm_vertices,
            "calibration_error": chosen.calibration_error,
            "mean_map_average_precision": mean_map.average_precision,
            "mean_map_best_macro_f1": mean_map.best_f1,
            "mean_map_best_micro_f1": mean_map.best_micro_f1,
            **self._geodesic(),
        }

    def _geodesic(self) -> dict[str, float]:
        if self.geodesic is None:
            return {}
        return {
            "geodesic_predicted_to_true_mm": self.geodesic.predicted_to_true,
            "geodesic_true_to_predicted_mm": self.geodesic.true_to_predicted,
        }

    def __str__(self) -> str:
        """Lay out the network's scores and, below, the mean map's."""
        precision, recall, f1 = self.half.macro["zero"]
        mean_map = self.mean_map
        lines = {
            "macro P / R / F1 at 0.5": f"{precision:.3f} {recall:.3f} {f1:.3f}",
            "mean map: average precision": f"{mean_map.average_precision:.3f}",
            "mean map: best macro, micro F1": (
                f"{mean_map.best_f1:.3f} {mean_map.best_micro_f1:.3f}"
            ),
            "best micro F1": f"{self.contact.best_micro_f1:.3f}",
        }
        return "\n".join([str(self.contact), *(f"{name:<32} {it}" for name, it in lines.items())])


def evaluate(
    model: ContactNet | OnnxNet,
    reader: Reader,
    *,
    meta: WeightsMeta | None = None,
    protocol: str = "harmonised",
    mean_map: Float[np.ndarray, " vertices"] | None = None,
    hand: HandModel | None = None,
    batch_size: int = 64,
    workers: int = 0,
    size: int = CROP_SIZE,
) -> Scores:
    """Score a network on all samples of a reader; the batch size does not matter.

    Args:
        model: On any device; it is used in evaluation mode and left as it was.
        reader: The samples.
        meta: Thresholds and temperatures of the weights; None for 0.5 and 1.
        protocol: Contact protocol, a name of `PROTOCOLS`.
        mean_map: Mean contact of the training set. None takes that of `reader` itself, which
            flatters the mean map a little.
        hand: Its named parts are scored by themselves, and distances measured along its skin.
        batch_size: Crops at a time.
        workers: Processes that make crops.
        size: Pixels of a crop along each side.
    """
    meta = WeightsMeta(network="unnamed") if meta is None else meta
    rule = PROTOCOLS[protocol]
    if mean_map is None:
        mean_map = mean_contact(reader, rule)
    answers = network_answers(
        model, reader, meta=meta, protocol=rule, batch_size=batch_size, workers=workers, size=size
    )
    return score(
        answers,
        mean_map=mean_map,
        threshold=meta.threshold,
        touch_threshold=meta.touch_threshold,
        hand=hand,
    )


def score(
    answers: Iterable[Answer],
    *,
    mean_map: Float[np.ndarray, " vertices"],
    threshold: float = 0.5,
    touch_threshold: float = 0.5,
    hand: HandModel | None = None,
) -> Scores:
    """Score answers, wherever they come from; memory does not grow with their number.

    Args:
        answers: Batches of hands, in the dataset's order.
        mean_map: Mean contact of the training set.
        threshold: Where contact begins.
        touch_threshold: Where a touching hand begins.
        hand: As in `evaluate`.
    """
    constant = torch.from_numpy(mean_map).float()
    surface = None if hand is None else skin_distances(hand)
    tally = Tally(threshold=threshold, num_vertices=len(constant), surface=surface)
    baseline = ContactMetrics(len(constant))
    for answer in answers:
        tally.update(answer)
        expected = constant.expand(len(answer.contact), -1)
        baseline.update(answer.contact, expected, valid=answer.valid)
    groups = {**frequency_groups(mean_map), **({} if hand is None else hand.parts)}
    whole = tally.whole

    def each(counters: Mapping[str, ContactMetrics]) -> dict[str, ContactScores]:
        return {
            name: counters[name].compute(threshold, touch_threshold=touch_threshold)
            for name in sorted(counters)
        }

    return Scores(
        contact=whole.compute(threshold, touch_threshold=touch_threshold, groups=groups),
        half=whole.compute(0.5, touch_threshold=touch_threshold, groups=groups),
        mean_map=baseline.compute(0.5, groups=groups),
        kinds=each(tally.kinds),
        sources=each(tally.sources),
        intervals=tally.bootstrap.intervals(),
        geodesic=None if tally.geodesic is None else tally.geodesic.compute(),
        tally=tally,
    )


def network_answers(
    model: ContactNet | OnnxNet,
    reader: Reader,
    *,
    meta: WeightsMeta,
    protocol: ContactProtocol,
    batch_size: int = 64,
    workers: int = 0,
    size: int = CROP_SIZE,
) -> Iterator[Answer]:
    """Run a network over a reader, batch by batch, with calibrated probabilities."""
    dataset = CropDataset(reader=reader, protocol=protocol, size=size)
    for crop, keys, interactions in all_batches(dataset, batch_size, workers=workers):
        probability, touch = meta.probabilities(predict(model, crop))
        yield Answer(
            contact=crop.contact,
            valid=crop.valid,
            probability=probability,
            touch=touch,
            keys=keys,
            interactions=interactions,
        )


def mean_contact(reader: Reader, protocol: ContactProtocol) -> Float[np.ndarray, " vertices"]:
    """Give how often each vertex touches in a dataset, among the hands for which that is known."""
    truth = truth_of(reader, protocol)
    return count_contact(truth.contact, truth.valid).mean


def skin_distances(hand: HandModel) -> Float[Tensor, "vertices vertices"]:
    """Measure the ways along a hand's skin between all pairs of vertices, metres, at rest."""
    vertices, faces = hand.template.double().numpy(), hand.closed_faces.numpy()
    return torch.from_numpy(geodesic_distances(vertices, faces)).float()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answers:
    """What a network says of a whole dataset, beside the truth; in the reader's order."""

    vertices: Float[Tensor, "samples vertices"]
    """Logits."""
    touch: Float[Tensor, " samples"] | None
    """Logits, where the network has a touch head."""
    contact: Bool[Tensor, "samples vertices"]
    valid: Bool[Tensor, "samples vertices"]


def collect_answers(
    model: ContactNet | OnnxNet,
    reader: Reader,
    *,
    protocol: str = "harmonised",
    batch_size: int = 64,
    workers: int = 0,
    size: int = CROP_SIZE,
    progress: Callable[[int], object] = lambda done: None,
) -> Answers:
    """Run a network over a reader and keep its logits, to calibrate it by.

    Args:
        model: As in `evaluate`.
        reader: As in `evaluate`.
        protocol: As in `evaluate`.
        batch_size: As in `evaluate`.
        workers: As in `evaluate`.
        size: As in `evaluate`.
        progress: Is told how many hands are done.
    """
    dataset = CropDataset(reader=reader, protocol=PROTOCOLS[protocol], size=size)
    done = 0
    said, truths = [], []
    for crop, _, _ in all_batches(dataset, batch_size, workers=workers):
        said.append(predict(model, crop))
        truths.append((crop.contact, crop.valid))
        done += len(crop.contact)
        progress(done)
    touch = [logits.touch.cpu() for logits in said if logits.touch is not None]
    return Answers(
        vertices=torch.cat([logits.vertices.cpu() for logits in said]),
        touch=torch.cat(touch) if touch else None,
        contact=torch.cat([contact for contact, _ in truths]),
        valid=torch.cat([valid for _, valid in truths]),
    )


@torch.inference_mode()
def predict(model: ContactNet | OnnxNet, crop: Crop) -> ContactLogits:
    """Run a network in evaluation mode on a batch of crops, and leave its mode as it was."""
    was_training = model.training
    device = next((it.device for it in model.parameters()), torch.device("cpu"))
    try:
        return model.eval()(seen_by(model, crop).to(device))
    finally:
        model.train(was_training)


def _named(name: str, scores: tuple[float, float, float]) -> dict[str, float]:
    parts = zip(("precision", "recall", "f1"), scores, strict=True)
    return {f"{name}_{part}": score for part, score in parts}
