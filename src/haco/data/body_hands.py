"""From whole bodies to their hands: which vertices of SMPL-X and SMPL are those of MANO's hands.

The answer lies in files that each user gets from the models' authors at
https://smpl-x.is.tue.mpg.de (free for research, after registering; none of it comes with haco).
They go into one folder, which is passed as `body_dir` or named by the variable `HACO_BODY_DIR`;
without either, haco looks beside MANO's files (`HACO_MANO_DIR`).

- `MANO_SMPLX_vertex_ids.pkl` (there: "MANO and SMPL-X correspondence"): `right_hand` and
  `left_hand`, 778 numbers of SMPL-X vertices each, in MANO's order.
- `smpl2smplx_deftrafo_setup.pkl` ("model correspondences"), for sets on SMPL: `mtx`, 10475 rows;
  the first 6890 columns weigh SMPL's vertices, the rest their normals, which are not used. A file
  `smpl_to_smplx.pkl` with those columns alone as `matrix` will do as well.
- Any `SMPL_*.pkl` or `basicmodel*.pkl` of the SMPL model, for its triangles only; where it is
  absent, a body on SMPL cannot serve as a target.
"""

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Float64, Int64, Shaped

from haco.data.annotations import reading
from haco.files import InputError
from haco.pickles import load_pickle
from haco.types import NUM_VERTICES, SIDES, Side

NUM_SMPLX, NUM_SMPL = 10475, 6890
_SMPLX_IDS = "MANO_SMPLX_vertex_ids.pkl"
_SMPL_FILES = {"smpl_to_smplx.pkl": "matrix", "smpl2smplx_deftrafo_setup.pkl": "mtx"}
_SHARE = 0.5  # An interpolated bit of more than this is one: the rows weigh several vertices.


class BodyHands:
    """The hands of bodies on SMPL-X and SMPL, vertex by vertex in MANO's order."""

    def __init__(self, body_dir: str | Path | None = None) -> None:
        """Find the folder; its files are read when they are needed.

        Raises:
            InputError: No folder is named.
        """
        named = body_dir or os.environ.get("HACO_BODY_DIR") or os.environ.get("HACO_MANO_DIR")
        if not named:
            raise InputError(
                f"bodies need {_SMPLX_IDS}; get it at https://smpl-x.is.tue.mpg.de, put it in a "
                "folder, and pass that as body_dir or set HACO_BODY_DIR"
            )
        self.folder = Path(named)

    def of_smplx(
        self, values: Shaped[np.ndarray, "body *rest"], side: Side
    ) -> Shaped[np.ndarray, "778 *rest"]:
        """Take what belongs to one hand out of the values at all of SMPL-X's vertices."""
        _check_size(values, NUM_SMPLX)
        return values[_smplx_ids(self.folder)[side]]

    def of_smpl(
        self, values: Float[np.ndarray, "body 3"], side: Side
    ) -> Float64[np.ndarray, "778 3"]:
        """Interpolate one hand's points from those at all of SMPL's vertices."""
        _check_size(values, NUM_SMPL)
        return _smpl_rows(self.folder)[side] @ values

    def bits_of_smpl(self, bits: Bool[np.ndarray, "6890"], side: Side) -> Bool[np.ndarray, "778"]:
        """Carry bits at SMPL's vertices to one hand: True where more than half the weight is."""
        return _smpl_rows(self.folder)[side] @ bits.astype(np.float64) > _SHARE

    def smpl_faces(self) -> Int64[np.ndarray, "faces 3"] | None:
        """Give SMPL's triangles; None where the folder has no SMPL model."""
        return _smpl_faces(self.folder)


@functools.lru_cache(maxsize=4)
def _smplx_ids(folder: Path) -> dict[Side, Int64[np.ndarray, "778"]]:
    path = folder / _SMPLX_IDS
    _must_exist(path)
    stored: Any = load_pickle(path)
    with reading(path):
        ids: dict[Side, Any] = {
            side: np.asarray(stored[f"{side}_hand"]).astype(np.int64) for side in SIDES
        }
        for numbers in ids.values():
            if (
                numbers.shape != (NUM_VERTICES,)
                or not 0 <= numbers.min() <= numbers.max() < NUM_SMPLX
            ):
                raise ValueError(f"its hands are not {NUM_VERTICES} of {NUM_SMPLX} vertices")
    return ids


@functools.lru_cache(maxsize=4)
def _smpl_rows(folder: Path) -> dict[Side, scipy.sparse.csr_array]:
    """Give for each hand the weights of SMPL's vertices, 778 rows that sum to one."""
    found = next((name for name in _SMPL_FILES if (folder / name).is_file()), None)
    path = folder / (found or "smpl2smplx_deftrafo_setup.pkl")
    _must_exist(path)
    stored: Any = load_pickle(path)
    with reading(path):
        matrix = stored[_SMPL_FILES[path.name]]
        if matrix.shape[0] != NUM_SMPLX or matrix.shape[1] not in (NUM_SMPL, 2 * NUM_SMPL):
            raise ValueError(f"its matrix of shape {matrix.shape} does not go from SMPL to SMPL-X")
        rows = scipy.sparse.csr_array(matrix)[:, :NUM_SMPL]
    return {side: rows[ids] for side, ids in _smplx_ids(folder).items()}


@functools.lru_cache(maxsize=4)
def _smpl_faces(folder: Path) -> Int64[np.ndarray, "faces 3"] | None:
    models = sorted([*folder.glob("SMPL_*.pkl"), *folder.glob("basicmodel*.pkl")])
    if not models:
        return None
    stored: Any = load_pickle(models[0])
    with reading(models[0]):
        return np.asarray(stored["f"]).astype(np.int64).reshape(-1, 3)


def _check_size(values: np.ndarray, num: int) -> None:
    if len(values) != num:
        raise ValueError(f"a body of {len(values)} vertices came where {num} were expected")


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; get it at https://smpl-x.is.tue.mpg.de after registering, and "
            f"put it in {path.parent} (or name another folder: body_dir, HACO_BODY_DIR)"
        )
