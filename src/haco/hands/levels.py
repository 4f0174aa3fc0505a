"""Coarser versions of a hand's surface: clusters of vertices, and the rows that average them."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from haco.geometry.mesh import Faces, edges, path_lengths
from haco.hands.skeleton import FINGER_JOINTS, finger_lines, finger_of_vertices, place_along


def regressor_of_clusters(
    cluster: Int[np.ndarray, " vertices"],
) -> Float[Tensor, "clusters vertices"]:
    """Turn each vertex's cluster number into rows that average a cluster's vertices."""
    return regressor_of_members(np.arange(cluster.max() + 1)[:, None] == cluster)


def regressor_of_members(
    members: Bool[np.ndarray, "clusters vertices"],
) -> Float[Tensor, "clusters vertices"]:
    """Turn each cluster's membership into a row that averages its vertices.

    No entry is negative, so `regressor @ contact > 0` says that some vertex of a cluster touches.

    Raises:
        ValueError: A cluster has no vertex.
    """
    sizes = members.sum(axis=1, keepdims=True)
    if not sizes.all():
        raise ValueError(f"cluster {int(sizes.argmin())} has no vertex")
    return torch.tensor(members / sizes, dtype=torch.float32)


def derive_clusters(
    vertices: Float[np.ndarray, "vertices 3"], faces: Faces, sizes: tuple[int, ...]
) -> list[Int[np.ndarray, " vertices"]]:
    """Cut a connected surface into connected clusters of about equal extent, level inside level.

    Seeds are drawn one by one, each as far along the edges from the earlier ones as can be,
    beginning with vertex 0; a vertex belongs to its nearest seed. A coarser level does the same
    with the clusters of the finer one, which lie where their seeds are and are joined where an edge
    joins them.

    Args:
        vertices: The surface, metres.
        faces: Its triangles.
        sizes: How many clusters each level has, falling.

    Returns:
        For each level the cluster of each vertex.
    """
    points, pairs = vertices, edges(faces)
    cluster = np.arange(len(vertices))
    clusters = []
    for size in sizes:
        distances = path_lengths(points, pairs)
        seeds = _spread(distances, size)
        of_point = distances[seeds].argmin(axis=0)
        cluster = of_point[cluster]
        clusters.append(cluster)
        joined = np.sort(of_point[pairs], axis=1)
        points, pairs = points[seeds], np.unique(joined[joined[:, 0] < joined[:, 1]], axis=0)
    return clusters


def derive_keypoint_clusters(
    vertices: Float[np.ndarray, "vertices 3"],
    lbs_weights: Float[np.ndarray, "vertices 16"],
    joints: Float[np.ndarray, "16 3"],
    tips: Float[np.ndarray, "5 3"],
) -> Bool[np.ndarray, "21 vertices"]:
    """Share a hand's vertices among its 21 keypoints.

    A finger's vertex goes to the nearest of the finger's keypoints along its bones; a palm's to
    the nearest of the wrist and the five finger bases.
    """
    roots = joints[[0, *(chain[0] for chain in FINGER_JOINTS)]]
    to_root = np.linalg.norm(vertices[:, None] - roots, axis=2).argmin(axis=1)
    cluster = np.where(to_root == 0, 0, 4 * to_root - 3)
    finger = finger_of_vertices(lbs_weights)
    for k, line in enumerate(finger_lines(joints, tips)):
        along = place_along(vertices[finger == k], line)
        cluster[finger == k] = 1 + 4 * k + np.rint(along).clip(0, 3).astype(np.int64)
    return np.arange(21)[:, None] == cluster


def _spread(distances: Float[np.ndarray, "points points"], count: int) -> list[int]:
    """Choose points one by one, from point 0 on, each the farthest from those before it."""
    seeds = [0]
    gaps = distances[0]
    while len(seeds) < count:
        seeds.append(int(gaps.argmax()))
        gaps = np.minimum(gaps, distances[seeds[-1]])
    return seeds
