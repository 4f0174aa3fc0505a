"""Make the weights that ship with haco out of a finished training run.

    python tools/bundle_weights.py runs/tiny --roots datasets --dataset packed/full

Calibrates and chooses the threshold on the validation split, scores on the test split, writes
src/haco/models/assets/NETWORK.safetensors, and prints the scores.
"""

from pathlib import Path

import tyro

from haco.data.index import open_dataset
from haco.data.labels import truth_of
from haco.data.statistics import count_contact
from haco.geometry.contact import PROTOCOLS
from haco.learning.finish import finish_weights
from haco.learning.run_folder import BEST
from haco.models.weights import ASSETS, load_weights

MOST_BYTES = 20_000_000


def main(
    run: tyro.conf.Positional[Path],
    /,
    *,
    roots: Path = Path("datasets"),
    dataset: str = "packed/full",
    out: Path | None = None,
    workers: int = 1,
) -> None:
    """Bundle a run's best weights.

    Args:
        run: Folder of the run.
        roots: Folder that the dataset lies in.
        dataset: What the run was trained on.
        out: File to write; the network's place in the package if not given.
        workers: Processes that make crops.
    """
    meta = load_weights(run / BEST)[1]
    path = ASSETS / f"{meta.network}.safetensors" if out is None else out
    training, validation, test = (
        open_dataset(dataset, roots, split=split) for split in ("train", "val", "test")
    )
    truth = truth_of(training, PROTOCOLS[meta.protocol])
    scores = finish_weights(
        run / BEST,
        path,
        validation=validation,
        test=test,
        mean_map=count_contact(truth.contact, truth.valid).mean,
        workers=workers,
    )
    print(scores)
    size = path.stat().st_size
    print(f"{path}: {size / 1e6:.1f} MB")
    if size > MOST_BYTES:
        raise SystemExit(f"{path}: larger than {MOST_BYTES / 1e6:.0f} MB")


if __name__ == "__main__":
    tyro.cli(main)
