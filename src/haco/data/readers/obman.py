"""ObMan: 150,000 rendered pictures of right hands that hold ShapeNet objects.

Hasson et al., "Learning joint reconstruction of hands and manipulated objects", CVPR 2019. Licence
of its own, on request at https://www.di.ens.fr/willow/research/obman; the objects are ShapeNet's
(https://shapenet.org, ShapeNetCore.v2, on request). Under `root`:

    {train,val,test}/rgb/00000123.jpg    256 x 256
    {train,val,test}/meta/00000123.pkl
    ShapeNetCore.v2/<class>/<model>/models/model_normalized.obj    here, or beside root, or where
                                                                   `shapenet` says

Quirks:

- Stored points are in Blender's camera frame: y and z are turned by diag(1, -1, -1). Metres.
- The camera is the same everywhere and stored nowhere: focal length 480, centre (128, 128).
- The stored vertices are the truth; the stored pose lacks a usable turn of the wrist.
- `obj_path` names a folder of its authors' machine. The model is found by `class_id` and
  `sample_id`, where they are there, else by the end of that path; both accounts agree on it.
- `affine_transform` scales the model, too; a scale is put into the mesh, the rest is rigid.
- ShapeNet models are open, double-walled or inside out as often as not, so distance to them has no
  trustworthy sign. The released system made them watertight first, and gave a model that resisted
  a label of zeros, which means unknown. Here the surface is taken as it is.
- The lists of 87,190 and 6,285 pictures that the paper uses are gSDF's `train_87k.json` and
  `test_6k.json`: pass one as `ids`. Otherwise a split is what lies in its folder.

Contact is not stored: `haco data label` computes it, or take `labels="released"`.
"""

from pathlib import Path

import numpy as np

from haco.data.annotations import existing, numbers, read_json, reading
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import Scene, Target, make_sample, need_folder, rigid
from haco.data.released import released_labels
from haco.files import InputError
from haco.pickles import load_pickle
from haco.types import Sample, Split

K = np.array([[480.0, 0, 128], [0, 480, 128], [0, 0, 1]])
FLIP = np.diag([1.0, -1.0, -1.0])
"""From Blender's camera frame to ours, and back."""


class ObManReader:
    """One split, a sample a picture."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        shapenet: str | Path | None = None,
        ids: str | Path | None = None,
        released: bool = False,
    ) -> None:
        """List the pictures.

        Args:
            root: The folder that holds `train`, `val` and `test`.
            split: One of them.
            shapenet: The folder ShapeNetCore.v2, if it lies elsewhere.
            ids: A JSON list of the pictures to take, such as `"00000123"`.
            released: Take the paper's label files, and only pictures that have one.
        """
        root = need_folder(root, "ObMan")
        self.folder = existing(root, split)
        self._shapenet = Path(shapenet) if shapenet else None
        self._root = root
        self._released = released_labels(root, split, wanted=released)
        files = [*self.folder.glob("rgb/*.jpg"), *self.folder.glob("meta/*.pkl")]
        listed = read_json(Path(ids)) if ids else sorted({path.stem for path in files})
        self.names = [
            name for name in listed if not self._released or self._released.has(name, "right")
        ]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Sample:
        name = self.names[index]
        meta, path = self._meta(index)
        return make_sample(
            f"obman/{self.folder.name}/{name}",
            self.folder / "rgb" / f"{name}.jpg",
            meta.get("side", "right"),
            vertices=numbers(meta, "verts_3d", (778, 3), path) @ FLIP,
            joints=numbers(meta, "coords_3d", (21, 3), path) @ FLIP,
            K=K,
            contact=self._released.contact(name) if self._released else None,
            interaction="grasp",
        )

    def scene(self, index: int) -> Scene:
        """Give hand and object in the camera frame."""
        meta, path = self._meta(index)
        return Scene(
            vertices=numbers(meta, "verts_3d", (778, 3), path) @ FLIP,
            targets=(self._object(meta, path),),
        )

    def _meta(self, index: int) -> tuple[dict, Path]:
        path = self.folder / "meta" / f"{self.names[index]}.pkl"
        meta = load_pickle(path)
        if not isinstance(meta, dict):
            raise InputError(f"{path}: is not an annotation of ObMan; get the file again")
        return meta, path

    def _object(self, meta: dict, path: Path) -> Target:
        with reading(path):
            where = Path(meta["obj_path"]).parts if "sample_id" not in meta else ()
            class_id, model = where[-4:-2] or (meta["class_id"], meta["sample_id"])
        folder = self._shapenet or existing(
            self._root, "ShapeNetCore.v2", "../ShapeNetCore.v2", "shapenet", "../shapenet"
        )
        mesh = load_mesh(folder / str(class_id) / str(model) / "models" / "model_normalized.obj")
        affine = numbers(meta, "affine_transform", (4, 4), path)
        scale = np.cbrt(np.linalg.det(affine[:3, :3]))
        R = affine[:3, :3] / scale
        if not np.allclose(R @ R.T, np.eye(3), atol=1e-4):
            raise InputError(f"{path}: its affine_transform shears the object; leave it out")
        return Target(
            key=f"shapenet/{class_id}/{model}@{scale:.9g}",
            vertices=mesh.vertices * scale,
            faces=mesh.faces,
            T_scene_target=rigid(FLIP @ R, FLIP @ affine[:3, 3]),
        )
