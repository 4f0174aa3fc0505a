"""`haco transfer`: predicted contact on another hand, human or robot."""

import json
from pathlib import Path

import numpy as np
from jaxtyping import Float
from rich.console import Console

from haco.apps.contact_files import SurfaceMesh, write_contact
from haco.files import InputError, write_atomically
from haco.hands.model import HandModel
from haco.hands.parts import part_maxima
from haco.hands.robots import link_contact, read_links, read_parts_map
from haco.hands.topologies import load_hand
from haco.hands.transfer import HandMesh, mesh_of, transfer_matrix
from haco.hands.webxr import read_webxr_hand


def transfer_command(
    prediction: Path,
    to: str,
    out: Path,
    *,
    number: int,
    parts_map: Path | None,
    topology: str,
    mano_dir: Path | None,
) -> int:
    """Carry one hand's probabilities to another hand and write them."""
    probability, side = read_prediction(prediction, number)
    source = load_hand(topology, side, mano_dir)
    if Path(to).suffix == ".urdf":
        if parts_map is None:
            raise InputError(f"{to}: a robot needs --parts-map, which links stand for which parts")
        _write_links(Path(to), parts_map, part_maxima(probability, source.parts), out)
    else:
        target = _target(to, side, mano_dir)
        carried = transfer_matrix(source, target) @ probability
        surface = SurfaceMesh(vertices=target.vertices, faces=target.faces)
        write_contact(out, surface, carried.astype(np.float32))
    Console(soft_wrap=True).print(f"{out}", markup=False, highlight=False)
    return 0


def read_prediction(path: Path, number: int) -> tuple[Float[np.ndarray, "778"], str]:
    """Read one hand's probabilities, and its side, from what `haco predict` wrote.

    Raises:
        InputError: Missing, of another kind, or without that hand.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            probability, sides = stored["probability"], stored["side"]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; haco predict writes it") from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: is no prediction ({error}); haco predict writes them") from error
    if not 0 <= number < len(probability):
        raise InputError(f"{path}: has {len(probability)} hands; there is none of number {number}")
    return probability[number], str(sides[number])


def _target(to: str, side: str, mano_dir: Path | None) -> HandMesh:
    if Path(to).suffix in (".glb", ".gltf"):
        return read_webxr_hand(Path(to))
    if to in ("open", "mano"):
        hand: HandModel = load_hand(to, side, mano_dir)
        return mesh_of(hand)
    raise InputError(
        f"{to}: contact cannot be carried to that; say open, mano, a .glb hand with "
        "WebXR's joints, or a robot's .urdf"
    )


def _write_links(urdf: Path, parts_map: Path, parts: dict[str, float], out: Path) -> None:
    if out.suffix != ".json":
        raise InputError(f"{out}: the contact of a robot's links is written as .json")
    links = link_contact(parts, read_parts_map(parts_map, read_links(urdf)))
    with write_atomically(out) as part:
        part.write_text(json.dumps({"links": links}, indent=1) + "\n", "utf-8")
