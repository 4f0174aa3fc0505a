"""Prediction over many pictures: each one's report, and an account of what was done."""

import dataclasses
import glob
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from haco.apps.predictor import ContactPredictor
from haco.apps.report import write_report
from haco.apps.result import HandContact
from haco.files import InputError, read_image
from haco.types import Side

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one path."""

    path: Path
    hands: tuple[HandContact, ...] = ()
    error: str | None = None
    """Why nothing was written for it; None when it was processed."""


def find_pictures(paths: Iterable[str]) -> tuple[list[Path], list[Outcome]]:
    """Turn files, folders and globs into pictures.

    A folder gives the jpg, png and webp files directly inside it, in the order of their names.

    Args:
        paths: As typed by the user.

    Returns:
        The pictures, each once, and an outcome with an error for each path that gives none.
    """
    pictures: dict[Path, None] = {}
    failed: list[Outcome] = []
    for text in paths:
        try:
            pictures.update(dict.fromkeys(_expand(text)))
        except InputError as error:
            failed.append(Outcome(Path(text), error=str(error)))
    return list(pictures), failed


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        try:
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
        except OSError as error:
            raise InputError(f"{path}: folder may not be read; check its permissions") from error
        if not inside:
            raise InputError(f"{path}: no jpg, png or webp file in this folder")
        return inside
    if not path.exists() and glob.has_magic(text):
        matches = sorted(Path(match) for match in glob.glob(text, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"{text}: matches no file")
        return [inner for match in matches for inner in _expand(str(match))]
    return [path]


def report_stems(pictures: Sequence[Path]) -> list[str]:
    """Name each picture's report: its stem, with the folder's name before it where stems clash.

    Raises:
        InputError: Two pictures would still get one name.
    """
    clashes = Counter(path.stem for path in pictures)
    stems = [
        path.stem if clashes[path.stem] == 1 else f"{path.absolute().parent.name}-{path.name}"
        for path in pictures
    ]
    for stem, count in Counter(stems).items():
        if count > 1:
            raise InputError(f"{count} pictures would be written as {stem}; predict them apart")
    return stems


def predict_pictures(
    predictor: ContactPredictor,
    paths: Sequence[str],
    out: Path,
    *,
    box: tuple[float, float, float, float] | None = None,
    side: Side | None = None,
    on_start: Callable[[int], None] = lambda total: None,
    on_done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Predict every picture and write its report; a picture that fails does not stop the others.

    Args:
        predictor: Loaded weights.
        paths: Files, folders and globs.
        out: Folder of the reports.
        box: The one hand's box, xyxy in pixels, if hands shall not be looked for.
        side: Side of the box's hand; without a box, the only side kept.
        on_start: Called with the number of pictures.
        on_done: Called after each picture.

    Returns:
        One outcome a picture, and one for each path that gave no picture.
    """
    pictures, outcomes = find_pictures(paths)
    stems = report_stems(pictures)
    on_start(len(pictures))
    for path, stem in zip(pictures, stems, strict=True):
        try:
            image = read_image(path)
            found = predictor(image, box=box, side=side)
            hands = (found,) if isinstance(found, HandContact) else tuple(found)
            write_report(
                out,
                stem,
                source=path,
                image=image,
                hands=hands,
                surface=predictor.hands["right"],
                threshold=predictor.meta.threshold,
                weights=predictor.meta.network,
            )
            outcome = Outcome(path, hands)
        except InputError as error:
            told = str(error)
            outcome = Outcome(path, error=told if str(path) in told else f"{path}: {told}")
        outcomes.append(outcome)
        on_done(outcome)
    return outcomes
