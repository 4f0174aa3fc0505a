"""Thin out a disc-shaped mesh by half-edge collapses: what is left is a subset of its vertices.

The cost is a quadric error (Garland and Heckbert 1997) plus a term that keeps edges even. A disc of
V vertices with b edges on its rim has 2V - b - 2 faces, so fixing V and b fixes the face count.
"""

import heapq

import numpy as np

EVENNESS = 1.0
RIM_WEIGHT = 10.0
RIM_DISCOUNT = 1e-4
MIN_SHAPE = 0.12
MAX_VALENCE = 11


class Collapser:
    """A triangle mesh with one rim that is thinned in steps."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, importance: np.ndarray):
        """Start from the whole mesh.

        Args:
            vertices: (V, 3) in centimetres.
            faces: (F, 3), a disc.
            importance: (V,) factor on the cost of removing each vertex.
        """
        self.positions = vertices
        self.importance = importance
        self.faces: dict[int, tuple[int, int, int]] = {
            i: (int(a), int(b), int(c)) for i, (a, b, c) in enumerate(faces)
        }
        self._ring: dict[int, set[int]] = {}
        for number, face in self.faces.items():
            for vertex in face:
                self._ring.setdefault(vertex, set()).add(number)
        self._quadrics = self._first_quadrics()
        self._age = dict.fromkeys(self._ring, 0)
        self.rim = {v for a, b in self._rim_edges() for v in (a, b)}

    def collapse_to(self, num_vertices: int, num_rim: int, *, min_turn: float = 0.15) -> None:
        """Remove the cheapest vertices until so many are left, with so many on the rim.

        Args:
            num_vertices: Vertices to keep.
            num_rim: How many of them on the rim.
            min_turn: Least cosine between a face's normal before and after a collapse.

        Raises:
            RuntimeError: No further collapse is legal.
        """
        heap: list[tuple[float, int, int, int, int]] = []
        for vertex in sorted(self._ring):
            self._push_around(heap, vertex)
        while len(self._ring) > num_vertices or len(self.rim) > num_rim:
            if not heap:
                raise RuntimeError(
                    f"stuck at {len(self._ring)} vertices, {len(self.rim)} on the rim, "
                    f"on the way to {num_vertices} and {num_rim}; change the limits"
                )
            _, gone, kept, age_gone, age_kept = heapq.heappop(heap)
            if self._age.get(gone) != age_gone or self._age.get(kept) != age_kept:
                continue
            if gone in self.rim and len(self.rim) <= num_rim:
                continue
            if gone not in self.rim and len(self._ring) - len(self.rim) <= num_vertices - num_rim:
                continue
            if self._is_legal(gone, kept, min_turn):
                self._collapse(gone, kept)
                for neighbour in sorted(self._neighbours(kept) | {kept}):
                    self._age[neighbour] += 1
                for neighbour in sorted(self._neighbours(kept) | {kept}):
                    self._push_around(heap, neighbour)

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kept vertices' old numbers, ascending, and the faces in old numbers."""
        faces = [self.faces[number] for number in sorted(self.faces)]
        return np.array(sorted(self._ring)), np.array(faces)

    def _first_quadrics(self) -> np.ndarray:
        quadrics = np.zeros((len(self.positions), 4, 4))
        for face in self.faces.values():
            normal = self._normal(face)
            area = np.linalg.norm(normal) / 2
            if area > 0:
                plane = _plane(normal, self.positions[face[0]])
                quadrics[list(face)] += area * np.outer(plane, plane)
        for a, b in self._rim_edges():
            (number,) = self._ring[a] & self._ring[b]
            edge = self.positions[b] - self.positions[a]
            across = np.cross(edge, self._normal(self.faces[number]))
            plane = _plane(across, self.positions[a])
            quadrics[[a, b]] += RIM_WEIGHT * (edge @ edge) * np.outer(plane, plane)
        return quadrics

    def _rim_edges(self) -> list[tuple[int, int]]:
        halves = {half for a, b, c in self.faces.values() for half in ((a, b), (b, c), (c, a))}
        return sorted((a, b) for a, b in halves if (b, a) not in halves)

    def _normal(self, face: tuple[int, int, int]) -> np.ndarray:
        a, b, c = self.positions[list(face)]
        return np.cross(b - a, c - a)

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for number in self._ring[vertex] for v in self.faces[number]} - {vertex}

    def _push_around(self, heap: list[tuple[float, int, int, int, int]], vertex: int) -> None:
        for other in sorted(self._neighbours(vertex)):
            for gone, kept in ((vertex, other), (other, vertex)):
                entry = (self._cost(gone, kept), gone, kept, self._age[gone], self._age[kept])
                heapq.heappush(heap, entry)

    def _cost(self, gone: int, kept: int) -> float:
        target = np.append(self.positions[kept], 1.0)
        error = target @ (self._quadrics[gone] + self._quadrics[kept]) @ target
        length = np.linalg.norm(self.positions[gone] - self.positions[kept])
        cost = (error + EVENNESS * length**4) * self.importance[gone]
        return float(cost * RIM_DISCOUNT if gone in self.rim else cost)

    def _is_legal(self, gone: int, kept: int, min_turn: float) -> bool:
        """Tell whether a collapse keeps a disc of well-shaped faces that do not turn over."""
        shared_faces = self._ring[gone] & self._ring[kept]
        if gone in self.rim and not (kept in self.rim and len(shared_faces) == 1):
            return False  # a rim vertex may only slide along the rim
        shared = self._neighbours(gone) & self._neighbours(kept)
        if len(shared) != len(shared_faces):
            return False  # the link condition: otherwise two sheets would be glued together
        if any(len(self._ring[v]) <= (1 if v in self.rim else 3) for v in shared):
            return False
        around = self._neighbours(gone) | self._neighbours(kept)
        if len(around) - 2 > MAX_VALENCE:
            return False
        return all(
            self._stays_sound(self.faces[number], gone, kept, min_turn)
            for number in self._ring[gone] - shared_faces
        )

    def _stays_sound(
        self, face: tuple[int, int, int], gone: int, kept: int, min_turn: float
    ) -> bool:
        moved = _renamed(face, gone, kept)
        old, new = self._normal(face), self._normal(moved)
        sizes = np.linalg.norm(old) * np.linalg.norm(new)
        if sizes == 0 or old @ new <= min_turn * sizes:
            return False
        corners = self.positions[list(moved)]
        longest = ((corners - np.roll(corners, 1, axis=0)) ** 2).sum(axis=1).max()
        return bool(np.linalg.norm(new) >= MIN_SHAPE * longest)

    def _collapse(self, gone: int, kept: int) -> None:
        for number in sorted(self._ring[gone]):
            face = self.faces[number]
            if kept in face:
                for vertex in face:
                    self._ring[vertex].discard(number)
                del self.faces[number]
            else:
                self.faces[number] = _renamed(face, gone, kept)
                self._ring[kept].add(number)
        del self._ring[gone], self._age[gone]
        self.rim.discard(gone)
        self._quadrics[kept] += self._quadrics[gone]


def _plane(normal: np.ndarray, point: np.ndarray) -> np.ndarray:
    unit = normal / np.linalg.norm(normal)
    return np.append(unit, -unit @ point)


def _renamed(face: tuple[int, int, int], gone: int, kept: int) -> tuple[int, int, int]:
    a, b, c = (kept if vertex == gone else vertex for vertex in face)
    return (a, b, c)
