"""What every reader is, and what it gives to those who compute contact from geometry."""

import dataclasses
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from haco.types import Sample


@runtime_checkable
class Reader(Protocol):
    """A source of samples by number: opening it lists them, indexing it reads one."""

    def __len__(self) -> int:
        """Count the samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read one sample; an `IndexError` beyond the last."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """A surface that a hand may touch: a mesh at rest, and where it lies in the scene."""

    key: str
    """Names the mesh at rest, such as `ycb/003_cracker_box`; one key, one mesh, so that its search
    tree is built once. A mesh that changes from frame to frame has the frame in its key."""
    vertices: Float[np.ndarray, "vertices 3"]
    """At rest, metres."""
    faces: Int[np.ndarray, "faces 3"]
    T_scene_target: Float[np.ndarray, "4 4"]
    """Rigid: takes the mesh at rest into the scene's frame, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """The geometry of one sample: the hand, and everything that counts as touched by it."""

    vertices: Float[np.ndarray, "778 3"]
    """Hand surface in the scene's frame (the set's own, undistorted and to scale), metres."""
    targets: tuple[Target, ...]
    """Object, other hand, body: as the set has them; none if nothing is near."""


@runtime_checkable
class GeometryReader(Protocol):
    """A reader whose contact can be computed, since it has meshes of hand and target."""

    def __len__(self) -> int:
        """Count the samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read one sample."""
        ...

    def scene(self, index: int) -> Scene | None:
        """Give the geometry of one sample; None where the set has none for it."""
        ...
