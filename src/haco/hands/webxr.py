"""Hands of WebXR: rigged glTF files whose 25 joints have the names of the WebXR Hand Input module.

See https://www.w3.org/TR/webxr-hand-input-1/ for the names. `packages/assets/profiles/generic-hand`
of the project webxr-input-profiles (MIT) has a left and a right one.
"""

from pathlib import Path

import numpy as np
import trimesh

from haco.files import InputError
from haco.hands.transfer import HandMesh

_FINGER = ("phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
_THUMB = ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip")
JOINTS = (
    "wrist",
    *(f"thumb-{part}" for part in _THUMB),
    *(
        f"{finger}-finger-{part}"
        for finger in ("index", "middle", "ring", "pinky")
        for part in _FINGER
    ),
)
"""The 21 of the 25 joints that are keypoints here, in our order."""


def read_webxr_hand(path: Path) -> HandMesh:
    """Read a hand with its joints.

    Args:
        path: A `.glb` or `.gltf` file, metres.

    Raises:
        InputError: Missing, damaged, without a mesh, or without one of the joints.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        scene = trimesh.load_scene(path)
    except Exception as error:  # its readers raise whatever they meet
        raise InputError(f"{path}: cannot be read as glTF ({error}); get a whole copy") from error
    missing = [name for name in JOINTS if name not in scene.graph.nodes]
    if missing:
        raise InputError(
            f"{path}: has no joint '{missing[0]}' ({len(missing)} of 21 are missing); a hand with "
            "WebXR's joint names is needed"
        )
    meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh)]
    if not meshes:
        raise InputError(f"{path}: has joints but no mesh; get the whole hand")
    joints = np.stack([scene.graph.get(name)[0][:3, 3] for name in JOINTS])
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return HandMesh(
        vertices=np.concatenate([mesh.vertices for mesh in meshes]).astype(np.float64),
        faces=np.concatenate(faces).astype(np.int64),
        keypoints=joints.astype(np.float64),
    )
