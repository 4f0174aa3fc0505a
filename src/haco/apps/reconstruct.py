"""`haco reconstruct`: place an object in a photo by its mask, the hand, and contact."""

import json
import math
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool
from rich.console import Console

from haco.apps.console import progress_bar
from haco.apps.grasp import UNITS
from haco.apps.pose_files import read_contact, read_pose
from haco.data.mesh_files import load_mesh
from haco.downstream.field import distance_field
from haco.downstream.reconstruct import WITHOUT_CONTACT, Reconstruction, Scene, reconstruct
from haco.downstream.reconstruct_bench import surface_points
from haco.files import InputError, read_image, write_atomically
from haco.geometry.camera import intrinsics
from haco.hands.topologies import load_hand
from haco.pictures.placed import draw_placed


def reconstruct_command(
    image: Path,
    hand: Path,
    thing: Path,
    object_mask: Path,
    hand_mask: Path,
    out: Path,
    *,
    contact: Path | None,
    number: int,
    focal: float,
    centre: tuple[float, float] | None,
    unit: Literal["m", "cm", "mm"],
    starts: int,
    steps: int,
) -> int:
    """Place the object, say how sure that is, and write placement and picture."""
    photo = read_image(image)
    height, width = photo.shape[:2]
    masks = [_read_mask(path, (height, width)) for path in (object_mask, hand_mask)]
    pose, side = read_pose(hand)
    model = load_hand("open", side)
    vertices = pose.surface(model).vertices[0]
    if float(vertices[:, 2].min()) <= 0:
        raise InputError(f"{hand}: the hand is behind the camera; z must point away from it")
    touching = np.zeros(len(vertices), bool) if contact is None else read_contact(contact, number)
    mesh = load_mesh(thing)
    corners = (mesh.vertices - mesh.vertices.mean(axis=0)) * UNITS[unit]
    extent = float(np.ptp(corners, axis=0).max())
    K = intrinsics(2 * math.atan(width / 2 / focal), width=width, height=height)
    if centre is not None:
        K[:2, 2] = centre
    scene = Scene(
        field=distance_field(corners, mesh.faces, resolution=40, margin=0.3 * extent),
        points=surface_points(corners, mesh.faces),
        hand=vertices,
        contact=torch.from_numpy(touching.astype(np.float32)),
        object_mask=masks[0],
        hand_mask=masks[1],
        K=torch.from_numpy(K).float(),
    )
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("placing", total=steps)
        found = reconstruct(
            scene,
            weights=WITHOUT_CONTACT if contact is None else None,
            starts=starts,
            steps=steps,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    placed = found.pose.place(torch.from_numpy(corners).float())[0].double().numpy()
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "object.json", found, float(np.ptp(placed, axis=0).max()))
    faces = model.closed_faces.numpy()
    sheet = draw_placed(photo, masks[0], placed, mesh.faces, vertices.double().numpy(), faces, K)
    with write_atomically(out / "object.png") as part:
        sheet.save(part, "PNG")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"confidence {found.confidence:.2f}: the share of starts that ended there")
    console.print(f"{out / 'object.json'}\n{out / 'object.png'}", markup=False)
    return 0


def _read_mask(path: Path, shape: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    mask = read_image(path).max(axis=2) > 127
    if mask.shape != shape:
        raise InputError(
            f"{path}: has {mask.shape[1]} x {mask.shape[0]} pixels, the photo {shape[1]} x "
            f"{shape[0]}; masks must be as large as the photo"
        )
    if not mask.any():
        raise InputError(f"{path}: no pixel of the mask is white; it shows nothing")
    return mask


def _write(path: Path, found: Reconstruction, size: float) -> None:
    pose = found.pose
    content = {
        "R": np.round(pose.R[0].numpy().astype(float), 6).tolist(),
        "translation": np.round(pose.translation[0].numpy().astype(float), 6).tolist(),
        "scale": round(float(pose.scale[0]), 6),
        "size_m": round(size, 4),
        "confidence": round(found.confidence, 3),
        "energy": round(found.energy, 5),
    }
    with write_atomically(path) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
