"""What each pixel of a made picture sees: a kind of thing and, on the labelled hand, which part."""

import functools

import numpy as np
from jaxtyping import UInt8
from scipy.spatial import KDTree

from haco.geometry.raster import rasterize
from haco.hands.open_hand import open_hand_arrays
from haco.synth.engine import Drawn
from haco.synth.looks.parts import Part
from haco.synth.looks.scenes import join_meshes, to_pixels
from haco.synth.truth import SEGMENTS, truth_of

NUM_SEGMENTS = len(SEGMENTS)
NUM_PARTS = 37
"""The open hand's 36 named parts, and last whatever is not the hand."""


def draw_masks(drawn: Drawn, size: int) -> UInt8[np.ndarray, "2 size size"]:
    """Draw the masks of one sample.

    Args:
        drawn: Of `draw_all`.
        size: Pixels along each side.

    Returns:
        The same pixels as the sample's picture: an index into `SEGMENTS`; and an index into the
        open hand's `part_names`, `NUM_PARTS - 1` where the labelled hand is not seen.
    """
    scene = drawn.scene
    segments = truth_of(drawn, size).segments
    vertices, faces = join_meshes(scene.parts)
    seen = rasterize(to_pixels(vertices, scene.view.intrinsics(size)), faces, size, size).face_index
    if drawn.is_left:
        seen = seen[:, ::-1]
    of_face = _parts_of_faces(scene.parts[0])
    is_hand = (segments == SEGMENTS.index("hand")) & (seen < len(of_face))  # not another's hand
    parts = np.full((size, size), NUM_PARTS - 1, np.uint8)
    parts[is_hand] = of_face[seen[is_hand]]
    return np.stack([segments, parts])


def _parts_of_faces(hand: Part) -> UInt8[np.ndarray, " faces"]:
    """Give each face of the drawn hand the part of the label vertex nearest to its first corner."""
    _, nearest = _label_tree().query(hand.rest)
    return open_hand_arrays().part_index[nearest][hand.faces[:, 0]].astype(np.uint8)


@functools.cache
def _label_tree() -> KDTree:
    return KDTree(open_hand_arrays().template)
