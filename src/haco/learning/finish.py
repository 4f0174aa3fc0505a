"""From a finished run to weights that others can use: calibrated, with a threshold and scores."""

import dataclasses
from pathlib import Path

import numpy as np
from jaxtyping import Float

from haco.data.readers.common import Reader
from haco.learning.calibration import Calibration, fit_calibration
from haco.learning.evaluate import Answers, Scores, collect_answers, evaluate
from haco.learning.histograms import best_f1_threshold, probability_histogram
from haco.models.weights import WeightsMeta, load_weights, save_weights
from haco.types import ContactLogits


def finish_weights(
    weights: Path,
    out: Path,
    *,
    validation: Reader,
    test: Reader,
    mean_map: Float[np.ndarray, " vertices"],
    workers: int = 0,
) -> Scores:
    """Calibrate weights, choose their threshold, score them, and write them small.

    Calibration and threshold come from the validation samples, the scores from the test samples,
    which nothing was chosen by. What is scored is the very file that is written.

    Args:
        weights: Of a run, such as its `best.safetensors`.
        out: The file to write, matrices in float16.
        validation: Samples that the network was not trained on.
        test: Other such samples.
        mean_map: Mean contact of the training set.
        workers: Processes that make crops.

    Returns:
        The scores on `test`, which the file holds too.
    """
    network, meta = load_weights(weights)
    answers = collect_answers(network, validation, protocol=meta.protocol, workers=workers)
    meta = calibrate(meta, answers)
    save_weights(out, network, meta)
    written, _ = load_weights(out)
    scores = evaluate(
        written, test, meta=meta, protocol=meta.protocol, mean_map=mean_map, workers=workers
    )
    meta = dataclasses.replace(meta, scores=scores.as_dict())
    save_weights(out, network, meta)
    return scores


def calibrate(meta: WeightsMeta, answers: Answers) -> WeightsMeta:
    """Make the probabilities honest, and cut them where F1 over all vertices is highest.

    Args:
        meta: Of the weights that gave the answers.
        answers: On hands that they were not trained on.
    """
    contact, valid = answers.contact, answers.valid
    found = fit_calibration(answers.vertices, contact, valid=valid, bias="shared")
    meta = dataclasses.replace(meta, temperature=found.temperature, bias=_shared_bias(found))
    if answers.touch is not None:
        touching = (contact & valid).any(dim=1)
        known = touching | valid.all(dim=1)
        found = fit_calibration(answers.touch[:, None], touching[:, None], valid=known[:, None])
        meta = dataclasses.replace(
            meta, touch_temperature=found.temperature, touch_bias=_shared_bias(found)
        )
    probability, _ = meta.probabilities(ContactLogits(answers.vertices, (), answers.touch))
    histogram = probability_histogram(contact[valid], probability[valid])
    return dataclasses.replace(meta, threshold=best_f1_threshold(histogram))


def _shared_bias(found: Calibration) -> float:
    assert found.bias is not None
    return float(found.bias[0])
