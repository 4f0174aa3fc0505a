"""MOW: 512 photographs of hands that hold things, with hand and object fitted by hand.

Cao et al., "Reconstructing Hand-Object Interactions in the Wild", ICCV 2021. No licence is stated.
Pictures and models are in `mow.zip` of https://zhec.github.io/rhoi, the fits in `poses.json` of
https://github.com/ZheC/MOW. Needs MANO. Under `root`:

    poses.json                a list of 512 fits
    images/<image_id>.jpg
    models/<image_id>.obj     (MOW's own drawing script has the two folders swapped)

Quirks:

- Always MANO's right hand, axis-angle about the mean hand, betas of zero. It is placed by a
  similarity on row vectors, scale last: `(V @ hand_R + hand_t) * hand_s`.
- A model's numbers mean nothing until it is brought to a longest side of 2, moved so that the mean
  of its vertices (of all in the file, used or not) is the origin, and its y negated, which turns
  the triangles round; then `(v @ R + t) * s`.
- The camera belongs to the picture padded at right and bottom to a square of side L, its longer
  side: focal length L, centre (L/2, L/2), which is not the picture's middle.
- Scales are not metric: `hand_s` is 1.85 in the middle, from 0.1 to 10. Both accounts of the set
  agree that division by it gives metres, and that is done here; the released system did not, so
  its 0.035 is about 19 mm. `mow/units` keeps the set's units, for that rule to the letter.
- The released labels were made with models remeshed before their mean was taken, which displaces
  the object, so labels computed here differ from them.
- Nothing splits the set: 80, 10 and 10 of a hundred by a hash of the name. Released labels bring
  the paper's split, as does a list of its images as `ids`, such as `mow_test.npy`.

Contact is not stored: `haco data label` computes it, or take `labels="released"`.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from haco.data.annotations import numbers, read_json, reading
from haco.data.mesh_files import Mesh, load_mesh
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import Scene, Target, make_sample, need_folder, rigid
from haco.data.released import released_labels
from haco.data.splits import split_of
from haco.files import InputError, read_image
from haco.types import Sample, Split


class MowReader:
    """One split, a sample a photograph."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        unit: str = "metres",
        *,
        mano_dir: str | Path | None = None,
        ids: str | Path | None = None,
        released: bool = False,
    ) -> None:
        """List the photographs.

        Args:
            root: The folder that holds `poses.json`.
            split: By name, unless `ids` or `released` says what to take.
            unit: `metres` at the hand's scale, or `units`, the set's own.
            mano_dir: Folder of the user's MANO files.
            ids: A list of `image_id`, as JSON or as an array (`.npy`) of strings.
            released: Take the paper's label files, and only photographs that have one.
        """
        root = need_folder(root, "MOW")
        if unit not in ("metres", "units"):
            raise InputError(f"mow/{unit}: no such unit; say mow for metres, or mow/units")
        self._root, self._unit = root, unit
        self._mano = ManoHands(fingers="about_mean", fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("right")
        self._released = released_labels(root, split, wanted=released)
        self._path = root / "poses.json"
        fits = read_json(self._path)
        with reading(self._path):
            by_name: dict[str, dict[str, Any]] = {fit["image_id"]: fit for fit in fits}
        if ids is not None:
            names = _read_ids(Path(ids))
            if missing := [name for name in names if name not in by_name]:
                raise InputError(f"{ids}: names {missing[0]!r}, which is not in {self._path}")
        elif self._released:
            names = list(by_name)
        else:
            names = [name for name in by_name if split_of(name) == split]
        self._fits = [
            by_name[name]
            for name in names
            if not self._released or self._released.has(name, "right")
        ]

    def __len__(self) -> int:
        return len(self._fits)

    def __getitem__(self, index: int) -> Sample:
        name = self._fits[index]["image_id"]
        image = read_image(self._root / "images" / f"{name}.jpg")
        hand, longer = self._hand(index), float(max(image.shape[:2]))
        return make_sample(
            f"mow/{name}",
            image,
            "right",
            vertices=hand.vertices,
            joints=hand.joints,
            K=np.array([[longer, 0, longer / 2], [0, longer, longer / 2], [0, 0, 1]]),
            contact=self._released.contact(name) if self._released else None,
            interaction="grasp" if self._unit == "metres" else "units",
        )

    def scene(self, index: int) -> Scene:
        """Give hand and object in the camera frame."""
        fit, where = self._fits[index], self._where(index)
        name = fit["image_id"]
        mesh = load_mesh(self._root / "models" / f"{name}.obj")
        scale = _scale(fit, "s", where) * self._ours(index) / _scale(fit, "hand_s", where)
        R, t = numbers(fit, "R", (3, 3), where), numbers(fit, "t", (3,), where)
        target = Target(
            key=f"mow/{name}",
            vertices=scale * _normalised(mesh),
            faces=mesh.faces[:, ::-1],
            T_scene_target=rigid(R.T, scale * t),
        )
        return Scene(vertices=self._hand(index).vertices, targets=(target,))

    def _where(self, index: int) -> Path:
        return Path(f"{self._path} of {self._fits[index]['image_id']}")

    def _ours(self, index: int) -> float:
        """Give the length in our unit of what is one metre at the hand's scale."""
        own = _scale(self._fits[index], "hand_s", self._where(index))
        return 1.0 if self._unit == "metres" else own

    def _hand(self, index: int) -> PosedHand:
        fit, where = self._fits[index], self._where(index)
        pose, transl, t = (
            numbers(fit, name, (num,), where)
            for name, num in (("hand_pose", 48), ("trans", 3), ("hand_t", 3))
        )
        hand = self._mano.pose("right", pose, betas=np.zeros(10), transl=transl, path=where)
        R, scale = numbers(fit, "hand_R", (3, 3), where), self._ours(index)
        placed = ((points @ R + t) * scale for points in hand)
        return PosedHand(*(points.astype(np.float32) for points in placed))


def _scale(fit: dict[str, Any], name: str, where: Path) -> float:
    value = float(numbers(fit, name, (), where))
    if value <= 0:
        raise InputError(f"{where}: its {name!r} is {value:g}, not above zero; leave it out")
    return value


def _normalised(mesh: Mesh) -> Float64[np.ndarray, "vertices 3"]:
    """Bring a model to what `R`, `t` and `s` speak of; its triangles are then inside out."""
    centred: Float[np.ndarray, "vertices 3"] = mesh.vertices - mesh.vertices.mean(axis=0)
    return centred * (2 / np.ptp(mesh.vertices, axis=0).max()) * (1, -1, 1)


def _read_ids(path: Path) -> list[str]:
    if path.suffix != ".npy":
        return read_json(path)
    with reading(path):
        return np.load(path, allow_pickle=False).astype(str).tolist()
