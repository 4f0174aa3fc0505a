"""The commands of `haco data`: from a download to training crops that can be trusted."""

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFolder

if TYPE_CHECKING:
    from haco.data.choice import DatasetChoice

# Nothing here may import torch before a command runs: `haco data --help` must answer at once.

Name = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
Names = Annotated[
    tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME [NAME ...]", name="names")
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """Which samples."""

    name: Name
    """Dataset, such as dexycb, hic or packed/easy; haco data about lists them."""
    root: OptionalFolder = None
    """Folder that the dataset lies in, as it was unpacked."""
    split: Literal["train", "val", "test"] = "train"
    """Which part of it."""
    mano_dir: OptionalFolder = None
    """Folder of your MANO files, where hands are posed (or set HACO_MANO_DIR)."""
    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE")] = ()
    """What else the dataset's reader takes; haco data about NAME lists it."""

    def choice(self) -> "DatasetChoice":
        """Give what a command works on."""
        from haco.data.choice import DatasetChoice, parse_options

        return DatasetChoice(
            name=self.name,
            root=self.root,
            split=self.split,
            options=parse_options(self.name, self.option),
            mano_dir=self.mano_dir,
        )


SourceArgument = Annotated[Source, tyro.conf.arg(name="")]
Faults = Literal["skip", "refuse"]


def about(name: Name = "", /) -> int:
    """List the datasets, or print the manual of one: how to get it, its tree, its quirks.

    Examples:
    haco data about
    haco data about dexycb

    Args:
        name: Dataset; all of them if left out.
    """
    from haco.apps.data import about_command

    return about_command(name)


def label(
    *, source: SourceArgument, out: Folder, workers: int = 2, on_fault: Faults = "skip"
) -> int:
    """Compute where each hand touches, from the meshes of hand and target.

    Writes the signed distance of each of the 778 vertices to the nearest target into
    OUT/NAME-SPLIT. A run that was stopped goes on where it was. Samples that cannot be used
    (damaged picture, missing annotation, pose with NaN, empty mesh) are named in faults.jsonl
    there and left out.

    Exit status: 0 when done, 1 when nothing could be labelled or the work was refused, 2 when the
    command itself is wrong.

    Examples:
    haco data label hic --root datasets/hic --out labels
    haco data label dexycb/s0 --root dexycb --split test --out labels --option stride=5

    Args:
        source: Which samples.
        out: Folder for the labels of all your datasets; made if missing.
        workers: Processes.
        on_fault: skip leaves bad samples out and names them; refuse stops at the first.
    """
    from haco.apps.data import label_command

    return label_command(source.choice(), out, workers=workers, on_fault=on_fault)


def check(
    *,
    source: SourceArgument,
    out: Folder = Path("out/check"),
    labels: OptionalFolder = None,
    seconds: float = 30.0,
    num: int = 32,
    seed: int = 0,
) -> int:
    """Say whether a download is complete and right, in a minute.

    Counts the files that a whole download has and names those that are missing; reads samples at
    random for a while and names those that cannot be used; and draws some with box, surfaces and
    contact on one sheet, for your own eye: does everything lie where the picture shows it?

    Exit status: 0 when all is well, 1 when something is missing or wrong, 2 when the command
    itself is wrong.

    Examples:
    haco data check synthetic/full --num 8
    haco data check dexycb --root datasets/dexycb --split test

    Args:
        source: Which samples.
        out: Folder for the sheet and the faults; made if missing.
        labels: Folder that haco data label wrote into, to draw what it says.
        seconds: How long to read samples.
        num: How many samples to draw.
        seed: Which samples are drawn and read.
    """
    from haco.apps.check import check_command

    return check_command(source.choice(), out, labels=labels, seconds=seconds, num=num, seed=seed)


def pack(
    *,
    source: SourceArgument,
    out: Folder,
    labels: OptionalFolder = None,
    window: float = 2.1,
    size: int = 538,
    quality: int = 92,
    workers: int = 2,
    on_fault: Faults = "skip",
) -> int:
    """Cut the hands out of their pictures and keep them as one folder that trains fast.

    Writes OUT/NAME-SPLIT: of each picture the square about the hand from which every training crop
    can come, with labels, box, joints and camera. Train on it as packed/NAME. A run that was
    stopped goes on where it was; samples that cannot be used, or of whose contact nothing is
    known, are named in faults.jsonl there and left out.

    Exit status: 0 when done, 1 when no sample can be used or the work was refused, 2 when the
    command itself is wrong.

    Examples:
    haco data pack hic --root datasets/hic --labels labels --out datasets
    haco train tiny --data packed/hic --roots datasets --out runs/hic

    Args:
        source: Which samples.
        out: Folder for all your packed datasets; made if missing.
        labels: Folder that haco data label wrote into.
        window: Width of what is kept, in widths of prediction's crop.
        size: Largest width of what is kept, pixels.
        quality: Of the JPEGs, to 100.
        workers: Processes.
        on_fault: skip leaves bad samples out and names them; refuse stops at the first.
    """
    from haco.apps.pack import pack_command

    return pack_command(
        source.choice(),
        out,
        labels=labels,
        window=window,
        size=size,
        quality=quality,
        workers=workers,
        on_fault=on_fault,
    )


def audit(
    names: Names,
    /,
    *,
    out: Folder = Path("out/audit"),
    roots: Folder = Path("datasets"),
    split: Literal["train", "val", "test"] = "train",
    labels: OptionalFolder = None,
    mano_dir: OptionalFolder = None,
    num: int = 1000,
    seed: int = 0,
) -> int:
    """Compare the contact of datasets under one rule, and each with the paper's and its own labels.

    Computes distances from the meshes wherever a set has any, and reports for each set: how much
    touches, under the paper's threshold and under one rule for all; how far labels that came with
    the set are from its meshes; how far the rules are apart; and a picture of how often each part
    of the hand touches. Writes audit.md, audit.json and NAME.png.

    Exit status: 0 when done, 1 when some set could not be audited, 2 when the command itself is
    wrong.

    Examples:
    haco data audit synthetic/full --num 200
    haco data audit dexycb hic rich decaf --roots datasets --labels labels

    Args:
        names: Datasets; each lies in ROOTS/NAME.
        out: Folder for the report; made if missing.
        roots: Folder that the datasets lie in.
        split: Which part of them.
        labels: Folder that haco data label wrote into; what it has is not computed again.
        mano_dir: Folder of your MANO files (or set HACO_MANO_DIR).
        num: Hands a set at most, drawn at random.
        seed: Of the draw.
    """
    from haco.apps.audit import audit_command

    return audit_command(
        names, roots, out, split=split, labels=labels, mano_dir=mano_dir, num=num, seed=seed
    )


COMMANDS: dict[str, Callable[..., int]] = {
    "about": about,
    "check": check,
    "label": label,
    "pack": pack,
    "audit": audit,
}


def overview() -> str:
    """Say in a screenful what the commands of `haco data` are, in the order of their use."""
    lines = [
        "haco data: from a dataset's download to training crops that can be trusted.",
        "",
        "usage: haco data COMMAND ...      haco data COMMAND --help says more",
        "",
        *(
            f"  {name:<10}{(inspect.getdoc(command) or '').splitlines()[0]}"
            for name, command in COMMANDS.items()
        ),
        "",
        "Begin with:  haco data about NAME      it says how to get the dataset and where to put it",
        "then:        haco data check NAME --root DIR",
        "             haco data label NAME --root DIR --out labels",
        "             haco data pack NAME --root DIR --labels labels --out datasets",
    ]
    return "\n".join(lines)


def run(words: list[str]) -> int:
    """Run one command of the group."""
    return tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="haco data", args=words)
