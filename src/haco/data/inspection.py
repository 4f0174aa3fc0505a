"""Read samples at random for a while: what cannot be used, and a few good ones to look at."""

import dataclasses
import time

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.spatial.transform import Rotation

from haco.data.checks import read_sample
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.label_store import SURE_CONTACT
from haco.data.readers.common import GeometryReader, Reader, Scene, rigid
from haco.data.shards import Fault, Progress
from haco.geometry.camera import transform_points
from haco.types import Sample

_ALIKE = 0.002  # Metres by which a hand's surface may differ between camera and scene.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Things:
    """What a hand may touch, in the frame of the sample's camera."""

    vertices: Float[np.ndarray, "vertices 3"]
    """Metres."""
    faces: Int[np.ndarray, "faces 3"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """One sample with what its geometry says."""

    sample: Sample
    distance: Float64[np.ndarray, " vertices"] | None
    """From the sample's own labels or else from its geometry; NaN where unknown; metres."""
    things: Things | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was read, what was wrong, and samples to look at."""

    num: int
    """Samples that the dataset lists."""
    num_read: int
    faults: list[Fault]
    seen: list[Seen]

    @property
    def most_faulty(self) -> float:
        """Share of all samples that may be faulty at most, if none read was (95 % sure)."""
        return 0.0 if self.num_read == self.num else min(1.0, 3 / max(self.num_read, 1))


def inspect_samples(
    reader: Reader, *, seconds: float, num_seen: int, seed: int, progress: Progress | None = None
) -> Inspection:
    """Read samples in random order until time is up or all are read.

    Args:
        reader: What to read.
        seconds: Time for it; `num_seen` samples are tried in any case.
        num_seen: How many good samples to keep for looking at.
        seed: Of the order.
        progress: Called with samples read and samples in all.
    """
    end = time.monotonic() + seconds
    faults, seen, num_read = [], [], 0
    surfaces = SurfaceCache()
    for index in np.random.default_rng(seed).permutation(len(reader)).tolist():
        if num_read >= num_seen and time.monotonic() > end:
            break
        num_read += 1
        sample, key, why = read_sample(reader, index)
        if sample is not None and len(seen) < num_seen:
            try:
                seen.append(_look(reader, index, sample, surfaces))
            except (OSError, LookupError, ValueError) as error:
                why = str(error)
        if why:
            faults.append(Fault(index=index, key=key, why=why))
        if progress is not None:
            progress(num_read, len(reader))
    return Inspection(num=len(reader), num_read=num_read, faults=faults, seen=seen)


def _look(reader: Reader, index: int, sample: Sample, surfaces: SurfaceCache) -> Seen:
    scene = reader.scene(index) if isinstance(reader, GeometryReader) else None
    distance = None
    if sample.distance is not None:
        distance = sample.distance.astype(np.float64)
        if sample.valid is not None:
            distance[~sample.valid] = np.nan
    elif scene is not None and sample.contact is None:
        found = vertex_distances(scene, surfaces)
        known = found.side_known | (found.distance < SURE_CONTACT)
        distance = np.where(known, found.distance, np.nan)
    return Seen(sample=sample, distance=distance, things=_things(sample, scene))


def _things(sample: Sample, scene: Scene | None) -> Things | None:
    """Carry the targets into the camera's frame, by the hand that is known in both."""
    if scene is None or sample.vertices is None or not scene.targets:
        return None
    T_camera_scene = _alignment(scene.vertices, sample.vertices)
    off = transform_points(scene.vertices.astype(np.float64), T_camera_scene) - sample.vertices
    if np.abs(off).max() > _ALIKE:
        return None
    vertices, faces, start = [], [], 0
    for target in scene.targets:
        placed = transform_points(
            target.vertices.astype(np.float64), T_camera_scene @ target.T_scene_target
        )
        vertices.append(placed)
        faces.append(target.faces + start)
        start += len(placed)
    return Things(vertices=np.concatenate(vertices), faces=np.concatenate(faces))


def _alignment(
    points: Float[np.ndarray, "points 3"], places: Float[np.ndarray, "points 3"]
) -> Float64[np.ndarray, "4 4"]:
    """Find the rigid motion that carries points to places best."""
    from_middle, to_middle = points.mean(axis=0), places.mean(axis=0)
    R = Rotation.align_vectors(places - to_middle, points - from_middle)[0].as_matrix()
    return rigid(R, to_middle - R @ from_middle)
