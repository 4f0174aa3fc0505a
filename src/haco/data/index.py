"""Which sources of hands there are, by name."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from haco.data.label_store import Labelled, label_folder
from haco.data.readers.arctic import ArcticReader
from haco.data.readers.common import Reader
from haco.data.readers.contactpose import ContactPoseReader
from haco.data.readers.decaf import DecafReader
from haco.data.readers.dexycb import DexYcbReader
from haco.data.readers.folder import FolderReader
from haco.data.readers.h2o import H2oReader
from haco.data.readers.h2o3d import H2o3dReader
from haco.data.readers.hi4d import Hi4dReader
from haco.data.readers.hic import HicReader
from haco.data.readers.ho3d import Ho3dReader
from haco.data.readers.hoi4d import Hoi4dReader
from haco.data.readers.interhand26m import InterHandReader
from haco.data.readers.mow import MowReader
from haco.data.readers.obman import ObManReader
from haco.data.readers.prox import ProxReader
from haco.data.readers.rich import RichReader
from haco.data.readers.synthetic import open_synthetic
from haco.data.store import PackedReader
from haco.files import InputError
from haco.types import Split

READERS: Mapping[str, Callable[..., Reader]] = MappingProxyType(
    {
        "arctic": ArcticReader,
        "contactpose": ContactPoseReader,
        "decaf": DecafReader,
        "dexycb": DexYcbReader,
        "folder": FolderReader,
        "h2o": H2oReader,
        "h2o3d": H2o3dReader,
        "hi4d": Hi4dReader,
        "hic": HicReader,
        "ho3d": Ho3dReader,
        "hoi4d": Hoi4dReader,
        "interhand26m": InterHandReader,
        "mow": MowReader,
        "obman": ObManReader,
        "packed": PackedReader,
        "prox": ProxReader,
        "rich": RichReader,
        "synthetic": open_synthetic,
    }
)
"""A reader is opened with `root`, `split`, and, where it comes in kinds, the kind."""


def open_dataset(
    name: str,
    root: str | Path | None = None,
    *,
    split: Split = "train",
    labels: str | Path | None = None,
    **options: object,
) -> Reader:
    """Open one split of a dataset.

    Args:
        name: A name of `READERS`, with the kind after a slash where a reader has kinds:
            `synthetic/easy` is the engine's picture set `easy`, `packed/full` the packed dataset
            in the folder `root/full-train`.
        root: The folder that the dataset lies in; the made pictures need none.
        split: `train`, `val` or `test`.
        labels: The folder that `haco data label` wrote into, for a set whose contact is computed;
            `"released"` takes the label files that came with the paper, where they lie by the set.
        options: What else the reader takes, such as `num` and `seed` for `synthetic`.

    Raises:
        InputError: No such dataset, or no labels of it.
    """
    reader, _, kind = name.partition("/")
    if reader not in READERS:
        raise InputError(f"dataset '{name}' is unknown; haco reads {', '.join(sorted(READERS))}")
    folder = None if root is None else Path(root)
    if labels == "released":
        if "released" not in inspect.signature(READERS[reader]).parameters:
            raise InputError(f"{reader}: there are no released label files of this dataset")
        options, labels = options | {"released": True}, None
    opened = READERS[reader](folder, split, *([kind] if kind else []), **options)
    return opened if labels is None else Labelled(opened, label_folder(Path(labels), name, split))
