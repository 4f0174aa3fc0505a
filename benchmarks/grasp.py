"""One grasp refined on an object of 10,000 triangles, beside a plain loop over trimesh's distances.

The plain loop measures the distance of each vertex in each step by `trimesh.proximity` and moves
along the way to the nearest point. It would take minutes: some of its steps are timed.
"""

import time

import torch
import trimesh

from benchmarks.timing import record
from haco.downstream.field import distance_field
from haco.downstream.grasp import HandPose, refine_grasp
from haco.hands import load_hand

NUM_STEPS, NUM_PLAIN = 200, 2


def main() -> float:
    """Print seconds of both, and their ratio."""
    mesh = trimesh.creation.uv_sphere(radius=0.04, count=(26, 100))
    mesh.apply_translation([-0.08, -0.055, 0.0])
    hand = load_hand("open")
    start = HandPose(
        betas=torch.zeros(1, 10),
        global_orient=torch.zeros(1, 3),
        hand_pose=torch.zeros(1, 15, 3),
        transl=torch.zeros(1, 3),
    )
    contact = torch.zeros(1, 778)
    contact[0, torch.cat([mask.nonzero()[:, 0] for mask in palmar_tips(hand.parts)])] = 1.0
    refine_grasp(hand, start, distance_field(mesh.vertices, mesh.faces), contact, steps=3)
    began = time.perf_counter()
    field = distance_field(mesh.vertices, mesh.faces)
    measured = time.perf_counter()
    refine_grasp(hand, start, field, contact, steps=NUM_STEPS)
    ours = time.perf_counter() - began
    plain = plain_step_seconds(mesh, hand(None).vertices, contact[0]) * NUM_STEPS
    record(f"refine a grasp on {len(mesh.faces)} triangles", plain=plain, ours=ours)
    print(
        f"ours: {measured - began:.2f} s for the field, the rest for {NUM_STEPS} steps; "
        f"plain: from {NUM_PLAIN} of its steps"
    )
    return plain / ours


def palmar_tips(parts: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Give the masks of the five fingertips' palm sides."""
    return [mask for name, mask in parts.items() if name.endswith("tip_palmar")]


def plain_step_seconds(
    mesh: trimesh.Trimesh, vertices: torch.Tensor, contact: torch.Tensor
) -> float:
    """Time one step of the plain loop: distances by trimesh, then a step of gradient descent."""
    moved = vertices.double().numpy().copy()
    asked = contact.bool().numpy()
    began = time.perf_counter()
    for _ in range(NUM_PLAIN):
        nearest, _, _ = trimesh.proximity.closest_point_naive(mesh, moved)
        moved += 0.05 * (nearest - moved)[asked].mean(axis=0)
    return (time.perf_counter() - began) / NUM_PLAIN
