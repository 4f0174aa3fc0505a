"""Other methods' predictions, read from a file, so that they stand in the same table as ours.

A file is either

- `.npz`: `key` (N strings, the samples' keys) and `probability` (N, V), optionally `touch` (N,); or
- `.jsonl`: one object a line with `key`, `probability` (V numbers) and optionally `touch`.

V is 778 for methods that speak of hand vertices, in a right hand's order on either side, which is
MANO's. For methods that speak of a whole body (POSA, BSTRO, DECO: SMPL, SMPL-H, SMPL-X), V is the
body's number of vertices, and a vertex map says where the hands are in it: an `.npz` or `.pkl` with
`left_hand` and `right_hand`, 778 body vertices each, in the hand's own order. The maps come with
those bodies, under their licences; haco ships none.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from haco.data.labels import contact_of
from haco.data.readers.common import Reader
from haco.files import InputError
from haco.geometry.contact import ContactProtocol
from haco.learning.tally import Answer
from haco.pickles import load_pickle
from haco.types import NUM_VERTICES, Sample, Side


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a method says of many hands."""

    path: Path
    rows: Mapping[str, int]
    """Each sample's row by its key."""
    probability: Float[np.ndarray, "hands body_or_hand_vertices"]
    touch: Float[np.ndarray, " hands"] | None
    vertex_map: Mapping[Side, Int[np.ndarray, "778"]] | None = None

    def of(self, sample: Sample) -> Float[np.ndarray, "778"]:
        """Give one hand's probabilities."""
        row = self.probability[self._row(sample.key)]
        return row if self.vertex_map is None else row[self.vertex_map[sample.side]]

    def touch_of(self, sample: Sample) -> float:
        """Give the probability that a hand touches anything: the method's, or its highest."""
        if self.touch is not None:
            return float(self.touch[self._row(sample.key)])
        return float(self.of(sample).max())

    def _row(self, key: str) -> int:
        if key not in self.rows:
            raise InputError(
                f"{self.path}: says nothing of the sample '{key}'; give a prediction for each "
                f"sample of the split (it has {len(self.rows)})"
            )
        return self.rows[key]


def read_predictions(path: Path, vertex_map: Path | None = None) -> Predictions:
    """Read a file of predictions.

    Args:
        path: `.npz` or `.jsonl`, see above.
        vertex_map: Where the hands are in a body, for predictions of body vertices.

    Raises:
        InputError: A file is missing, damaged, or holds something else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of predictions; check the path")
    if path.suffix not in (".npz", ".jsonl"):
        raise InputError(f"{path}: predictions are read from .npz or .jsonl files")
    keys, probability, touch = (_read_npz if path.suffix == ".npz" else _read_lines)(path)
    hands = None if vertex_map is None else read_vertex_map(vertex_map)
    _check(path, keys, probability, touch, hands)
    return Predictions(
        path=path,
        rows={key: row for row, key in enumerate(keys)},
        probability=probability,
        touch=touch,
        vertex_map=hands,
    )


def read_vertex_map(path: Path) -> dict[Side, Int[np.ndarray, "778"]]:
    """Read which vertices of a body are its hands'.

    Raises:
        InputError: The file is missing, damaged, or holds something else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such vertex map; check the path")
    try:
        content: Any = dict(np.load(path)) if path.suffix == ".npz" else load_pickle(path)
        left, right = (
            np.asarray(content[f"{side}_hand"]).astype(int) for side in ("left", "right")
        )
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: no vertex map ({error}); give an .npz or .pkl with left_hand and right_hand"
        ) from error
    for side, indices in (("left", left), ("right", right)):
        if indices.shape != (NUM_VERTICES,):
            raise InputError(
                f"{path}: {side}_hand has shape {indices.shape}; it must name {NUM_VERTICES} "
                "body vertices"
            )
    return {"left": left, "right": right}


def prediction_answers(
    predictions: Predictions, reader: Reader, protocol: ContactProtocol, batch_size: int = 64
) -> Iterator[Answer]:
    """Put predictions beside the truth, batch by batch, in the reader's order."""
    for start in range(0, len(reader), batch_size):
        samples = [reader[index] for index in range(start, min(start + batch_size, len(reader)))]
        truths = [contact_of(sample, protocol) for sample in samples]
        said = np.stack([predictions.of(sample) for sample in samples])
        touch = np.array([predictions.touch_of(sample) for sample in samples])
        yield Answer(
            contact=torch.from_numpy(np.stack([truth.contact for truth in truths])),
            valid=torch.from_numpy(np.stack([truth.valid for truth in truths])),
            probability=torch.from_numpy(said).float(),
            touch=torch.from_numpy(touch).float(),
            keys=[sample.key for sample in samples],
            interactions=[sample.interaction for sample in samples],
        )


Content = tuple[list[str], np.ndarray, np.ndarray | None]


def _read_npz(path: Path) -> Content:
    try:
        with np.load(path) as content:
            arrays = dict(content)
        return [str(key) for key in arrays["key"]], arrays["probability"], arrays.get("touch")
    except (ValueError, OSError, KeyError) as error:
        raise InputError(
            f"{path}: no predictions ({error}); it needs the arrays 'key' and 'probability'"
        ) from error


def _read_lines(path: Path) -> Content:
    keys, rows, touches = [], [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            keys.append(str(entry["key"]))
            rows.append(np.asarray(entry["probability"], np.float32))
            touches.append(entry.get("touch"))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}, line {number}: no prediction ({error}); each line is an object with "
                "'key' and 'probability'"
            ) from error
        if rows[-1].shape != rows[0].shape:
            raise InputError(
                f"{path}, line {number}: {rows[-1].shape} probabilities, but {rows[0].shape} in "
                "the lines before"
            )
    told = [touch for touch in touches if touch is not None]
    if told and len(told) < len(keys):
        raise InputError(f"{path}: 'touch' is given for some hands only; give it for all or none")
    return keys, np.stack(rows) if rows else np.zeros((0, 0)), np.array(told) if told else None


def _check(
    path: Path,
    keys: list[str],
    probability: np.ndarray,
    touch: np.ndarray | None,
    vertex_map: Mapping[Side, np.ndarray] | None,
) -> None:
    if probability.ndim != 2 or len(probability) != len(keys) or not keys:
        raise InputError(
            f"{path}: {len(keys)} keys, but probabilities of shape {probability.shape}; give one "
            "row a key"
        )
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"{path}: '{twice}' is there more than once; give each sample one row")
    everything = [probability] if touch is None else [probability, touch]
    if not all((np.isfinite(v) & (v >= 0) & (v <= 1)).all() for v in everything):
        raise InputError(f"{path}: holds values that are no probabilities; they must lie in 0..1")
    if touch is not None and touch.shape != (len(keys),):
        raise InputError(f"{path}: 'touch' has shape {touch.shape}; give one value a key")
    num = probability.shape[1]
    if vertex_map is None and num != NUM_VERTICES:
        raise InputError(
            f"{path}: {num} probabilities a hand, not {NUM_VERTICES}; for a body's vertices, say "
            "with --vertex-map where its hands are"
        )
    if vertex_map is not None and max(v.max() for v in vertex_map.values()) >= num:
        raise InputError(
            f"{path}: {num} probabilities a hand, fewer than the vertex map speaks of; give the "
            "map of the same body"
        )
