"""A comparison of networks: HACO's decoder and its rivals, trained alike, and the mean contact map.

All of it is a study of `haco.learning.ablate` whose variants differ in the network alone, scored by
what `haco evaluate` counts.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from haco.data.labels import truth_of
from haco.data.loading import CropDataset, all_batches
from haco.data.readers.common import Reader
from haco.data.side_truth import add_side_truth
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.learning.ablate import Report, RunResult, ablate, draw_pictures, pictures_folder
from haco.learning.evaluate import mean_contact, network_answers, predict, score
from haco.learning.noisy_pose import NoisyPose
from haco.learning.sources import open_split
from haco.learning.studies import Study, StudySize, base_config
from haco.learning.tally import Answer
from haco.models.contact_net import ContactNet
from haco.models.networks import create_model
from haco.models.rivals.family import RIVALS, rival_name
from haco.models.weights import WeightsMeta

RESULT = "comparison.json"
OURS, MEAN_MAP = "haco", "mean map"
TRUE_POSE, NOISY_POSE = ", oracle pose", ", noisy pose"
"""What a network that sees the hand's pose is given at test: the truth, or `NoisyPose`."""
CONTESTANTS = (OURS, *RIVALS)
"""What can be trained; the mean map needs no training."""
_PASSES, _HANDS = 30, 256


def make_comparison(size: StudySize, networks: Sequence[str], encoder: str) -> Study:
    """Make the study whose variants are networks on one encoder.

    Args:
        size: How large its runs are.
        networks: Of `CONTESTANTS`; none takes all.
        encoder: The network of ours whose encoder all share: a key of `rivals.family.SIZES`.

    Raises:
        InputError: There is no such contestant.
    """
    unknown = [name for name in networks if name not in CONTESTANTS]
    if unknown:
        raise InputError(
            f"no contestant is called '{unknown[0]}'; choose of {', '.join(CONTESTANTS)}"
        )
    small = encoder == "lab"
    base = dataclasses.replace(base_config(size), crop_size=64 if small else 256)
    return Study(
        name="networks",
        question=f"which network, all on the encoder of {encoder}",
        variants={
            name: dataclasses.replace(
                base, network=encoder if name == OURS else rival_name(name, encoder)
            )
            for name in (networks or CONTESTANTS)
        },
        picture_size=96 if small else 256,
    )


def compare(
    study: Study,
    size: StudySize,
    *,
    seeds: int,
    out: Path,
    device: str = "cpu",
    report: Report | None = None,
) -> list[RunResult]:
    """Do all runs that are not done yet, and score the mean map beside them.

    Args:
        study: Of `make_comparison`.
        size: The one that the study was made for.
        seeds: Each network is trained with seeds `0 .. seeds - 1`.
        out: Folder of pictures and runs.
        device: Where to compute, as torch names it.
        report: Hears of every finished run.

    Returns:
        The results, seed by seed; the mean map last, once.
    """
    pictures = pictures_folder(out, study)
    draw_pictures(study, size, pictures)
    if any(_needs_side_truth(config.network) for config in study.variants.values()):
        for picture_set, split in study.pictures():
            add_side_truth(pictures / f"{picture_set}-{split}")
    results = ablate(
        study,
        size,
        seeds=seeds,
        out=out,
        device=device,
        report=report,
        score=score_network,
        result_name=RESULT,
    )
    config = next(iter(study.variants.values()))
    training, validation, test = (
        open_split(config, pictures, split) for split in ("train", "val", "test")
    )
    mean = mean_contact(training, PROTOCOLS[config.protocol])
    scores = score_mean_map(validation, test, mean=mean, protocol=config.protocol)
    rows = [row for result in results for row in _by_pose(result)]
    return [*rows, RunResult(variant=MEAN_MAP, seed=0, scores=scores)]


def _needs_side_truth(network: str) -> bool:
    with torch.device("meta"):
        model = create_model(network)
    return model.sees == "vertices" or "masks" in model.learns_from


def _by_pose(result: RunResult) -> list[RunResult]:
    """Make two rows of a run that was scored with the true pose and with a noisy one."""
    scores = result.scores
    noisy = {name: it for name, it in scores.items() if name.endswith(NOISY_POSE)}
    if not noisy:
        return [result]
    rest = {name: it for name, it in scores.items() if name not in noisy}
    moved = {name.removesuffix(NOISY_POSE): it for name, it in noisy.items()}
    return [
        dataclasses.replace(result, variant=result.variant + TRUE_POSE, scores=rest),
        dataclasses.replace(result, variant=result.variant + NOISY_POSE, scores=rest | moved),
    ]


def score_network(
    model: ContactNet,
    validation: Reader,
    test: Reader,
    *,
    mean_map: Float[np.ndarray, " vertices"],
    protocol: str,
    crop_size: int,
) -> dict[str, float]:
    """Score a trained network as `haco evaluate` does, at its best threshold on validation.

    Args:
        model: The network.
        validation: Chooses the threshold, by the mean of F1 over hands.
        test: What is scored.
        mean_map: Mean contact of the training set.
        protocol: Contact protocol, a name of `PROTOCOLS`.
        crop_size: Pixels of a crop along each side.

    Returns:
        What `Scores.as_dict` names, at the true pose and, for a network that sees the pose and no
        picture, at a noisy one too (with `NOISY_POSE` behind each name); and `parameters`,
        `decoder_parameters` (all but the encoder's) and `milliseconds` (of one hand by itself: the
        fastest of thirty passes).
    """
    meta = WeightsMeta(network="unnamed")

    def answers(reader: Reader) -> Iterable[Answer]:
        return network_answers(
            model, reader, meta=meta, protocol=PROTOCOLS[protocol], size=crop_size
        )

    found = _score_both(answers, validation, test, mean_map)
    if model.sees != "image":
        noisy = _score_both(answers, NoisyPose(validation), NoisyPose(test), mean_map)
        found |= {name + NOISY_POSE: value for name, value in noisy.items()}
    whole = sum(it.numel() for it in model.parameters())
    encoder = sum(it.numel() for it in model.backbone.parameters())
    return found | {
        "parameters": float(whole),
        "decoder_parameters": float(whole - encoder),
        "milliseconds": _milliseconds(model, test, protocol, crop_size),
    }


def _score_both(
    answers: Callable[[Reader], Iterable[Answer]],
    validation: Reader,
    test: Reader,
    mean_map: Float[np.ndarray, " vertices"],
) -> dict[str, float]:
    """Score on test at the threshold that is best on validation, by the mean of F1 over hands."""
    chosen = score(answers(validation), mean_map=mean_map).contact.best_threshold
    return score(answers(test), mean_map=mean_map, threshold=chosen).as_dict()


def _milliseconds(model: ContactNet, reader: Reader, protocol: str, crop_size: int) -> float:
    """Time one hand by itself; other programs only ever slow a pass down, so the fastest counts."""
    dataset = CropDataset(reader=reader, protocol=PROTOCOLS[protocol], size=crop_size)
    crop = next(iter(all_batches(dataset, 1))).crop
    seconds = []
    for _ in range(_PASSES):
        began = time.perf_counter()
        predict(model, crop).vertices.sum().item()  # waits for a graphics card
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds)


def score_mean_map(
    validation: Reader, test: Reader, *, mean: Float[np.ndarray, " vertices"], protocol: str
) -> dict[str, float]:
    """Score the training set's mean contact, given as the answer for every hand.

    Args:
        validation: Chooses the threshold, as for a network.
        test: What is scored.
        mean: The mean contact.
        protocol: Contact protocol, a name of `PROTOCOLS`.

    Returns:
        As `score_network`; it takes no time worth measuring, and learns no parameter.
    """

    def answers(reader: Reader) -> Iterable[Answer]:
        return _constant_answers(reader, mean, protocol)

    costs = {"parameters": 0.0, "decoder_parameters": 0.0, "milliseconds": float("nan")}
    return _score_both(answers, validation, test, mean) | costs


def _constant_answers(
    reader: Reader, mean: Float[np.ndarray, " vertices"], protocol: str
) -> Iterator[Answer]:
    truth, constant = truth_of(reader, PROTOCOLS[protocol]), torch.from_numpy(mean).float()
    for start in range(0, len(truth.contact), _HANDS):
        contact = torch.from_numpy(truth.contact[start : start + _HANDS])
        names = [""] * len(contact)
        yield Answer(
            contact=contact,
            valid=torch.from_numpy(truth.valid[start : start + _HANDS]),
            probability=constant.expand(len(contact), -1),
            touch=constant.max().expand(len(contact)),
            keys=names,
            interactions=names,
        )
