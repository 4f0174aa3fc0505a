"""The open hand: our own, from the CC0 MakeHuman mesh; it comes with the package."""

import dataclasses
import functools
import importlib.resources

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int32

from haco.hands.levels import regressor_of_clusters, regressor_of_members
from haco.hands.model import HandModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenHandArrays:
    """The tables of the right open hand, as they are stored; they cannot be written to.

    Metres, in the frame of `HandModel`. Besides the label mesh of 778 vertices there is a finer
    one with a forearm, for pictures; the label mesh's vertices are among its own.
    """

    template: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    closed_faces: Int32[np.ndarray, "closed_faces 3"]
    shapedirs: Float32[np.ndarray, "vertices 3 10"]
    J_regressor: Float32[np.ndarray, "16 vertices"]
    lbs_weights: Float32[np.ndarray, "vertices 16"]
    parents: Int32[np.ndarray, " 16"]
    tips: Int32[np.ndarray, " 5"]
    nail: Bool[np.ndarray, " vertices"]
    cluster_336: Int32[np.ndarray, " vertices"]
    cluster_84: Int32[np.ndarray, " vertices"]
    cluster_21: Bool[np.ndarray, "21 vertices"]
    """Which vertices belong to each keypoint: wrist, then each finger's four, base to tip."""
    part_names: tuple[str, ...]
    part_index: Int32[np.ndarray, " vertices"]
    flexion_axes: Float32[np.ndarray, "15 3"]
    """Axis about which a positive turn bends each finger joint, in the rest frame."""
    abduction_axes: Float32[np.ndarray, "5 3"]
    """Axis at each finger's base (thumb first) that swings towards the little finger."""
    render_template: Float32[np.ndarray, "render 3"]
    render_faces: Int32[np.ndarray, "render_faces 3"]
    render_shapedirs: Float32[np.ndarray, "render 3 10"]
    render_weights: Float32[np.ndarray, "render 17"]
    """The 17th joint is the forearm, which turns about the wrist."""
    render_nail: Bool[np.ndarray, " render"]
    render_palmar: Float32[np.ndarray, " render"]
    """1 on the palm side, 0 on the back, smooth between."""
    render_finger: Int32[np.ndarray, " render"]
    """0 thumb to 4 little, -1 for palm and forearm."""
    label_to_render: Int32[np.ndarray, " vertices"]
    """The render mesh's vertex that each label vertex is."""


@functools.cache
def open_hand_arrays() -> OpenHandArrays:
    """Read the open hand's tables from the package, once in a process."""
    asset = importlib.resources.files("haco.hands") / "assets" / "open_hand.npz"
    with asset.open("rb") as file, np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for array in arrays.values():
        array.setflags(write=False)
    names = tuple(str(name) for name in arrays.pop("part_names"))
    return OpenHandArrays(part_names=names, **arrays)


def open_hand() -> HandModel:
    """Make the right open hand, in single precision on the CPU."""
    arrays = open_hand_arrays()
    part_index = torch.tensor(arrays.part_index)
    clusters = [regressor_of_clusters(each) for each in (arrays.cluster_336, arrays.cluster_84)]
    return HandModel(
        topology="open",
        side="right",
        template=torch.tensor(arrays.template),
        faces=torch.tensor(arrays.faces).long(),
        closed_faces=torch.tensor(arrays.closed_faces).long(),
        shapedirs=torch.tensor(arrays.shapedirs),
        posedirs=torch.zeros(len(arrays.template), 3, 135),
        J_regressor=torch.tensor(arrays.J_regressor),
        lbs_weights=torch.tensor(arrays.lbs_weights),
        parents=torch.tensor(arrays.parents).long(),
        tips=torch.tensor(arrays.tips).long(),
        parts={name: part_index == i for i, name in enumerate(arrays.part_names)},
        levels=(*clusters, regressor_of_members(arrays.cluster_21)),
        nail=torch.tensor(arrays.nail),
        mean_pose=torch.zeros(15, 3),
        pose_basis=torch.eye(45).unflatten(-1, (15, 3)),
    )
