"""Cut and refine a triangle mesh so that each new vertex is a linear mix of old ones.

Because the mix is linear, whatever the old vertices carry (each person's shape, skin weights, the
nail mask) follows onto the new mesh by one matrix product.
"""

import numpy as np


class MixedSurface:
    """A growing triangle mesh whose vertices remember what they are mixed from."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray):
        self.positions = [np.asarray(vertex) for vertex in vertices]
        self.faces: set[tuple[int, int, int]] = set()
        self._num_old = len(vertices)
        self._births: list[tuple[int, int, float]] = []
        self._opposite: dict[tuple[int, int], int] = {}
        for a, b, c in faces:
            self._link((int(a), int(b), int(c)))

    def split_at_plane(self, x: float) -> None:
        """Split every edge that crosses the plane at `x`, so that no face crosses it."""
        position = np.array(self.positions)[:, 0] - x
        crossing = [edge for edge in self._edges() if position[edge[0]] * position[edge[1]] < 0]
        for a, b in crossing:
            self._split(a, b, position[a] / (position[a] - position[b]))

    def split_long_edges(self, longest: float, *, beyond: float, up_to: float) -> None:
        """Halve edges, the longest first, until none between two planes exceeds a length.

        Args:
            longest: Greatest length that an edge may keep, metres.
            beyond: Only edges with both ends at or above this x are split.
            up_to: Only edges with both ends at or below this x are split.
        """
        while True:
            edges = np.array(self._edges())
            positions = np.array(self.positions)
            length = np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)
            x = positions[:, 0][edges]
            inside = (x.min(axis=1) >= beyond) & (x.max(axis=1) <= up_to)
            too_long = np.flatnonzero((length > longest) & inside)
            if len(too_long) == 0:
                return
            touched: set[int] = set()
            for index in too_long[np.argsort(-length[too_long], kind="stable")]:
                a, b = (int(end) for end in edges[index])
                corners = {a, b, *self._opposites(a, b)}
                if not corners & touched:  # its faces are as they were when lengths were taken
                    touched |= corners
                    self._split(a, b, 0.5)

    def drop_beyond(self, x: float) -> None:
        """Leave out the faces that reach beyond `x`; a plane must have been split there."""
        kept = [f for f in self.faces if max(self.positions[v][0] for v in f) <= x + 1e-9]
        self.faces = set()
        self._opposite = {}
        for face in kept:
            self._link(face)

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mix of the vertices in use (R, old vertices) and the faces (F, 3) on them."""
        mix = np.eye(self._num_old)
        mix = np.concatenate([mix, np.zeros((len(self._births), self._num_old))])
        for row, (a, b, share) in enumerate(self._births, start=self._num_old):
            mix[row] = (1 - share) * mix[a] + share * mix[b]
        used, faces = np.unique(np.array(sorted(self.faces)), return_inverse=True)
        return mix[used], faces.reshape(-1, 3)

    def _edges(self) -> list[tuple[int, int]]:
        return sorted({(min(a, b), max(a, b)) for a, b in self._opposite})

    def _opposites(self, a: int, b: int) -> list[int]:
        """Return the third corners of the one or two faces on an edge."""
        return [self._opposite[edge] for edge in ((a, b), (b, a)) if edge in self._opposite]

    def _split(self, a: int, b: int, share: float) -> None:
        """Put a vertex on an edge, `share` of the way from a to b, and halve the edge's faces."""
        middle = len(self.positions)
        self.positions.append((1 - share) * self.positions[a] + share * self.positions[b])
        self._births.append((a, b, share))
        for start, end in ((a, b), (b, a)):
            third = self._opposite.get((start, end))
            if third is not None:
                self._unlink((start, end, third))
                self._link((start, middle, third))
                self._link((middle, end, third))

    def _link(self, face: tuple[int, int, int]) -> None:
        a, b, c = face
        self._opposite.update({(a, b): c, (b, c): a, (c, a): b})
        self.faces.add(_rolled(face))

    def _unlink(self, face: tuple[int, int, int]) -> None:
        a, b, c = face
        for edge in ((a, b), (b, c), (c, a)):
            del self._opposite[edge]
        self.faces.remove(_rolled(face))


def _rolled(face: tuple[int, int, int]) -> tuple[int, int, int]:
    """Turn a face so that its least corner comes first; the winding stays."""
    first = face.index(min(face))
    a, b, c = face[first:] + face[:first]
    return (a, b, c)
