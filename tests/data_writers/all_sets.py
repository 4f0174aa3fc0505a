"""Every mini dataset by the name of its reader: how to write it, and what is known of its hands."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from data_writers import (
    arctic,
    contactpose,
    decaf,
    dexycb,
    folder,
    h2o,
    h2o3d,
    hi4d,
    hic,
    ho3d,
    hoi4d,
    interhand26m,
    mow,
    obman,
    prox,
    rich,
)
from data_writers.bodies import write_body_files
from data_writers.mano import mano_folder
from data_writers.truth import Truth
from toys import ToyReader

from haco.data.index import open_dataset
from haco.data.packing import pack
from haco.data.readers.common import Reader
from haco.types import Sample, Split


@dataclasses.dataclass(frozen=True, kw_only=True)
class MiniSet:
    """One split of a mini dataset on disk."""

    name: str
    """As `open_dataset` takes it."""
    root: Path
    truths: Mapping[str, Truth]
    """By key, in no order: every hand of the split of whose contact anything is known."""
    split: Split = "train"
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    within: float = 2e-5
    """Metres that a distance may be off."""

    def open(self, labels: Path | None = None) -> Reader:
        """Open it as a user would, with computed labels if they are given."""
        return open_dataset(
            self.name, self.root, split=self.split, labels=labels, **dict(self.options)
        )


def _common(writer: ModuleType, root: Path) -> MiniSet:
    """Write a set that knows all of its training split."""
    truths = {truth.key: truth for truth in writer.write(root).truths}
    name = writer.__name__.rpartition(".")[2]
    options = {} if writer is obman else {"mano_dir": mano_folder()}
    return MiniSet(name=name, root=root, truths=truths, options=options)


def _decaf(root: Path) -> MiniSet:
    known = decaf.write_decaf(root)
    truths = {
        key: truth
        for key, truth in known.items()
        if key.startswith("decaf/test/") and truth.contact.any()
    }
    return MiniSet(name="decaf", root=root, truths=truths, split="test", options={"every": 1})


def _folder(root: Path) -> MiniSet:
    folder.write_folder(root, "csv")
    truths = {
        "folder/images/a.jpg/0": Truth(side="right", contact=folder.CONTACT),
        "folder/images/a.jpg/1": Truth(side="left", distance=folder.DISTANCE),
    }
    return MiniSet(name="folder", root=root, truths=truths, split="test")


def _hi4d(root: Path) -> MiniSet:
    truths = _only(hi4d.write_hi4d(root), "hi4d/pair17/")
    body_dir = write_body_files(root / "bodies", smpl_faces=hi4d.SMPL_FACES)
    # A ball of triangles lies up to 2 mm inside the round one that the writer measures to.
    return MiniSet(
        name="hi4d",
        root=root,
        truths=truths,
        split="test",
        options={"body_dir": body_dir},
        within=0.003,
    )


def _hic(root: Path) -> MiniSet:
    truths = _only(hic.write_hic(root), "hic/07/")
    return MiniSet(name="hic", root=root, truths=truths, split="test")


def _interhand26m(root: Path) -> MiniSet:
    truths = _only(interhand26m.write_interhand26m(root), "interhand26m/test/")
    options = {"every": 1, "mano_dir": mano_folder()}
    return MiniSet(name="interhand26m", root=root, truths=truths, split="test", options=options)


def _packed(root: Path) -> MiniSet:
    pack(ToyReader(6), root / "toy-train", {}, workers=1)
    return MiniSet(name="packed/toy", root=root, truths=_as_given(ToyReader(6)))


def _prox(root: Path) -> MiniSet:
    names = [name for name, split in prox.sequences().items() if split == "train"]
    truths = _only(prox.write_prox(root), *(f"prox/{name}/" for name in names))
    options = {"body_dir": write_body_files(root / "bodies")}
    return MiniSet(name="prox", root=root, truths=truths, options=options)


def _rich(root: Path) -> MiniSet:
    truths = rich.write_rich(root, splits=("val",))
    options = {"body_dir": write_body_files(root / "bodies")}
    return MiniSet(name="rich", root=root, truths=truths, split="val", options=options)


def _synthetic(root: Path) -> MiniSet:
    options = {"num": 4, "size": 64}
    mini = MiniSet(name="synthetic/easy", root=root, truths={}, options=options)
    return dataclasses.replace(mini, truths=_as_given(mini.open()))


def _only(truths: Mapping[str, Truth], *starts: str) -> dict[str, Truth]:
    return {key: truth for key, truth in truths.items() if key.startswith(starts)}


def _as_given(reader: Reader) -> dict[str, Truth]:
    """Take what the source itself says, where that is the truth."""
    samples: list[Sample] = [reader[index] for index in range(len(reader))]
    return {
        sample.key: Truth(side=sample.side, distance=sample.distance, contact=sample.contact)
        for sample in samples
    }


WRITERS: Mapping[str, Callable[[Path], MiniSet]] = {
    "decaf": _decaf,
    "folder": _folder,
    "hi4d": _hi4d,
    "hic": _hic,
    "interhand26m": _interhand26m,
    "packed": _packed,
    "prox": _prox,
    "rich": _rich,
    "synthetic": _synthetic,
} | {
    writer.__name__.rpartition(".")[2]: functools.partial(_common, writer)
    for writer in (arctic, contactpose, dexycb, h2o, h2o3d, ho3d, hoi4d, mow, obman)
}
"""Writes a mini dataset into a folder, and gives what has to come out of it."""
