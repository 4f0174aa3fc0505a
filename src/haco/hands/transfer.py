"""Contact carried from one hand's vertices to another's: other topologies, other shapes.

The source is bent until its bones lie on the target's, then each target vertex reads the source's
surface where it is nearest and faces the same way. Nothing of the target is needed but its surface
and its 21 keypoints, so it works for MANO, for the hands of WebXR and for remeshed ones.
"""

import dataclasses

import igl
import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from haco.geometry.mesh import vertex_normals
from haco.hands.model import HandModel
from haco.hands.skeleton import FINGER_JOINTS

FACING = 0.015
"""Metres that an opposite direction of the surface weighs when the nearest place is looked for."""
_PALM = (0, 1, 5, 9, 13, 17)
"""Of the 21 keypoints: wrist and the five fingers' bases."""
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandMesh:
    """A hand's surface in some pose, and where its 21 keypoints are."""

    vertices: Float[np.ndarray, "vertices 3"]
    """Metres."""
    faces: Int[np.ndarray, "faces 3"]
    """Anticlockwise seen from outside."""
    keypoints: Float[np.ndarray, "21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip, metres."""

    def mirrored(self) -> "HandMesh":
        """Give the same hand of the other side."""
        return HandMesh(
            vertices=self.vertices * _MIRROR,
            faces=self.faces[:, ::-1],
            keypoints=self.keypoints * _MIRROR,
        )


def mesh_of(hand: HandModel) -> HandMesh:
    """Take a hand model at rest."""
    surface = hand()
    return HandMesh(
        vertices=surface.vertices.double().numpy(),
        faces=hand.closed_faces.numpy(),
        keypoints=surface.joints.double().numpy(),
    )


def transfer_matrix(source: HandModel, target: HandMesh) -> scipy.sparse.csr_array:
    """Find, for each vertex of a hand, where it is on another one.

    Args:
        source: The hand whose values are known, of the same side as `target`.
        target: The hand that is to get them, with open fingers.

    Returns:
        (target vertices, source vertices), rows of at most three weights that sum to one: multiply
        it by a value for each vertex of the source.
    """
    faces = source.closed_faces.numpy()
    bent = bent_to(source, target.keypoints)
    here = _placed(bent, vertex_normals(bent, faces))
    wanted = _placed(target.vertices, vertex_normals(target.vertices, target.faces))
    centres = here[faces].mean(axis=1)
    near = KDTree(centres).query(wanted, k=16)[1]
    chosen = np.zeros(len(wanted), np.int64)
    shares = np.zeros((len(wanted), 3))
    best = np.full(len(wanted), np.inf)
    for candidate in np.asarray(near).T:
        corners = faces[candidate]
        share = _nearest_share(target.vertices, *(bent[corners[:, k]] for k in range(3)))
        place = (share[..., None] * here[corners]).sum(axis=1)
        distance = np.linalg.norm(place - wanted, axis=1)
        better = distance < best
        chosen[better], shares[better], best[better] = (
            candidate[better],
            share[better],
            distance[better],
        )
    rows = np.repeat(np.arange(len(wanted)), 3)
    entries = (shares.ravel(), (rows, faces[chosen].ravel()))
    return scipy.sparse.csr_array(entries, shape=(len(wanted), len(bent)))


def bent_to(
    source: HandModel, keypoints: Float[np.ndarray, "21 3"]
) -> Float[np.ndarray, "vertices 3"]:
    """Bend, stretch and scale a hand at rest so that its keypoints lie where others do.

    Args:
        source: The hand.
        keypoints: Where they shall be, metres.

    Returns:
        Its vertices, blended by its skin weights.
    """
    rest = mesh_of(source)
    maps = _bone_maps(rest.keypoints, keypoints)
    points = np.concatenate([rest.vertices, np.ones((len(rest.vertices), 1))], axis=1)
    moved = np.einsum("jrc,vc->vjr", maps, points)
    return np.einsum("vj,vjr->vr", source.lbs_weights.double().numpy(), moved)


def _bone_maps(
    old: Float[np.ndarray, "21 3"], new: Float[np.ndarray, "21 3"]
) -> Float[np.ndarray, "16 3 4"]:
    """Give each joint the affine map that takes its bone from one place to the other."""
    sizes = [np.linalg.norm(k[list(_PALM)] - k[list(_PALM)].mean(axis=0)) for k in (old, new)]
    scale = float(sizes[1] / sizes[0])
    maps = np.zeros((16, 3, 4))
    maps[0] = _palm_map(old, new, scale)
    for finger, joints in enumerate(FINGER_JOINTS):
        for segment, joint in enumerate(joints):
            first = 1 + 4 * finger + segment
            before, after = (_bone_frame(k, finger, first) for k in (old, new))
            lengths = [np.linalg.norm(k[first + 1] - k[first]) for k in (old, new)]
            stretch = np.diag([float(lengths[1] / lengths[0]), scale, scale])
            linear = after.T @ stretch @ before
            maps[joint] = np.column_stack([linear, new[first] - linear @ old[first]])
    return maps


def _palm_map(old: np.ndarray, new: np.ndarray, scale: float) -> Float[np.ndarray, "3 4"]:
    """Fit the palm's map to its six keypoints, and to copies of them above and below it."""
    thickness = 0.02
    stacks = []
    for points, height in ((old, thickness), (new, thickness * scale)):
        palm, up = points[list(_PALM)], height * _palm_normal(points)
        stacks.append(np.concatenate([palm, palm + up, palm - up]))
    known = np.concatenate([stacks[0], np.ones((len(stacks[0]), 1))], axis=1)
    return np.linalg.lstsq(known, stacks[1], rcond=None)[0].T


def _bone_frame(points: np.ndarray, finger: int, first: int) -> Float[np.ndarray, "3 3"]:
    """Give a bone's axes as rows: along it, towards the palm's side, and across."""
    along = _unit(points[first + 1] - points[first])
    toward = points[5] - points[2] if finger == 0 else _palm_normal(points)
    side = _unit(toward - (toward @ along) * along)
    return np.stack([along, side, np.cross(along, side)])


def _palm_normal(points: np.ndarray) -> np.ndarray:
    return _unit(np.cross(points[5] - points[0], points[17] - points[0]))


def _placed(points: np.ndarray, normals: np.ndarray) -> Float[np.ndarray, "points 6"]:
    return np.concatenate([points, FACING / 2 * normals], axis=1)


def _nearest_share(
    points: np.ndarray, first: np.ndarray, second: np.ndarray, third: np.ndarray
) -> Float[np.ndarray, "points 3"]:
    """Give the barycentric place in each triangle near to each point: inside it, on its border."""
    share = igl.barycentric_coordinates(
        *(np.ascontiguousarray(p) for p in (points, first, second, third))
    )
    inside = np.asarray(share).clip(0, None)
    return inside / inside.sum(axis=1, keepdims=True)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
