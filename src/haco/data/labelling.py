"""Compute the labels of a dataset from its meshes: in parallel, resumable, faults named."""

import collections
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

import haco
from haco.data.checks import read_sample
from haco.data.distances import SurfaceCache, vertex_distances
from haco.data.label_store import (
    FAULTS,
    FAULTY,
    INTERACTION_BYTES,
    KEY_BYTES,
    LABELLED,
    NO_GEOMETRY,
    ROW,
    SHARD,
    LabelStore,
    shard_path,
)
from haco.data.readers.common import GeometryReader, Reader
from haco.data.shards import (
    CARD,
    PLAN,
    Fault,
    Policy,
    Progress,
    is_finished,
    read_faults,
    read_json,
    write_faults,
    write_json,
    write_shards,
)
from haco.files import InputError, write_atomically
from haco.types import NUM_VERTICES, Sample


def label(
    reader: Reader,
    out: Path,
    source: dict[str, object],
    *,
    workers: int = 2,
    on_fault: Policy = "skip",
    progress: Progress | None = None,
) -> LabelStore:
    """Label all samples of a reader, or go on with labels that were begun.

    Every sample is read once, picture and all, so what has labels can be trained on.

    Args:
        reader: What to label; a `GeometryReader`. It is pickled to the workers.
        out: Folder of the labels; finished ones are left alone if they are the same.
        source: What the card says of where the samples come from.
        workers: Processes; 1 works in this one.
        on_fault: `skip` leaves bad samples out and names them in `faults.jsonl`; `refuse` stops at
            the first.
        progress: Called with samples done and samples in all.

    Returns:
        The finished labels.

    Raises:
        InputError: The reader has no geometry at all, `out` holds something else, or a sample is
            bad and `on_fault` refuses it.
    """
    if not isinstance(reader, GeometryReader):
        raise InputError(
            f"{source.get('dataset', 'this dataset')}: has no meshes to compute contact from; "
            "it ships its labels or has none, so train on it or pack it as it is"
        )
    plan: dict[str, object] = {"source": source, "num": len(reader), "shard": SHARD}
    if is_finished(out, plan):
        return LabelStore(out)
    starts = range(0, len(reader), SHARD)
    missing = [start for start in starts if not shard_path(out, start).exists()]
    done = len(reader) - sum(min(SHARD, len(reader) - start) for start in missing)
    for number in write_shards(LabelWriter(reader, out, on_fault), missing, workers):
        done += number
        if progress is not None:
            progress(done, len(reader))
    _write_card(out, plan, starts)
    return LabelStore(out)


class LabelWriter:
    """Writes shards of labels; it keeps the search trees from shard to shard."""

    def __init__(self, reader: GeometryReader, out: Path, on_fault: Policy) -> None:
        self.reader, self.out, self.on_fault = reader, out, on_fault
        self.surfaces = SurfaceCache()

    def __getstate__(self) -> dict[str, Any]:
        """Travel without the trees, which cannot be pickled."""
        return self.__dict__ | {"surfaces": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"surfaces": SurfaceCache()}

    def __call__(self, start: int) -> int:
        """Write the shard that begins at `start`, and give its number of samples."""
        stop = min(start + SHARD, len(self.reader))
        rows = np.zeros(stop - start, ROW)
        faults, degenerate = [], collections.Counter()
        for place, index in enumerate(range(start, stop)):
            why, key = self._fill(rows[place : place + 1], index, degenerate)
            if why:
                if self.on_fault == "refuse":
                    raise InputError(f"sample {index} {key}: {why}")
                faults.append(Fault(index=index, key=key, why=why))
        path = shard_path(self.out, start)
        write_faults(path.with_suffix(".jsonl"), faults)
        write_json(path.with_suffix(".json"), dict(degenerate))
        with write_atomically(path) as part:
            np.save(part, rows)
        return stop - start

    def _fill(
        self, row: np.ndarray, index: int, degenerate: collections.Counter[str]
    ) -> tuple[str, str]:
        """Fill the one row of `row`; give what is wrong with the sample, and its key."""
        row["status"], row["distance"], row["offset"] = FAULTY, np.nan, np.nan
        sample, key, why = read_sample(self.reader, index)
        row["key"] = key.encode("ascii", "replace")[:KEY_BYTES]
        if sample is None:
            return why, key
        if len(key) > KEY_BYTES or len(sample.interaction) > INTERACTION_BYTES:
            return f"the key or the interaction '{sample.interaction}' is too long to store", key
        try:
            self._measure(row, sample, index, degenerate)
        except (OSError, LookupError, ValueError) as error:
            is_plain = isinstance(error, InputError)
            return str(error) if is_plain else f"{type(error).__name__}: {error}", key
        return "", key

    def _measure(
        self, row: np.ndarray, sample: Sample, index: int, degenerate: collections.Counter[str]
    ) -> None:
        valid = np.ones(NUM_VERTICES, bool) if sample.valid is None else sample.valid
        row["valid"], row["interaction"] = np.packbits(valid), sample.interaction.encode("ascii")
        scene = self.reader.scene(index)
        if scene is None:
            row["status"] = NO_GEOMETRY
            return
        found = vertex_distances(scene, self.surfaces)
        row["distance"] = found.distance
        row["offset"] = found.nearest - scene.vertices
        row["side_known"] = np.packbits(found.side_known)
        row["status"] = LABELLED
        degenerate.update(found.degenerate)


def _write_card(out: Path, plan: dict[str, object], starts: range) -> None:
    """Gather what the shards tell, write the card last, and clear up."""
    faults, degenerate = [], {}
    digest, counts = hashlib.sha256(), collections.Counter()
    for start in starts:
        path = shard_path(out, start)
        faults += read_faults(path.with_suffix(".jsonl"))
        degenerate |= read_json(path.with_suffix(".json"))
        digest.update(path.read_bytes())
        counts.update(np.load(path, mmap_mode="r")["status"].tolist())
    write_faults(out / FAULTS, faults)
    card = {
        "plan": plan,
        "labelled": counts[LABELLED],
        "without geometry": counts[NO_GEOMETRY],
        "faulty": counts[FAULTY],
        "triangles without area": degenerate,
        "sha256": digest.hexdigest(),
        "haco": haco.__version__,
    }
    write_json(out / CARD, card)
    for start in starts:
        shard_path(out, start).with_suffix(".jsonl").unlink()
        shard_path(out, start).with_suffix(".json").unlink()
    (out / PLAN).unlink()
