"""Triangle meshes as functions of faces: edges, neighbours, components, loops, paths, normals.

Where a mesh comes as faces, numpy arrays and torch tensors are both taken.
"""

from typing import overload

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Faces = Int[np.ndarray, "faces 3"] | Int[Tensor, "faces 3"]


def edges(faces: Faces) -> Int[np.ndarray, "edges 2"]:
    """List each edge once, its lower vertex first, in rising order."""
    return np.unique(np.sort(_half_edges(faces), axis=1), axis=0)


def adjacency(faces: Faces, num_vertices: int) -> scipy.sparse.csr_array:
    """Say which vertices share an edge: a symmetric 0/1 matrix with an empty diagonal."""
    pairs = edges(faces)
    ends = np.concatenate([pairs, pairs[:, ::-1]]).T
    ones = np.ones(ends.shape[1], dtype=np.int64)
    return scipy.sparse.csr_array((ones, tuple(ends)), shape=(num_vertices, num_vertices))


def propagation_matrix(
    faces: Faces, num_vertices: int
) -> Float[Tensor, "{num_vertices} {num_vertices}"]:
    """Build the matrix A = I + W of the smoothness loss; W counts the faces at each edge.

    An edge inside the surface weighs 2 and one on its boundary 1, so that all entries together
    make 6 x faces + vertices.

    Returns:
        A dense float32 tensor: at 778 vertices one dense product serves a whole batch faster than
        sparse ones, and every device has it.
    """
    matrix = torch.eye(num_vertices)
    start, end = torch.from_numpy(_half_edges(faces).T)
    ones = torch.ones(len(start))
    matrix.index_put_((start, end), ones, accumulate=True)
    matrix.index_put_((end, start), ones, accumulate=True)
    return matrix


def connected_components(
    contact: Bool[np.ndarray, " vertices"], faces: Faces
) -> Int[np.ndarray, " vertices"]:
    """Number the connected patches of the marked vertices; two are joined if they share a face.

    Returns:
        The patch of each marked vertex, 0 upwards, and -1 where nothing is marked.
    """
    pairs = edges(faces)
    kept = pairs[contact[pairs].all(axis=1)]
    num_vertices = len(contact)
    ones = np.ones(len(kept), dtype=bool)
    graph = scipy.sparse.csr_array((ones, tuple(kept.T)), shape=(num_vertices, num_vertices))
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    patches = np.full(num_vertices, -1)
    patches[contact] = np.unique(labels[contact], return_inverse=True)[1]
    return patches


@overload
def remove_small_components(
    contact: Bool[np.ndarray, "*batch vertices"], faces: Faces, min_size: int
) -> Bool[np.ndarray, "*batch vertices"]: ...
@overload
def remove_small_components(
    contact: Bool[Tensor, "*batch vertices"], faces: Faces, min_size: int
) -> Bool[Tensor, "*batch vertices"]: ...
def remove_small_components(
    contact: Bool[np.ndarray, "*batch vertices"] | Bool[Tensor, "*batch vertices"],
    faces: Faces,
    min_size: int,
) -> Bool[np.ndarray, "*batch vertices"] | Bool[Tensor, "*batch vertices"]:
    """Unmark every connected patch of contact that has fewer than `min_size` vertices.

    With the faces of the closed hand, a patch may reach across the wrist opening.

    Returns:
        What is left, as a new array or tensor, whichever came in.
    """
    if isinstance(contact, Tensor):
        kept = remove_small_components(contact.cpu().numpy(), faces, min_size)
        return torch.from_numpy(kept).to(contact.device)
    kept = np.zeros_like(contact)
    for row in np.ndindex(contact.shape[:-1]):
        mask = contact[row]
        patches = connected_components(mask, faces)[mask]
        kept[row][mask] = np.bincount(patches)[patches] >= min_size
    return kept


def boundary_loops(faces: Faces) -> list[Int[np.ndarray, " loop"]]:
    """Walk along each open rim, in the direction in which the faces beside it run.

    Returns:
        The vertices of each rim in order, the lowest first; rims by their lowest vertex.

    Raises:
        ValueError: Two rims meet in one vertex, so that no walk is the right one.
    """
    half = _half_edges(faces)
    existing = set(map(tuple, half.tolist()))
    open_half = [(start, end) for start, end in half.tolist() if (end, start) not in existing]
    following = dict(open_half)
    if len(following) != len(open_half):
        raise ValueError("two open rims of the mesh meet in one vertex")
    loops = []
    while following:
        loop = [min(following)]
        while (vertex := following.pop(loop[-1])) != loop[0]:
            loop.append(vertex)
        loops.append(np.array(loop))
    return loops


def close_holes(faces: Faces) -> Int[np.ndarray, "closed 3"]:
    """Add a fan of triangles over each open rim, behind the faces that are there.

    A fan is wound as its neighbours are, and runs from the rim's lowest vertex, or the first one
    after it from where no triangle side lies on an edge that the mesh has already.

    Raises:
        ValueError: A rim cannot be closed by any fan.
    """
    corners = np.asarray(faces)
    existing = set(map(tuple, edges(faces).tolist()))
    fans = [corners]
    for loop in boundary_loops(faces):
        turned = (np.roll(loop, -start) for start in range(len(loop)))
        fan = next((ring for ring in turned if not _chords(ring) & existing), None)
        if fan is None:
            raise ValueError(f"no fan of triangles closes the rim at vertex {loop[0]}")
        first = np.full(len(fan) - 2, fan[0])
        fans.append(np.stack([first, fan[2:], fan[1:-1]], axis=1))
    return np.concatenate(fans).astype(corners.dtype)


def vertex_normals(
    vertices: Float[np.ndarray, "*batch vertices 3"], faces: Faces
) -> Float[np.ndarray, "*batch vertices 3"]:
    """Average the normals of the faces at each vertex, weighed by their areas.

    Returns:
        Unit vectors that point out of a surface whose faces run anticlockwise seen from outside;
        zero where no face of any area is.
    """
    corners = np.asarray(faces)
    first, second, third = (vertices[..., corners[:, i], :] for i in range(3))
    face_normals = np.cross(second - first, third - first)
    normals = _sum_at_corners(face_normals, corners, vertices.shape[-2])
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals / np.where(length > 0, length, 1)


def geodesic_distances(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Faces,
    sources: Int[np.ndarray, " sources"] | None = None,
) -> Float[np.ndarray, "sources_or_vertices vertices"]:
    """Measure the shortest way along edges from each source to every vertex.

    Such a way is a little longer than the shortest one across the faces.

    Args:
        vertices: The surface, metres.
        faces: Its triangles.
        sources: Where the ways begin; every vertex if None.

    Returns:
        Metres, one row a source; infinite where no way leads.
    """
    return path_lengths(vertices, edges(faces), sources)


def path_lengths(
    points: Float[np.ndarray, "points 3"],
    pairs: Int[np.ndarray, "pairs 2"],
    sources: Int[np.ndarray, " sources"] | None = None,
) -> Float[np.ndarray, "sources_or_points points"]:
    """Measure the shortest way from each source to every point by steps between joined points.

    Args:
        points: Positions, metres.
        pairs: Which points are joined, each pair once.
        sources: Where the ways begin; every point if None.

    Returns:
        Metres, one row a source; infinite where no way leads.
    """
    lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1).astype(np.float64)
    graph = scipy.sparse.csr_array((lengths, tuple(pairs.T)), shape=(len(points), len(points)))
    return scipy.sparse.csgraph.dijkstra(graph, directed=False, indices=sources)


def _chords(ring: Int[np.ndarray, " ring"]) -> set[tuple[int, int]]:
    """List the edges that a fan from the ring's first vertex would add."""
    start, *others = ring.tolist()
    return {(min(start, end), max(start, end)) for end in others[1:-1]}


def _sum_at_corners(
    values: Float[np.ndarray, "*batch faces 3"], corners: Int[np.ndarray, "faces 3"], count: int
) -> Float[np.ndarray, "*batch {count} 3"]:
    num_faces = len(corners)
    ones = np.ones(corners.size, dtype=values.dtype)
    places = corners.T.ravel(), np.tile(np.arange(num_faces), 3)
    corner_of = scipy.sparse.csr_array((ones, places), shape=(count, num_faces))
    columns = np.moveaxis(values, -2, 0)
    sums = corner_of @ columns.reshape(num_faces, -1)
    return np.moveaxis(sums.reshape(count, *columns.shape[1:]), 0, -2)


def _half_edges(faces: Faces) -> Int[np.ndarray, "half_edges 2"]:
    corners = np.asarray(faces).astype(np.int64)
    return np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
