"""The command `haco synth`: labelled pictures of touching hands, made to order."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFolder, UsageError
from haco.cli_clips import NO_CLIPS, ClipArguments

if TYPE_CHECKING:
    from haco.synth.picture_sets import PictureSet

# Nothing here may import torch before a command runs: `haco synth --help` must answer at once.


@dataclasses.dataclass(frozen=True, kw_only=True)
class What:
    """What the pictures show."""

    set: Literal["easy", "full", "complete", "ho", "hh", "hs", "hb", "mixed"] = "full"
    """easy (plain background, few views), full (any view and background) or complete (also tools
    in use, clasped hands, things held by two hands, signs, rings and more); or, as plain as easy,
    only hands with objects (ho), hands (hh), scenes (hs), bodies (hb) or all of them (mixed)."""
    seed: int = 0
    """Which pictures."""
    share: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KIND=NUMBER")] = ()
    """How often hands do something, such as tool=0.3 near=0.1; other kinds fill the rest."""
    no_contact: float | None = None
    """Share of the hands that are not meant to touch anything."""
    objects: OptionalFolder = None
    """Folder of your own things to hold: OBJ, PLY or GLB."""
    objects_unit: Literal["m", "cm", "mm"] = "m"
    """Unit that they are written in."""
    backgrounds: OptionalFolder = None
    """Folder of your own pictures to put behind."""

    def picture_set(self) -> "PictureSet":
        """Give the picture set that is asked for."""
        from haco.apps.synth import open_backgrounds
        from haco.synth.objects.mesh_folder import open_meshes
        from haco.synth.variants import parse_shares, vary

        own = self.objects
        return vary(
            self.set,
            shares=parse_shares(self.share),
            no_contact=self.no_contact,
            objects=None if own is None else open_meshes(own, self.objects_unit),
            backgrounds=None if self.backgrounds is None else open_backgrounds(self.backgrounds),
        )


WhatArgument = Annotated[What, tyro.conf.arg(name="")]


def synth(
    *,
    what: WhatArgument = What(),
    out: Folder = Path("out/synth"),
    num: int = 64,
    size: int = 256,
    packed: bool = True,
    show: tyro.conf.FlagCreatePairsOff[bool] = False,
    stats: tyro.conf.FlagCreatePairsOff[bool] = False,
    workers: int = 2,
    judge: int = 100,
    clips: ClipArguments = NO_CLIPS,
) -> int:
    """Make labelled pictures of touching hands.

    Writes one packed dataset, which haco train reads, by several processes, and a page that says
    what is in it; a run that was stopped goes on where it was. Picture i depends on the set, the
    seed and i alone, so anyone can make it again.

    With --show it only draws a contact sheet, for your eyes; with --stats it only prints how much
    touches. With --no-packed each picture is a file of its own, beside the same picture with its
    labels drawn, and the labels as numbers.

    Examples:
    haco synth --set complete --num 40000 --workers 8 --out datasets/complete-train
    haco synth --show --set complete --num 24 --out sheet.png
    haco synth --stats --set complete --share tool=0.3 --no-contact 0.2
    haco synth --clips 4 --set full --video --out clips

    Args:
        what: What the pictures show.
        out: Folder for the pictures; made if missing. With --show also a PNG or JPEG file.
        num: How many pictures.
        size: Pixels along each side.
        packed: Write one packed dataset, not each picture for itself.
        show: Write a contact sheet, nothing else.
        stats: Print how much touches, by what hands do; write nothing.
        workers: Processes that pack.
        judge: Samples of a packed dataset in which mediapipe looks for the hand, as a measure of
            how real they look; 0 for none.
        clips: Short clips instead of single pictures.
    """
    from haco.apps import synth as app

    if clips.clips is not None and (what.objects or what.share or what.no_contact is not None):
        raise UsageError("--objects, --share and --no-contact do not go with --clips")
    picture_set = what.picture_set()
    if clips.clips is not None:
        return clips.run(picture_set, out, seed=what.seed, size=size)
    if stats:
        return app.statistics_command(picture_set, num=num, seed=what.seed)
    if show:
        return app.sheet_command(picture_set, out, num=num, seed=what.seed, size=size)
    if not packed:
        return app.pictures_command(picture_set, out, num=num, seed=what.seed, size=size)
    return app.pack_command(
        picture_set, out, num=num, seed=what.seed, size=size, workers=workers, judged=judge
    )
