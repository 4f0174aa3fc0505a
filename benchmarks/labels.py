"""Distance of 778 hand vertices to an object of 10,000 triangles, frame after frame, on one core.

Ours keeps one exact tree an object and moves the hand into its frame; beside it trimesh, and the
KD-tree over the object's vertices that is often used instead, which is wrong by millimetres.
"""

import time

import numpy as np
import scipy.spatial
import trimesh
from scipy.spatial.transform import Rotation

from benchmarks.timing import compare
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.readers.common import Scene, Target, rigid
from haco.geometry.camera import transform_points
from haco.hands.open_hand import open_hand_arrays

NUM_FRAMES, NUM_PLAIN = 100, 1


def main() -> float:
    """Compare on frames of a hand about a bottle-sized object; print rates and errors."""
    mesh = trimesh.creation.uv_sphere(radius=0.05, count=(26, 100))
    mesh.apply_scale([1.0, 0.8, 2.0])
    scenes = make_scenes(mesh, NUM_FRAMES)
    surfaces = SurfaceCache()
    few = scenes[:NUM_PLAIN]
    tree = scipy.spatial.cKDTree(mesh.vertices)

    def ours(chosen: list[Scene]) -> np.ndarray:
        return np.stack([vertex_distances(scene, surfaces).distance for scene in chosen])

    def by_trimesh(chosen: list[Scene]) -> np.ndarray:
        # Its naive way, without a sign: the other one needs the package rtree.
        naive = trimesh.proximity.closest_point_naive
        return np.stack([naive(mesh, in_object(scene))[1] for scene in chosen])

    def by_vertices(chosen: list[Scene]) -> np.ndarray:
        return np.stack([tree.query(in_object(scene))[0] for scene in chosen])

    exact = ours(scenes)
    np.testing.assert_allclose(by_trimesh(few), np.abs(exact[:NUM_PLAIN]), atol=1e-6)
    near = np.abs(exact) < 0.01
    error = (by_vertices(scenes) - np.abs(exact))[near]
    print(
        f"object of {len(mesh.faces)} triangles; KD-tree on its vertices, within 10 mm: wrong by "
        f"{1e3 * np.sqrt(np.mean(error**2)):.2f} mm (RMS), {1e3 * error.max():.2f} mm at worst"
    )
    began = time.perf_counter()
    ours(scenes)
    print(f"ours: {NUM_FRAMES / (time.perf_counter() - began):.0f} frames a second on one core")
    ratio = compare(
        f"distances of {NUM_PLAIN} frames, plain is trimesh",
        lambda: ours(few),
        lambda: by_trimesh(few),
        rounds=3,
        times=10,
    )
    compare(
        f"distances of {NUM_FRAMES} frames, plain is a KD-tree",
        lambda: ours(scenes),
        lambda: by_vertices(scenes),
        rounds=3,
    )
    return ratio


def make_scenes(mesh: trimesh.Trimesh, num: int) -> list[Scene]:
    """Put a hand and an object into scenes, each turned anew, some of the hand in the object."""
    hand = open_hand_arrays().template.astype(np.float64)
    hand = hand - hand.mean(axis=0)
    scenes = []
    for index in range(num):
        turn = Rotation.random(random_state=index).as_matrix()
        T = rigid(turn, np.array([0.2, -0.1, 0.6]))
        target = Target(
            key="bottle",
            vertices=np.asarray(mesh.vertices),
            faces=np.asarray(mesh.faces),
            T_scene_target=T,
        )
        beside = hand + np.array([0.0, 0.045, 0.02 * np.sin(index)])
        scenes.append(Scene(vertices=transform_points(beside, T), targets=(target,)))
    return scenes


def in_object(scene: Scene) -> np.ndarray:
    """Give the hand in the frame of the scene's one object."""
    return transform_points(scene.vertices, np.linalg.inv(scene.targets[0].T_scene_target))
