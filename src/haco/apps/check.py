"""What `haco data check` does and shows: is a download complete and right?"""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from PIL import Image
from rich.console import Console
from rich.table import Table

from haco.apps.data import progress, show_faults
from haco.data.choice import DatasetChoice
from haco.data.inspection import Inspection, Seen, inspect_samples
from haco.data.inventory import Stock, take_stock
from haco.data.labels import contact_of
from haco.data.shards import write_faults
from haco.files import InputError, write_atomically
from haco.geometry.camera import project
from haco.geometry.contact import PROTOCOLS
from haco.hands import load_hand
from haco.pictures.inspection import HandView, Surface, draw_sheet

_FARTHEST = 0.02
"""From this distance on, metres, skin is drawn in the colour of untouched skin."""
_MOST_NAMES = 12
_HARMONISED = PROTOCOLS["harmonised"]


def check_command(
    choice: DatasetChoice,
    out: Path,
    *,
    labels: Path | None,
    seconds: float,
    num: int,
    seed: int,
) -> int:
    """Count files, read samples for a while, draw some, and say what is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    is_right = True
    if choice.root is not None:
        stocks = take_stock(choice.name, choice.root)
        is_right = show_stock(console, stocks)
    try:
        reader = choice.open(labels)
    except InputError as error:
        console.print(f"[red]cannot be opened[/]: {error}")
        return 1
    with progress(f"{choice.name} {choice.split}") as show:
        found = inspect_samples(reader, seconds=seconds, num_seen=num, seed=seed, progress=show)
    _show_inspection(console, choice, found, out)
    if found.seen:
        path = out / f"{choice.name.replace('/', '-')}-{choice.split}.png"
        with write_atomically(path) as part:
            Image.fromarray(_draw(found.seen, choice)).save(part)
        console.print(f"look at {len(found.seen)} hands: {path}", markup=False)
    is_right = is_right and not found.faults and bool(found.seen)
    console.print("All is well." if is_right else "Something is missing or wrong, see above.")
    return 0 if is_right else 1


def show_stock(console: Console, stocks: list[Stock]) -> bool:
    """Print what is there of the files that a whole download has; say whether it is all."""
    if not stocks:
        return True
    table = Table("files", "found", "expected", "", box=None, padding=(0, 2, 0, 0))
    for stock in stocks:
        numbers = stock.expected.numbers or (len(stock.expected.names),)
        wanted = " or ".join(f"{number:,}" for number in numbers)
        verdict = "[green]complete[/]" if stock.is_complete else "[red]not as expected[/]"
        table.add_row(stock.expected.what, f"{stock.found:,}", wanted, verdict)
    console.print(table)
    for stock in stocks:
        for name in stock.missing[:_MOST_NAMES]:
            console.print(f"missing: {name}", markup=False)
        if len(stock.missing) > _MOST_NAMES:
            rest = len(stock.missing) - _MOST_NAMES
            console.print(f"missing: {rest} more {stock.expected.what}", markup=False)
    return all(stock.is_complete for stock in stocks)


def _show_inspection(console: Console, choice: DatasetChoice, found: Inspection, out: Path) -> None:
    words = f"{found.num_read:,} of {found.num:,} hands read"
    if found.num_read < found.num:
        words += " at random"
    if not found.faults:
        words += ", all can be used"
        if found.most_faulty:
            words += f" (so at most {found.most_faulty:.2%} of all cannot, with 95% certainty)"
    console.print(words, markup=False)
    if found.faults:
        path = out / f"{choice.name.replace('/', '-')}-{choice.split}-faults.jsonl"
        write_faults(path, found.faults)
        show_faults(console, found.faults, path)


def _draw(seen: list[Seen], choice: DatasetChoice) -> np.ndarray:
    heading = f"{choice.name} ({choice.split}): {len(seen)} hands drawn at random"
    legend = ("20 mm away, or no contact", "touching")
    faces = _hand_faces(choice)
    views = [_view(each, faces) for each in seen]
    return draw_sheet(views, heading=heading, legend=legend)


def _view(seen: Seen, faces: Int[np.ndarray, "faces 3"] | None) -> HandView:
    sample = seen.sample
    hand = thing = None
    if sample.vertices is not None and sample.K is not None:
        hand = Surface(points=_seen_by(sample.K, sample.vertices), faces=faces)
        if seen.things is not None:
            points = _seen_by(sample.K, seen.things.vertices)
            thing = Surface(points=points, faces=seen.things.faces)
    share, nearness = _nearness(seen)
    key = sample.key if len(sample.key) < 62 else "..." + sample.key[-58:]
    return HandView(
        image=sample.image,
        box=sample.box,
        side=sample.side,
        caption=f"{sample.side} hand, {sample.interaction}: {share}\n{key}",
        hand=hand,
        nearness=nearness,
        thing=thing,
    )


def _nearness(seen: Seen) -> tuple[str, Float[np.ndarray, " vertices"] | None]:
    """Give words for how much touches, and how near each vertex is, 0 to 1, NaN where unknown."""
    sample, distance = seen.sample, seen.distance
    if distance is not None:
        dataset = sample.key.partition("/")[0]
        touching = _HARMONISED.contact(distance, dataset, sample.interaction)
        return _share(touching, np.isfinite(distance) | (distance == np.inf)), np.where(
            np.isnan(distance), np.nan, np.clip(1 - distance / _FARTHEST, 0, 1)
        )
    contact, valid = contact_of(sample, _HARMONISED)
    if not valid.any():
        return "contact unknown", None
    return _share(contact, valid), np.where(valid, contact, np.nan).astype(np.float64)


def _share(touching: np.ndarray, known: np.ndarray) -> str:
    return f"{(touching & known).sum() / max(known.sum(), 1):.0%} touches"


def _seen_by(
    K: Float[np.ndarray, "3 3"], points: Float[np.ndarray, "points 3"]
) -> Float[np.ndarray, "points 3"]:
    """Give pixel and depth of points; those behind the camera are left at depth 0 or less."""
    depth = points[:, 2:].astype(np.float64)
    ahead = np.concatenate([points[:, :2], np.maximum(depth, 1e-6)], axis=1)
    return np.concatenate([project(ahead, K), depth], axis=1)


def _hand_faces(choice: DatasetChoice) -> Int[np.ndarray, "faces 3"] | None:
    """Give the triangles of the set's hand: the open one in made pictures, else the user's MANO."""
    if choice.name.startswith("synthetic"):
        return load_hand("open").closed_faces.numpy()
    try:
        return load_hand("mano", mano_dir=choice.mano_dir).closed_faces.numpy()
    except InputError:
        return None
