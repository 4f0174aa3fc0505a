"""Poses that are a little wrong, as a detector's points or a fitted hand's surface are."""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from haco.data.readers.common import Reader
from haco.data.transforms import CROP_FACTOR
from haco.hands.open_hand import open_hand_arrays
from haco.types import Sample

POINTS = 0.02
"""Of each keypoint coordinate, standard deviation as a fraction of the crop's width."""
TURN = np.deg2rad(10)
"""Of the whole hand's turn about each axis, standard deviation in radians."""
SKIN = 0.005
"""Of the shift of each joint's share of the skin along each axis, standard deviation in metres."""


@dataclasses.dataclass(frozen=True)
class NoisyPose:
    """The samples of another reader with other keypoints and surface; the same each time."""

    reader: Reader

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> Sample:
        sample, rng = self.reader[index], np.random.default_rng(index)
        points, turn, shifts = (rng.normal(size=shape) for shape in ((21, 2), 3, (16, 3)))
        width = CROP_FACTOR * float((sample.box[2:] - sample.box[:2]).max())
        keypoints, vertices = sample.keypoints, sample.vertices
        if keypoints is not None:
            keypoints = (keypoints + POINTS * width * points).astype(np.float32)
        if vertices is not None:
            middle = vertices.mean(axis=0)
            turned = Rotation.from_rotvec(TURN * turn).apply(vertices - middle) + middle
            skin = open_hand_arrays().lbs_weights @ (SKIN * shifts)
            vertices = (turned + skin).astype(np.float32)
        return dataclasses.replace(sample, keypoints=keypoints, vertices=vertices)
