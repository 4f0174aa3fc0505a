"""A hand's palm and back, drawn again and again in other colours: quick enough for video."""

import numpy as np
from jaxtyping import Float, Int, UInt8

from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import rasterize
from haco.hands.model import HandModel
from haco.pictures.colours import probability_colours

_PALM = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_BACK = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


class HandMap:
    """Where every vertex is seen on small pictures of palm and back; colouring is all that is left.

    In the hand's frame the fingers point to -x, the thumb to +z and the palm faces -y.
    """

    def __init__(self, hand: HandModel, height: int):
        """Lay out the pictures.

        Args:
            hand: The right hand.
            height: Pixels of a picture; the width is three quarters of it.
        """
        self._size = (height, height * 3 // 4)
        vertices, faces = hand.template.double().numpy(), hand.closed_faces.numpy()
        self._views = [self._view(vertices, faces, *map(np.array, v)) for v in (_PALM, _BACK)]

    def draw(
        self, probability: Float[np.ndarray, " vertices"], *, mirrored: bool
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Draw palm and back side by side, coloured by the probability of touch.

        Args:
            probability: 0 to 1, one a vertex.
            mirrored: Whether it is a left hand.
        """
        colours = probability_colours(probability.astype(np.float64))
        return np.hstack([self._colour(colours, *view, mirrored) for view in self._views])

    def _view(
        self,
        vertices: Float[np.ndarray, "vertices 3"],
        faces: Int[np.ndarray, "faces 3"],
        sight: Float[np.ndarray, "3"],
        right: Float[np.ndarray, "3"],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        height, width = self._size
        flat = np.stack([vertices @ right, vertices[:, 0]], axis=-1)
        low, high = flat.min(axis=0), flat.max(axis=0)
        scale = 0.94 * (np.array([width, height]) / (high - low)).min()
        pixels = (flat - (low + high) / 2) * scale + np.array([width - 1, height - 1]) / 2
        points = np.column_stack([pixels, vertices @ sight])
        fragments = rasterize(points, faces, height, width, perspective=False)
        covered = fragments.face_index >= 0
        light = 0.5 + 0.5 * np.clip(vertex_normals(vertices, faces) @ -sight, 0, 1)
        corners = faces[fragments.face_index[covered]]
        return covered, corners, fragments.barycentric[covered] * light[corners]

    def _colour(
        self,
        colours: Float[np.ndarray, "vertices 3"],
        covered: np.ndarray,
        corners: np.ndarray,
        shares: np.ndarray,
        mirrored: bool,  # noqa: FBT001
    ) -> UInt8[np.ndarray, "height width 3"]:
        picture = np.full((*self._size, 3), 255, np.uint8)
        picture[covered] = np.einsum("pk,pkc->pc", shares, colours[corners]).round()
        return picture[:, ::-1] if mirrored else picture
