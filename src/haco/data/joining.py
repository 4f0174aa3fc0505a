"""From a pack's shards to the files that readers open: one shard in memory at a time."""

import collections
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import haco
from haco.data.shards import CARD, PLAN, read_faults, write_faults, write_json
from haco.data.store import FAULTS, INFO, OPTIONAL, STATE
from haco.files import InputError, write_atomically

if TYPE_CHECKING:
    from pyarrow import RecordBatch

SHARDS_A_FILE = 100
"""Arrow files of so many shards each: 20,000 samples, or half a gigabyte."""


class _Survey(NamedTuple):
    """What all shards together hold."""

    paths: list[Path]
    """Shards that hold any sample."""
    num: int
    names: list[str]
    """Columns of which any row has something."""
    kinds: collections.Counter[str]
    """Interactions."""


def join(out: Path, paths: Sequence[Path], plan: dict[str, object]) -> None:
    """Join shards into the pack's files, write its card last, and clear up.

    Raises:
        InputError: No shard holds a sample.
    """
    faults = [fault for path in paths for fault in read_faults(path.with_suffix(".jsonl"))]
    write_faults(out / FAULTS, faults)
    found = _survey(paths)
    if found.num == 0:
        why = f", for example: {faults[0].why}" if faults else ""
        raise InputError(f"{out}: no sample can be used{why}")
    fingerprint = hashlib.sha256()
    files = _write_files(out, found, fingerprint)
    _write_about(out, files, found, fingerprint.hexdigest()[:16])
    card = {
        "plan": plan,
        "packed": found.num,
        "left out": len(faults),
        "shares": {kind: count / found.num for kind, count in sorted(found.kinds.items())},
        "sha256": fingerprint.hexdigest(),
        "haco": haco.__version__,
    }
    write_json(out / CARD, card)
    shutil.rmtree(out / "shards")
    (out / PLAN).unlink()


def _survey(paths: Sequence[Path]) -> _Survey:
    from haco.data.arrow_rows import read_batches

    found = _Survey([], 0, [], collections.Counter())
    has = collections.Counter()
    for path in paths:
        for rows in read_batches(path):
            found.paths.append(path)
            found.kinds.update(rows.texts("interaction"))
            has.update({name: int(rows.having(name).sum()) for name in OPTIONAL})
    names = ["image", "key", "interaction", "side", "box"]
    names += [name for name in OPTIONAL if has[name]]
    return found._replace(num=found.kinds.total(), names=names)


def _write_files(out: Path, found: _Survey, fingerprint: "hashlib._Hash") -> list[str]:
    """Write the Arrow files, and give their names; their content goes into the fingerprint."""
    from haco.data.arrow_rows import write_batches

    groups = [
        found.paths[start : start + SHARDS_A_FILE]
        for start in range(0, len(found.paths), SHARDS_A_FILE)
    ]
    files = [f"data-{place:05d}-of-{len(groups):05d}.arrow" for place in range(len(groups))]
    for file, group in zip(files, groups, strict=True):
        with write_atomically(out / file) as part:
            write_batches(part, _told(group, found.names, fingerprint), found.names)
    return files


def _told(
    paths: Sequence[Path], names: Sequence[str], fingerprint: "hashlib._Hash"
) -> Iterator["RecordBatch"]:
    """Give one shard's rows after another, and add each to the fingerprint."""
    from haco.data.arrow_rows import read_batches

    for path in paths:
        for rows in read_batches(path):
            rows.digest(names, fingerprint)
            yield rows.batch


def _write_about(out: Path, files: Sequence[str], found: _Survey, fingerprint: str) -> None:
    """Write the two files from which `datasets` knows what a folder holds."""
    from haco.data.arrow_rows import features

    info = {
        "citation": "",
        "description": "Hands cut out of pictures, with their contact; packed by haco.",
        "features": features(found.names),
        "homepage": "",
        "license": "",
    }
    write_json(out / INFO, info)
    state = {
        "_data_files": [{"filename": file} for file in files],
        "_fingerprint": fingerprint,
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    write_json(out / STATE, state)
