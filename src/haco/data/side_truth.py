"""What the engine knows of packed pictures and their pack does not hold: surfaces and masks.

Some rivals of HACO's network learn from more than pictures and contact. Scene, view and hand follow
from a sample's key, so they are drawn again and laid beside the pack as `vertices.npy` and
`masks.npy`; `PackedReader` then gives them with its samples.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from haco.data.shards import Progress
from haco.data.store import EXTRAS, PackedReader
from haco.files import InputError, write_atomically
from haco.geometry.camera import transform_points
from haco.synth.engine import Drawn, draw_all
from haco.synth.masks import draw_masks
from haco.types import NUM_VERTICES


def add_side_truth(folder: Path, *, progress: Progress | None = None) -> None:
    """Lay surfaces and masks beside a pack of made pictures, unless they are there.

    Args:
        folder: Of the pack, whose pictures were packed whole.
        progress: Called with samples done and samples in all.

    Raises:
        InputError: The pack is not one of made pictures.
    """
    paths = [folder / f"{name}.npy" for name in EXTRAS]
    if all(path.exists() for path in paths):
        return
    pack = PackedReader(folder)
    keys = [pack[index].key for index in range(len(pack))]
    strange = [key for key in keys if not key.startswith("synthetic/")]
    if strange:
        raise InputError(
            f"{folder}: '{strange[0]}' is no made picture, so its scene cannot be drawn again; "
            "pack pictures of haco synth"
        )
    size = len(pack[0].image)
    with write_atomically(paths[0]) as vertices_part, write_atomically(paths[1]) as masks_part:
        surfaces = _new(vertices_part, np.float32, (len(keys), NUM_VERTICES, 3))
        masks = _new(masks_part, np.uint8, (len(keys), 2, size, size))
        for index, key in enumerate(keys):
            _, picture_set, seed, number = key.split("/")
            drawn = draw_all(picture_set, int(seed), int(number))
            surfaces[index], masks[index] = _surface(drawn), draw_masks(drawn, size)
            if progress is not None:
                progress(index + 1, len(keys))
        surfaces.flush()
        masks.flush()


def _surface(drawn: Drawn) -> Float64[np.ndarray, "vertices 3"]:
    vertices = drawn.interaction.vertices.astype(np.float64)
    placed = transform_points(vertices, drawn.scene.view.T_camera_hand)
    return placed * np.array([-1.0, 1.0, 1.0]) if drawn.is_left else placed


def _new(path: Path, kind: type, shape: tuple[int, ...]) -> np.memmap:
    return np.lib.format.open_memmap(path, "w+", kind, shape)
