"""`haco grasp`: refine one rough hand on one object by predicted contact."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from haco.apps.console import progress_bar
from haco.apps.contact_files import SurfaceMesh, write_contact
from haco.apps.pose_files import read_contact, read_pose, write_pose
from haco.data.mesh_files import Mesh, load_mesh
from haco.downstream.field import DistanceField, distance_field
from haco.downstream.grasp import HandPose, refine_grasp
from haco.downstream.grasp_scores import intersection_volume, stability
from haco.downstream.object_contact import object_contact
from haco.files import InputError, write_atomically
from haco.geometry.contact import PROTOCOLS
from haco.hands.model import HandModel
from haco.hands.topologies import load_hand
from haco.pictures.grasps import GraspRow, draw_grasps

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
LARGEST, SMALLEST = 3.0, 0.005
"""Metres: what is larger or smaller across is taken for a wrong unit."""
FARTHEST = 0.3
"""Metres from the object at which a hand is taken to be in another frame."""
THRESHOLD = PROTOCOLS["harmonised"].threshold("any")


def grasp_command(
    hand: Path,
    thing: Path,
    contact: Path,
    out: Path,
    *,
    number: int,
    unit: Literal["m", "cm", "mm"],
    topology: str,
    mano_dir: Path | None,
    steps: int,
) -> int:
    """Refine a hand, say what that changed, and write pose, surface and pictures."""
    start, side = read_pose(hand)
    touching = read_contact(contact, number)
    mesh = load_object(thing, unit)
    model = load_hand(topology, side, mano_dir)
    field = _field(thing, mesh)
    nearest = float(field(start.surface(model).vertices).min())
    if nearest > FARTHEST:
        raise InputError(
            f"{hand}: the hand is {nearest:.2f} m from {thing}; give its pose in the object's frame"
        )
    console = Console(highlight=False, soft_wrap=True)
    if not field.is_closed:
        console.print(
            f"{thing}: its surface is open, so nothing counts as inside; "
            "penetration is neither measured nor prevented",
            markup=False,
        )
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("refining", total=steps)
        refined = refine_grasp(
            model,
            start,
            field,
            torch.from_numpy(touching.astype(np.float32))[None],
            steps=steps,
            progress=lambda step: bar.update(task, completed=step),
        )
    hands = {"before": start, "after": refined.pose}
    console.print(_table(model, hands, field))
    out.mkdir(parents=True, exist_ok=True)
    write_pose(out / "refined.json", refined.pose, side)
    _draw(out / "grasp.png", model, hands, mesh, field)
    _mark_object(out / "object.ply", model, refined.pose, mesh, touching)
    for name in ("refined.json", "grasp.png", "object.ply"):
        console.print(f"{out / name}", markup=False)
    return 0


def load_object(path: Path, unit: str) -> Mesh:
    """Read an object's mesh in metres.

    Raises:
        InputError: It cannot be read, or its size says that the unit is another.
    """
    mesh = load_mesh(path)
    extent = float(np.ptp(mesh.vertices, axis=0).max())
    size = extent * UNITS[unit]
    if not SMALLEST <= size <= LARGEST:
        fits = [name for name, scale in UNITS.items() if 0.02 <= extent * scale <= 1.0]
        hint = f"say --unit {' or '.join(fits)}" if fits else "scale it to what a hand can hold"
        raise InputError(f"{path}: is {size:g} m across if its unit is {unit}; {hint}")
    return mesh._replace(vertices=mesh.vertices * UNITS[unit])


def _field(path: Path, mesh: Mesh) -> DistanceField:
    try:
        return distance_field(mesh.vertices, mesh.faces)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def _table(model: HandModel, hands: dict[str, HandPose], field: DistanceField) -> Table:
    table = Table("", *hands, box=None)
    rows: dict[str, list[str]] = {}
    for pose in hands.values():
        vertices = pose.surface(model).vertices[0].detach()
        distance = field(vertices)
        volume = 1e6 * intersection_volume(model, vertices.numpy(), field)
        for name, value in {
            "vertices that touch": f"{int((distance < THRESHOLD).sum())}",
            "deepest vertex, mm": f"{1e3 * max(0.0, -float(distance.min())):.1f}",
            "volume in both, cm3": f"{volume:.2f}",
            "held, of six ways to turn it": f"{6 * stability(vertices, field):.0f}",
        }.items():
            rows.setdefault(name, []).append(value)
    for name, values in rows.items():
        table.add_row(name, *values)
    return table


def _mark_object(
    path: Path, model: HandModel, pose: HandPose, mesh: Mesh, touching: np.ndarray
) -> None:
    """Write the object, each vertex coloured by how surely the hand touches it."""
    found = object_contact(
        mesh.vertices,
        pose.surface(model).vertices[0].double().numpy(),
        model.closed_faces.numpy(),
        touching.astype(np.float64),
    )
    surface = SurfaceMesh(vertices=mesh.vertices, faces=mesh.faces)
    write_contact(path, surface, found.astype(np.float32))


def _draw(
    path: Path, model: HandModel, hands: dict[str, HandPose], mesh: Mesh, field: DistanceField
) -> None:
    rows = []
    for name, pose in hands.items():
        vertices = pose.surface(model).vertices[0].detach()
        distance = field(vertices).numpy().astype(np.float64)
        rows.append(GraspRow(title=name, vertices=vertices.double().numpy(), distance=distance))
    sheet = draw_grasps(
        rows,
        model.closed_faces.numpy(),
        mesh.vertices,
        mesh.faces,
        threshold=THRESHOLD,
    )
    with write_atomically(path) as part:
        sheet.save(part, "PNG")
