"""What `haco data audit` does and shows: one table over all sets, one picture a set."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

import haco
from haco.apps.data import progress
from haco.data.audit import (
    PAPER_RATIOS,
    RULES,
    Agreement,
    Gathered,
    Tally,
    by_paper,
    by_rule,
    compare,
    gather,
    tally,
)
from haco.data.choice import DatasetChoice, root_of
from haco.data.label_store import label_folder
from haco.data.shards import CARD
from haco.files import InputError, write_atomically
from haco.hands import HandModel, load_hand
from haco.pictures.frequency import draw_frequencies
from haco.types import Split

_WORDS = {"paper": "the paper's rule", "harmonised": "one rule for all", "shipped": "as shipped"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audited:
    """All answers about one set."""

    gathered: Gathered
    tallies: Mapping[str, Tally]
    """By `paper` (the paper's rule for this set), `harmonised` and `shipped`, where they exist."""
    shipped: Mapping[str, Agreement]
    """The shipped bits against each rule, where both know."""
    rules: Mapping[str, Agreement]
    """Each of `RULES` against the harmonised one."""


def audit_command(
    names: Sequence[str],
    roots: Path,
    out: Path,
    *,
    split: Split,
    labels: Path | None,
    mano_dir: Path | None,
    num: int,
    seed: int,
) -> int:
    """Audit sets one after another, write the report, and print it."""
    console, audited, failed = Console(highlight=False, soft_wrap=True), [], []
    for name in names:
        try:
            found = _audit(name, roots, split, labels, mano_dir, num=num, seed=seed)
        except InputError as error:
            failed.append(name)
            console.print(f"haco: {error}", style="red", markup=False)
            continue
        audited.append(found)
        hand = _hand(name, mano_dir)
        if hand is None:
            console.print(f"{name}: no picture without MANO's files", markup=False)
        else:
            _write_picture(found, hand, out / _picture(name))
    if not audited:
        return 1
    report = to_markdown(audited, split, num=num, seed=seed)
    with write_atomically(out / "audit.md") as part:
        part.write_text(report, encoding="utf-8")
    with write_atomically(out / "audit.json") as part:
        part.write_text(json.dumps(to_json(audited, split, num=num, seed=seed), indent=1) + "\n")
    console.print(report, markup=False)
    console.print(f"report: {out / 'audit.md'}, audit.json and a picture a set", markup=False)
    return 1 if failed else 0


def _audit(
    name: str,
    roots: Path,
    split: Split,
    labels: Path | None,
    mano_dir: Path | None,
    *,
    num: int,
    seed: int,
) -> Audited:
    choice = DatasetChoice(name=name, root=root_of(name, roots), split=split, mano_dir=mano_dir)
    has_labels = labels is not None and (label_folder(labels, name, split) / CARD).exists()
    reader = choice.open(labels if has_labels else None)
    with progress(name) as show:
        gathered = gather(reader, name, num=num, seed=seed, progress=show)
    return judge(gathered)


def judge(gathered: Gathered) -> Audited:
    """Answer all questions about the hands that were gathered of one set."""
    known = ~np.isnan(gathered.distance)
    contacts: dict[str, np.ndarray] = {}
    paper = by_paper(gathered)
    if known.any():
        contacts |= {} if paper is None else {"paper": paper}
        contacts["harmonised"] = by_rule(gathered, "harmonised")
    both = known & gathered.shipped_known
    tallies = {name: tally(contact, known) for name, contact in contacts.items()}
    if gathered.shipped_known.any():
        tallies["shipped"] = tally(gathered.shipped, gathered.shipped_known)
    return Audited(
        gathered=gathered,
        tallies=tallies,
        shipped={
            name: compare(gathered.shipped, contact, both)
            for name, contact in contacts.items()
            if both.any()
        },
        rules={
            rule: compare(by_rule(gathered, rule), contacts["harmonised"], known)
            for rule in RULES
            if known.any()
        },
    )


def to_markdown(audited: Sequence[Audited], split: Split, *, num: int, seed: int) -> str:
    """Write the report for reading."""
    lines = [
        "# Audit of contact labels",
        "",
        f"Split {split}, up to {num} hands a set at random (seed {seed}), haco {haco.__version__}. "
        "Distances are computed from the sets' own meshes where they have any. *Paper* is the "
        "paper's threshold for the set, *harmonised* is 10 mm in true metres with everything "
        "inside counted, *shipped* are bits that came with the set.",
        "",
        *_table(
            ("set", "labels", "hands", "touching", "contact", "non-contact : contact", "paper says",
             "unknown"),
            [row for each in audited for row in _tally_rows(each)],
        ),
        "",
        "## Shipped labels against the meshes",
        "",
        *_table(
            ("set", "rule", "vertices that differ", "IoU", "shipped only", "computed only"),
            [
                (each.gathered.name, rule, *_agreement(agreement))
                for each in audited
                for rule, agreement in each.shipped.items()
            ],
        ),
        "",
        "## How far rules are apart",
        "",
        "Each rule of the paper, applied to every set, against the harmonised one: the overlap of "
        "their contact (IoU).",
        "",
        *_table(
            ("set", *RULES),
            [
                (each.gathered.name, *(f"{each.rules[rule].iou:.2f}" for rule in RULES))
                for each in audited
                if each.rules
            ],
        ),
        "",
    ]  # fmt: skip
    left_out = [each for each in audited if each.gathered.faults]
    for each in left_out:
        faults = each.gathered.faults
        lines += [f"{each.gathered.name}: {len(faults)} hands left out, as: {faults[0].why}", ""]
    return "\n".join(lines)


def to_json(audited: Sequence[Audited], split: Split, *, num: int, seed: int) -> dict[str, Any]:
    """Give the report as plain values; what is not finite is null."""
    sets = {}
    for each in audited:
        sets[each.gathered.name] = {
            "hands": len(each.gathered.distance),
            "of": each.gathered.num,
            "left out": len(each.gathered.faults),
            "paper's ratio": PAPER_RATIOS.get(each.gathered.name.partition("/")[0]),
            "labels": {
                name: {
                    "contact share": _plain(it.share),
                    "ratio": _plain(it.ratio),
                    "touching": it.touching,
                    "unknown": it.unknown,
                    "frequency": [round(value, 5) for value in it.frequency],
                }
                for name, it in each.tallies.items()
            },
            "shipped against": {k: dataclasses.asdict(it) for k, it in each.shipped.items()},
            "rules against harmonised": {k: dataclasses.asdict(it) for k, it in each.rules.items()},
        }
    return {"split": split, "num": num, "seed": seed, "haco": haco.__version__, "sets": sets}


def _tally_rows(audited: Audited) -> list[tuple[str, ...]]:
    gathered, said = audited.gathered, PAPER_RATIOS.get(audited.gathered.name.partition("/")[0])
    return [
        (
            gathered.name,
            name,
            f"{len(gathered.distance):,} of {gathered.num:,}",
            f"{it.touching:.0%}",
            f"{it.share:.1%}",
            f"{it.ratio:.1f}" if it.contact else "no contact",
            "" if said is None else f"{said}",
            f"{it.unknown:.1%}",
        )
        for name, it in audited.tallies.items()
    ]


def _agreement(agreement: Agreement) -> tuple[str, ...]:
    shares = (agreement.first_only, agreement.second_only)
    return (
        f"{agreement.differing:.1%}",
        f"{agreement.iou:.2f}",
        *(f"{share:.0%}" for share in shares),
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["None of these sets has any."]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = [titles, ["-" * width for width in widths], *rows]
    padded = [[cell.ljust(n) for cell, n in zip(line, widths, strict=True)] for line in lines]
    return ["| " + " | ".join(line) + " |" for line in padded]


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _picture(name: str) -> str:
    return f"{name.replace('/', '-')}.png"


def _write_picture(audited: Audited, hand: HandModel, path: Path) -> None:
    columns = [
        (_WORDS[name], f"{it.share:.1%} of the skin touches", np.array(it.frequency))
        for name, it in audited.tallies.items()
    ]
    if not columns:
        return
    gathered = audited.gathered
    heading = f"{gathered.name}: where {len(gathered.distance)} hands touch"
    with write_atomically(path) as part:
        Image.fromarray(draw_frequencies(columns, hand, heading=heading)).save(part)


def _hand(name: str, mano_dir: Path | None) -> HandModel | None:
    """Give the hand whose vertices a set speaks of: the open one in made pictures, else MANO."""
    if name.startswith("synthetic"):
        return load_hand("open")
    try:
        return load_hand("mano", mano_dir=mano_dir)
    except InputError:
        return None
