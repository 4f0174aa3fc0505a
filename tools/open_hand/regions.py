"""Name the places of the hand: palm side and back, finger segments, palm regions, clusters."""

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from open_hand.skeleton import finger_joints, place_along
from open_hand.source import FINGERS

SEGMENTS = ("base", "middle", "tip")
PALM = ("palm_thenar", "palm_hypothenar", "palm_centre", "palm_fingers", "back", "wrist")
PART_NAMES = (
    *(f"{f}_{s}_{side}" for f in FINGERS for s in SEGMENTS for side in ("palmar", "dorsal")),
    *PALM,
)
# Where a finger parts from the palm, as a share of its first bone: at the web on the palm side,
# nearer to the knuckle on the back. The thumb's first bone lies in the palm for the most part.
FINGER_START = {"palmar": 0.45, "dorsal": 0.25}
THUMB_START = {"palmar": 0.5, "dorsal": 0.2}
WRIST_FROM = -0.008
KNUCKLE_PAD = 0.018
# Lines (x, z) in the palm that its regions gather around, metres.
PALM_LINES = (
    ("palm_thenar", (-0.012, 0.014), (-0.055, 0.036)),
    ("palm_hypothenar", (-0.012, -0.020), (-0.062, -0.033)),
    ("palm_centre", (-0.045, 0.000), (-0.080, 0.004)),
    ("palm_centre", (-0.072, 0.022), (-0.090, 0.026)),  # the web beside the index finger
)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return area-weighted unit normals, outward."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normals = np.zeros_like(vertices)
    np.add.at(normals, faces, np.cross(b - a, c - a)[:, None])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def edge_lengths(vertices: np.ndarray, faces: np.ndarray) -> csr_matrix:
    """Return the symmetric matrix of edge lengths."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    one_way = coo_matrix((length, edges.T), shape=(len(vertices),) * 2)
    return (one_way + one_way.T).tocsr()


def _edges_as_ones(vertices: np.ndarray, faces: np.ndarray) -> csr_matrix:
    lengths = edge_lengths(vertices, faces)
    return csr_matrix((np.ones(lengths.nnz), lengths.indices, lengths.indptr), lengths.shape)


def palm_facing(
    vertices: np.ndarray, faces: np.ndarray, weights: np.ndarray, palm_directions: np.ndarray
) -> np.ndarray:
    """Return (V,) in -1..1: how squarely each vertex looks to its own bone's palm side.

    Args:
        vertices: (V, 3)
        faces: (F, 3)
        weights: (V, 16) skin weights.
        palm_directions: (16, 3) of `skeleton.palm_directions`.
    """
    wanted = weights @ palm_directions
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    facing = (vertex_normals(vertices, faces) * wanted).sum(axis=1)
    joined = _edges_as_ones(vertices, faces)
    valence = joined @ np.ones(len(vertices))
    for _ in range(2):
        facing = 0.5 * facing + 0.5 * (joined @ facing) / valence
    return facing


def owner(weights: np.ndarray) -> np.ndarray:
    """Return (V,) the finger that moves each vertex most, 0 thumb to 4 little; -1 for the palm."""
    joint = weights.argmax(axis=1)
    fingers = np.full(16, -1)
    for finger in range(5):
        fingers[finger_joints(finger)] = finger
    return fingers[joint]


def part_index(
    vertices: np.ndarray, weights: np.ndarray, palmar: np.ndarray, lines: np.ndarray
) -> np.ndarray:
    """Give each vertex one of `PART_NAMES`.

    Args:
        vertices: (V, 3) label mesh, metres.
        weights: (V, 16)
        palmar: (V,) bool, on the palm side.
        lines: (5, 4, 3) of `skeleton.finger_lines`.
    """
    finger = owner(weights)
    index = np.zeros(len(vertices), dtype=np.int64)
    for vertex in range(len(vertices)):
        side = "palmar" if palmar[vertex] else "dorsal"
        name = _palm_part(vertices[vertex], side, lines)
        if finger[vertex] >= 0:
            along = place_along(vertices[vertex : vertex + 1], lines[finger[vertex]])[0]
            start = (THUMB_START if finger[vertex] == 0 else FINGER_START)[side]
            if along >= start:
                segment = SEGMENTS[min(int(along), 2)]
                name = f"{FINGERS[finger[vertex]]}_{segment}_{side}"
        index[vertex] = PART_NAMES.index(name)
    return index


def merge_islands(parts: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Leave each part its largest piece; smaller pieces join the part that borders them most.

    Args:
        parts: (V,) part of each vertex.
        vertices: (V, 3)
        faces: (F, 3)

    Returns:
        (V,) parts that are each connected along edges.
    """
    parts = parts.copy()
    joined = _edges_as_ones(vertices, faces)
    while True:
        islands = _islands(parts, joined)
        if not islands:
            return parts
        for island in islands:
            beside = np.setdiff1d(joined[island].indices, island)
            parts[island] = np.bincount(parts[beside]).argmax()


def _islands(parts: np.ndarray, joined: csr_matrix) -> list[np.ndarray]:
    """Return the pieces of every part that are not its largest."""
    islands = []
    for part in np.unique(parts):
        mine = np.flatnonzero(parts == part)
        count, piece = connected_components(joined[mine][:, mine], directed=False)
        largest = np.bincount(piece).argmax()
        islands += [mine[piece == i] for i in range(count) if i != largest]
    return islands


def _palm_part(vertex: np.ndarray, side: str, lines: np.ndarray) -> str:
    if vertex[0] > WRIST_FROM:
        return "wrist"
    if side == "dorsal":
        return "back"
    flat = vertex[[0, 2]]
    index_base, little_base = lines[1, 0, [0, 2]], lines[4, 0, [0, 2]]
    across = index_base - little_base
    to_wrist = np.array([across[1], -across[0]]) / np.linalg.norm(across)
    if (flat - little_base) @ to_wrist < KNUCKLE_PAD and flat[1] < index_base[1] + 0.014:
        return "palm_fingers"
    return min(PALM_LINES, key=lambda line: _gap(flat, np.array(line[1]), np.array(line[2])))[0]


def _gap(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    bone = end - start
    share = np.clip((point - start) @ bone / (bone @ bone), 0, 1)
    return float(np.linalg.norm(point - start - share * bone))


def joint_clusters(vertices: np.ndarray, weights: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Share the vertices among 21 joints: the wrist, then each finger's four, base to tip.

    A finger's vertex goes to the nearest of the finger's joints along its bones; a palm's vertex to
    the nearest of the wrist and the five base joints.

    Returns:
        (21, V) bool, each column with one True.
    """
    finger = owner(weights)
    bases = np.vstack([np.zeros(3), lines[:, 0]])
    to_base = ((vertices[:, None] - bases) ** 2).sum(axis=2).argmin(axis=1)
    cluster = np.where(to_base == 0, 0, 1 + 4 * (to_base - 1))
    for k in range(5):
        mine = finger == k
        along = np.clip(np.rint(place_along(vertices[mine], lines[k])), 0, 3).astype(int)
        cluster[mine] = 1 + 4 * k + along
    return np.arange(21)[:, None] == cluster


def nearest_kept(vertices: np.ndarray, faces: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return (V,) which of the kept vertices is nearest to each vertex by edge-path."""
    lengths = edge_lengths(vertices, faces)
    _, _, source = dijkstra(lengths, indices=kept, min_only=True, return_predecessors=True)
    return np.searchsorted(kept, source)
