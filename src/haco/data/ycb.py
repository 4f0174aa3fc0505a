"""The YCB objects that DexYCB, HO-3D and H2O-3D share: 21 models of the YCB-Video set, in metres.

They come with DexYCB (`models/`) and from the page of PoseCNN; each lies in
`<name>/textured_simple.obj`.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from haco.data.annotations import existing
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import Target

YCB_NAMES = (
    *("002_master_chef_can", "003_cracker_box", "004_sugar_box", "005_tomato_soup_can"),
    *("006_mustard_bottle", "007_tuna_fish_can", "008_pudding_box", "009_gelatin_box"),
    *("010_potted_meat_can", "011_banana", "019_pitcher_base", "021_bleach_cleanser"),
    *("024_bowl", "025_mug", "035_power_drill", "036_wood_block", "037_scissors"),
    *("040_large_marker", "051_large_clamp", "052_extra_large_clamp", "061_foam_brick"),
)
"""DexYCB numbers them from 1."""


def ycb_folder(root: Path, models: str | Path | None) -> Path:
    """Find the models: where the user says, else at their usual places in or beside `root`."""
    if models is not None:
        return Path(models)
    places = ("models", "YCB_object_models/models", "YCB_object_models", "ycb")
    return existing(root, *places, *(f"../{place}" for place in places))


def ycb_target(folder: Path, name: str, T_scene_target: Float[np.ndarray, "4 4"]) -> Target:
    """Put one object into a scene."""
    mesh = load_mesh(folder / name / "textured_simple.obj")
    return Target(
        key=f"ycb/{name}",
        vertices=mesh.vertices,
        faces=mesh.faces,
        T_scene_target=T_scene_target,
    )
