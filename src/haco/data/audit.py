"""What the labels of a dataset amount to under each rule, computed from its own geometry.

Every set is asked the same questions: how much touches, how far its own rule is from the one for
all, and how far its shipped labels are from what its meshes say.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float32

from haco.data.checks import has_truth, read_sample
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.label_store import SURE_CONTACT
from haco.data.readers.common import GeometryReader, Reader
from haco.data.shards import Fault, Progress
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS, contact_from_distance
from haco.types import NUM_VERTICES, Sample

PAPER_RATIOS: Mapping[str, float] = MappingProxyType(
    {"dexycb": 2.7, "interhand26m": 19.5, "decaf": 21.7}
)
"""Non-contact vertices to one contact vertex, as the paper (arXiv 2505.11152) states them."""
RULES: Mapping[str, tuple[float, bool]] = MappingProxyType(
    {
        "5 mm": (0.005, False),
        "10 mm": (0.010, False),
        "19 mm": (0.019, False),
        "harmonised": (PROTOCOLS["harmonised"].threshold("*"), True),
    }
)
"""Metres, and whether deeper vertices count. The first three are those of the paper's sets: two
hands; objects and scenes; MOW, whose 35 mm are about 19 at the hand's true scale."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gathered:
    """Some hands of a set."""

    name: str
    num: int
    """Hands that the set lists."""
    distance: Float32[np.ndarray, "hands vertices"]
    """Signed, metres; NaN where unknown."""
    shipped: Bool[np.ndarray, "hands vertices"]
    """Bits that came with the set."""
    shipped_known: Bool[np.ndarray, "hands vertices"]
    interactions: tuple[str, ...]
    faults: tuple[Fault, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tally:
    """What one rule makes of the hands."""

    contact: int
    known: int
    vertices: int
    touching: float
    """Share of the hands that touch anything."""
    frequency: tuple[float, ...]
    """Of contact at each vertex, among the hands for which it is known; 0 where it never is."""

    @property
    def share(self) -> float:
        """Share of the known vertices that touch."""
        return self.contact / self.known if self.known else float("nan")

    @property
    def ratio(self) -> float:
        """Non-contact vertices to one contact vertex; infinite if none touches."""
        return (self.known - self.contact) / self.contact if self.contact else float("inf")

    @property
    def unknown(self) -> float:
        """Share of the vertices of which nothing is known."""
        return 1 - self.known / self.vertices


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two ways to label the same hands differ, where both know."""

    differing: float
    """Share of the vertices on which they differ."""
    iou: float
    """Vertices in contact by both, over those by either; 1 if there are none."""
    first_only: float
    """Share of the first one's contact that the second lacks; 0 if the first has none."""
    second_only: float
    """Share of the second one's contact that the first lacks."""


def gather(
    reader: Reader, name: str, *, num: int, seed: int, progress: Progress | None = None
) -> Gathered:
    """Draw hands of a set at random, and compute the distances of those that have geometry.

    Args:
        reader: The set; what has labels by `haco data label` is not computed again.
        name: Of the set.
        num: How many hands at most.
        seed: Of the draw.
        progress: Called with hands done and hands in all.

    Raises:
        InputError: No hand of them can be used.
    """
    drawn = np.random.default_rng(seed).permutation(len(reader))[:num]
    surfaces, faults, rows = SurfaceCache(), [], []
    for done, index in enumerate(sorted(drawn.tolist()), 1):
        sample, key, why = read_sample(reader, index)
        try:
            if sample is not None:
                rows.append((_distance(reader, index, sample, surfaces), sample))
        except (OSError, LookupError, ValueError) as error:
            why = str(error)
        if why:
            faults.append(Fault(index=index, key=key, why=why))
        if progress is not None:
            progress(done, len(drawn))
    if not rows:
        raise InputError(f"{name}: none of {len(drawn)} hands can be used, as: {faults[0].why}")
    bits = [_bits(sample) for _, sample in rows]
    return Gathered(
        name=name,
        num=len(reader),
        distance=np.stack([distance for distance, _ in rows]).astype(np.float32),
        shipped=np.stack([contact for contact, _ in bits]),
        shipped_known=np.stack([known for _, known in bits]),
        interactions=tuple(sample.interaction for _, sample in rows),
        faults=tuple(faults),
    )


def tally(contact: Bool[np.ndarray, "hands vertices"], known: np.ndarray) -> Tally:
    """Count what one way of labelling makes of hands."""
    touches = contact & known
    times = known.sum(axis=0)
    return Tally(
        contact=int(touches.sum()),
        known=int(known.sum()),
        vertices=known.size,
        touching=float(touches.any(axis=1).mean()),
        frequency=tuple((touches.sum(axis=0) / np.maximum(times, 1)).tolist()),
    )


def compare(
    first: Bool[np.ndarray, "hands vertices"],
    second: Bool[np.ndarray, "hands vertices"],
    known: Bool[np.ndarray, "hands vertices"],
) -> Agreement:
    """Compare two ways to label hands at the vertices that both know."""
    one, two = first[known], second[known]
    both, either = (one & two).sum(), (one | two).sum()
    return Agreement(
        differing=float((one != two).mean()) if len(one) else float("nan"),
        iou=float(both / either) if either else 1.0,
        first_only=float(1 - both / one.sum()) if one.any() else 0.0,
        second_only=float(1 - both / two.sum()) if two.any() else 0.0,
    )


def by_paper(gathered: Gathered) -> Bool[np.ndarray, "hands vertices"] | None:
    """Cut the distances under the paper's rule for this set; None if it has none for it."""
    dataset, paper = gathered.name.partition("/")[0], PROTOCOLS["paper"]
    try:
        cut = [
            paper.contact(row, dataset, kind)
            for row, kind in zip(gathered.distance, gathered.interactions, strict=True)
        ]
    except InputError:
        return None
    return np.stack(cut)


def by_rule(gathered: Gathered, rule: str) -> Bool[np.ndarray, "hands vertices"]:
    """Cut the distances under one of `RULES`."""
    threshold, inside_counts = RULES[rule]
    return contact_from_distance(gathered.distance, threshold, inside_counts=inside_counts)


def _distance(
    reader: Reader, index: int, sample: Sample, surfaces: SurfaceCache
) -> Float32[np.ndarray, " vertices"]:
    if sample.distance is not None:
        valid = True if sample.valid is None else sample.valid
        return np.where(valid, sample.distance, np.nan).astype(np.float32)
    scene = reader.scene(index) if isinstance(reader, GeometryReader) else None
    if scene is None:
        return np.full(NUM_VERTICES, np.nan, np.float32)
    found = vertex_distances(scene, surfaces)
    known = found.side_known | (found.distance < SURE_CONTACT)
    return np.where(known, found.distance, np.nan).astype(np.float32)


def _bits(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Give the bits that came with a sample, and where they are known."""
    if sample.contact is None or not has_truth(sample):
        return np.zeros(NUM_VERTICES, bool), np.zeros(NUM_VERTICES, bool)
    # With computed labels beside them, `valid` speaks of those.
    if sample.valid is None or sample.distance is not None:
        return sample.contact, np.ones(NUM_VERTICES, bool)
    return sample.contact, sample.valid
