"""`haco evaluate` and `haco calibrate`: how good are weights, and how honest?"""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import OptionalFile, OptionalFolder, UsageError, Weights

OptionalNumber = Annotated[int | None, tyro.conf.arg(metavar="N")]


def evaluate(
    *,
    model: Weights = "tiny",
    data: str = "synthetic/full",
    root: OptionalFolder = None,
    split: Literal["train", "val", "test"] = "test",
    num: OptionalNumber = None,
    seed: OptionalNumber = None,
    predictions: OptionalFile = None,
    vertex_map: OptionalFile = None,
    threshold: Annotated[float | None, tyro.conf.arg(metavar="T")] = None,
    report: OptionalFolder = None,
    mano_dir: OptionalFolder = None,
    workers: int = 2,
) -> int:
    """Score weights, or another method's predictions, on hands whose contact is known.

    Prints average precision, the best F1 over all thresholds, precision, recall and F1 at two
    thresholds, each main score with the range that other hands would give; calibration, false
    alarms on hands that touch nothing, ways along the skin; all of it by kind of interaction, by
    how often a vertex touches, and by part of the hand. Beside it stands what the mean contact map
    scores, which never looks at the picture.

    Examples:
    haco evaluate --data synthetic/full --num 500
    haco evaluate --data mow --root MOW --predictions deco.npz --vertex-map smplx_hands.npz

    Args:
        model: Weights that come with haco, by name, a .safetensors file, or owner/name on the hub.
        data: Dataset: synthetic/full, synthetic/easy, packed/NAME in root, or a reader's name.
        root: Folder that the dataset lies in; made pictures need none.
        split: Which part of it.
        num: For made pictures: how many.
        seed: For made pictures: which.
        predictions: Another method's predictions (.npz or .jsonl), to score in place of a model's.
        vertex_map: For predictions of body vertices: where the hands are in the body.
        threshold: Where contact begins; else the threshold in the weights, or 0.5 for predictions.
        report: Folder for report.html, one page with tables, curves, the hand coloured by precision
            and recall, and the best and worst thirty hands with pictures.
        mano_dir: Folder of your MANO files, for weights that speak MANO's topology.
        workers: Processes that make the crops.
    """
    if vertex_map is not None and predictions is None:
        raise UsageError("--vertex-map goes with --predictions")
    from haco.apps.evaluation import evaluate_command

    return evaluate_command(
        model,
        data,
        root,
        split,
        num=num,
        seed=seed,
        predictions=predictions,
        vertex_map=vertex_map,
        threshold=threshold,
        report=report,
        mano_dir=mano_dir,
        workers=workers,
    )


def calibrate(
    weights: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME|FILE")] = "tiny",
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    data: str = "synthetic/full",
    root: OptionalFolder = None,
    split: Literal["train", "val", "test"] = "val",
    num: OptionalNumber = None,
    seed: OptionalNumber = None,
    bias: Literal["none", "shared", "vertex"] = "shared",
    precision: Annotated[float | None, tyro.conf.arg(metavar="P")] = None,
    workers: int = 2,
) -> int:
    """Make the probabilities of weights honest on your own kind of pictures.

    Fits a temperature and a bias on hands whose contact is known and that the weights were not
    trained on, then chooses where contact begins. The new file holds the same network; everything
    that loads it applies them. Says what changed, on hands that were not fitted on, and draws it.

    Examples:
    haco calibrate tiny --data packed/mine --root data --out mine.safetensors
    haco calibrate tiny --data synthetic/full --num 500 --precision 0.8 --out careful.safetensors

    Args:
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        out: The .safetensors file to write; beside it, a chart of the reliability.
        data: Dataset: synthetic/full, synthetic/easy, packed/NAME in root, or a reader's name.
        root: Folder that the dataset lies in; made pictures need none.
        split: Which part of it.
        num: For made pictures: how many.
        seed: For made pictures: which.
        bias: none, shared by all vertices, or vertex: one for each, held to the shared one where a
            vertex has few answers; wants some thousand hands.
        precision: The threshold has at least this precision, and the most recall; otherwise it
            is that of the highest F1.
        workers: Processes that make the crops.
    """
    from haco.apps.calibrate import calibrate_command

    return calibrate_command(
        weights,
        out,
        data=data,
        root=root,
        split=split,
        num=num,
        seed=seed,
        bias=bias,
        precision=precision,
        workers=workers,
    )
