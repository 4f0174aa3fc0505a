"""A made-up dataset with meshes: an open hand over a block, whose distances are known by hand."""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from haco.data.readers.common import Scene, Target
from haco.geometry.boxes import box_of_points
from haco.geometry.camera import intrinsics, project, transform_points
from haco.hands.open_hand import open_hand_arrays
from haco.types import Sample

BLOCK = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
BLOCK_FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)  # fmt: skip
"""A cube of one metre: all that is under its top is as deep inside as it is under the top."""
TOP_FACES = BLOCK_FACES[-2:]
"""Its top alone, an open mesh."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockReader:
    """Hands whose lowest vertex is `index - 2` centimetres above the top of a block (z = 0.5)."""

    num: int = 4
    faces: tuple[tuple[int, ...], ...] = tuple(map(tuple, BLOCK_FACES))
    size: int = 64
    key_prefix: str = "block"

    def __len__(self) -> int:
        return self.num

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.num:
            raise IndexError(index)
        hand = self.hand(index) @ np.diag([1.0, -1.0, -1.0]) + [0, 0, 1.2]
        K = intrinsics(0.4, width=self.size)
        image = np.full((self.size, self.size, 3), (index * 40) % 256, np.uint8)
        image[::4] = 120
        return Sample(
            key=f"{self.key_prefix}/{index}",
            image=image,
            box=box_of_points(project(hand, K)),
            side="left" if index % 2 else "right",
            vertices=hand.astype(np.float32),
            K=K.astype(np.float32),
            interaction="surface",
        )

    def hand(self, index: int) -> np.ndarray:
        """In the block's frame."""
        vertices = open_hand_arrays().template.astype(np.float64)
        vertices = vertices - vertices.mean(axis=0)
        vertices[:, 2] += 0.5 - vertices[:, 2].min() + (index - 2) * 0.01
        return vertices

    def height(self, index: int) -> np.ndarray:
        """The answer: signed height over the top."""
        return self.hand(index)[:, 2] - 0.5

    def scene(self, index: int) -> Scene | None:
        """The block and the hand, turned and moved together."""
        T = np.eye(4)
        T[:3, :3] = Rotation.from_rotvec(np.array([0.3, -0.8, 0.5]) * (index + 1)).as_matrix()
        T[:3, 3] = [0.2, index, -1.0]
        target = Target(key="block", vertices=BLOCK, faces=np.array(self.faces), T_scene_target=T)
        return Scene(vertices=transform_points(self.hand(index), T), targets=(target,))
