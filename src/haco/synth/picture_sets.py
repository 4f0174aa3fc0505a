"""The named recipes by which pictures are drawn."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from haco.synth.looks.picture_folder import PictureFolder
from haco.synth.objects.mesh_folder import MeshFolder
from haco.synth.objects.meshes import AnyShape
from haco.synth.poses.fitting import draw_held_shape
from haco.synth.poses.grasps import INTERACTION_SHARES
from haco.synth.poses.interaction import Kind


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureSet:
    """What one set of pictures is made of."""

    name: str
    """As it stands in the keys of its samples."""
    number: int
    """Enters the seed of every sample, so it may never change."""
    shares: Mapping[Kind, float]
    """How often each kind of interaction is drawn; sums to one."""
    supersample: int
    """Rays along each side of a pixel."""
    everyday: bool
    """Any view, cluttered scenes, sleeves and the flaws of cameras; else one view, one colour."""
    left_share: float
    """Share of samples that are given as left hands."""
    extras: bool = False
    """Rings, other people's hands behind, depth of field, and views over the person's own arm."""
    objects: MeshFolder | None = None
    """The user's own things, held or nearly touched in place of the engine's simple shapes."""
    backgrounds: PictureFolder | None = None
    """The user's own pictures, behind most scenes."""
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """In what it differs from the set that it was made from, as a data card states it; plain
    values only. Empty for the sets of `PICTURE_SETS`."""

    def draw_held(self, rng: np.random.Generator, low: float, high: float) -> AnyShape:
        """Draw something to hold, its half width between `low` and `high`, metres.

        It is one of the user's things, if any is thin enough for that grip.
        """
        own = None if self.objects is None else self.objects.draw(rng, 2.2 * high)
        return draw_held_shape(rng, low, high) if own is None else own


def _only(name: str, number: int, kinds: Mapping[Kind, float]) -> PictureSet:
    """Draw as plainly as `easy`, and touch nothing in a fifth of the pictures."""
    return PictureSet(
        name=name,
        number=number,
        shares={**kinds, "near": 0.1, "free": 0.1},
        supersample=2,
        everyday=False,
        left_share=0.0,
    )


PICTURE_SETS: Mapping[str, PictureSet] = MappingProxyType(
    {
        "easy": PictureSet(
            name="easy",
            number=1,
            shares={"power": 0.3, "pinch": 0.2, "surface": 0.2, "near": 0.1, "free": 0.2},
            supersample=2,
            everyday=False,
            left_share=0.0,
        ),
        "full": PictureSet(
            name="full",
            number=2,
            shares={
                "power": 0.24, "pinch": 0.20, "surface": 0.14, "body": 0.08, "hands": 0.10,
                "near": 0.10, "free": 0.14,
            },
            supersample=1,
            everyday=True,
            left_share=0.5,
        ),
        "complete": PictureSet(
            name="complete",
            number=3,
            shares=dict(INTERACTION_SHARES),
            supersample=1,
            everyday=True,
            left_share=0.5,
            extras=True,
        ),
        # Hands with objects, other hands, scenes and bodies, as the paper sorts its datasets.
        "ho": _only("ho", 11, {"power": 0.3, "pinch": 0.25, "tool": 0.25}),
        "hh": _only("hh", 12, {"hands": 0.4, "clasp": 0.4}),
        "hs": _only("hs", 13, {"surface": 0.4, "scene": 0.4}),
        "hb": _only("hb", 14, {"body": 0.8}),
        "mixed": _only(
            "mixed",
            15,
            {
                "power": 0.08, "pinch": 0.06, "tool": 0.06, "hands": 0.1, "clasp": 0.1,
                "surface": 0.1, "scene": 0.1, "body": 0.2,
            },
        ),
    }
)  # fmt: skip
