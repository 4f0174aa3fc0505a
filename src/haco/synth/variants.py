"""Picture sets changed to order: other shares of what hands do, the user's own things."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, get_args

from haco.files import InputError
from haco.synth.engine import find_picture_set
from haco.synth.looks.picture_folder import PictureFolder
from haco.synth.objects.mesh_folder import MeshFolder
from haco.synth.picture_sets import PictureSet
from haco.synth.poses.grasps import UNTOUCHED
from haco.synth.poses.interaction import Kind

_STEPS = 10_000


def vary(
    picture_set: str | PictureSet,
    *,
    shares: Mapping[str, float] | None = None,
    no_contact: float | None = None,
    objects: MeshFolder | None = None,
    backgrounds: PictureFolder | None = None,
) -> PictureSet:
    """Make another picture set of one; its samples have keys of their own.

    Args:
        picture_set: What to begin with.
        shares: How often some kinds of interaction are drawn, 0..1; the others fill the rest, each
            in proportion to its share so far.
        no_contact: Share of the hands that are not meant to touch anything (`UNTOUCHED`), 0..1;
            those that fail to touch by chance come on top.
        objects: The user's own things; they are held (`power`, `pinch`) or nearly touched (`near`)
            wherever one is thin enough for that grip.
        backgrounds: The user's own pictures, behind most scenes.

    Returns:
        The set that was given, if nothing changes.

    Raises:
        InputError: A kind is unknown, or the shares cannot be had.
    """
    base = find_picture_set(picture_set)
    if shares or no_contact is not None:
        wanted = _with_shares(base.shares, shares or {})
        if no_contact is not None:
            wanted = _with_no_contact(wanted, no_contact)
        wanted = _rounded(wanted)
        base = changed(base, shares=wanted, changes={"shares": wanted})
    if objects is not None:
        base = changed(base, objects=objects, changes={"objects": objects.told()})
    if backgrounds is not None:
        told = {"backgrounds": backgrounds.told()}
        base = changed(base, backgrounds=backgrounds, changes=told)
    return base


def changed(base: PictureSet, *, changes: Mapping[str, Any], **fields: Any) -> PictureSet:
    """Replace fields of a set and name it after the changes, which must tell all."""
    told = dict(base.changes) | dict(changes)
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]
    name = f"{base.name.partition('-')[0]}-{digest}"
    return dataclasses.replace(base, name=name, changes=told, **fields)


def parse_shares(words: tuple[str, ...]) -> dict[str, float]:
    """Read shares given as `power=0.3`.

    Raises:
        InputError: A word is not of this form.
    """
    shares = {}
    for word in words:
        kind, _, number = word.partition("=")
        try:
            shares[kind] = float(number)
        except ValueError as error:
            raise InputError(f"'{word}' is no share; write for example power=0.3") from error
    return shares


def _with_shares(old: Mapping[Kind, float], new: Mapping[str, float]) -> dict[Kind, float]:
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind, share in new.items():
        if kind not in kinds:
            raise InputError(f"no interaction is called '{kind}'; choose of {', '.join(kinds)}")
        if not 0 <= share <= 1:
            raise InputError(f"the share of '{kind}' is {share:g}; it must lie between 0 and 1")
    rest = {kind: share for kind, share in old.items() if kind not in new}
    left, others = 1 - sum(new.values()), sum(rest.values())
    if left < -1e-9 or (left > 1e-9 and others == 0):
        raise InputError(
            f"the shares make {1 - left:g} together; they must make 1, or less if other kinds are "
            "left to fill the rest"
        )
    filled = {kind: share * max(left, 0.0) / others for kind, share in rest.items() if others}
    every = filled | {kind: new[kind] for kind in kinds if kind in new}
    return {kind: every[kind] for kind in kinds if kind in every}


def _with_no_contact(shares: Mapping[Kind, float], no_contact: float) -> dict[Kind, float]:
    if not 0 <= no_contact <= 1:
        raise InputError(f"the share without contact is {no_contact:g}; it must lie in 0..1")
    now = sum(share for kind, share in shares.items() if kind in UNTOUCHED)
    for wanted, there, what in (
        (no_contact, now, "touches nothing"),
        (1 - no_contact, 1 - now, "touches something"),
    ):
        if wanted > 1e-9 and there < 1e-9:
            raise InputError(f"no kind of interaction is left that {what}; change --share")
    return {
        kind: share * (no_contact / now if kind in UNTOUCHED else (1 - no_contact) / (1 - now))
        for kind, share in shares.items()
    }


def _rounded(shares: Mapping[Any, float]) -> dict[Kind, float]:
    """Round shares to whole hundredths of a percent that make one, so that they can be told."""
    counts = {kind: round(share * _STEPS) for kind, share in shares.items()}
    counts[max(counts, key=lambda kind: counts[kind])] += _STEPS - sum(counts.values())
    return {kind: count / _STEPS for kind, count in counts.items() if count}
