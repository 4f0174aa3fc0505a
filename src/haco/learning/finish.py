"""From a finished run to weights that others can use: calibrated, with a threshold and scores."""

import dataclasses
from pathlib import Path

import numpy as np
from jaxtyping import Float

from haco.data.readers.common import Reader
from haco.learning.calibration import calibrate
from haco.learning.evaluate import Scores, collect_answers, evaluate
from haco.models.weights import load_weights, save_weights


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
    which nothing was chosen by. Each vertex gets a bias of its own. What is scored is the very file
    that is written.

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
    where = f"{len(validation)} validation hands; threshold for highest F1"
    meta = dataclasses.replace(calibrate(meta, answers, bias="vertex"), calibrated_on=where)
    save_weights(out, network, meta)
    written, _ = load_weights(out)
    scores = evaluate(
        written, test, meta=meta, protocol=meta.protocol, mean_map=mean_map, workers=workers
    )
    meta = dataclasses.replace(meta, scores=scores.as_dict())
    save_weights(out, network, meta)
    return scores
