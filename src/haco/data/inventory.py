"""What a whole download of each dataset holds, and what of it is there.

Numbers are those that the datasets' authors state, or that their published lists have; they count
files as they are unpacked, all splits together unless said otherwise.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from haco.data.readers.dexycb import SERIALS
from haco.data.ycb import YCB_NAMES


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expected:
    """Files of one kind that a whole download has."""

    what: str
    patterns: tuple[str, ...]
    """Where they lie under the root: globs, of which the one that finds most counts. With `names`,
    `{}` in them stands for a name; then a file counts wherever it is found."""
    numbers: tuple[int, ...] = ()
    """How many there are, one for each version of the set; empty with `names`."""
    names: tuple[str, ...] = ()
    lines: bool = False
    """Count the lines of the files, not the files."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stock:
    """What is there of one kind of files."""

    expected: Expected
    found: int
    missing: tuple[str, ...] = ()
    """The files that are not there, as paths under the root, where their names are known."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, and nothing is too much."""
        if self.expected.names:
            return not self.missing
        return self.found in self.expected.numbers


def take_stock(name: str, root: Path) -> list[Stock]:
    """Look what is there of a dataset; nothing for one of which no numbers are known."""
    return [_look(each, root) for each in EXPECTED.get(name.partition("/")[0], ())]


def _look(expected: Expected, root: Path) -> Stock:
    if expected.names:
        places = {
            name: [pattern.format(name) for pattern in expected.patterns] for name in expected.names
        }
        absent = tuple(
            paths[0] for paths in places.values() if not any(_found(root, path) for path in paths)
        )
        return Stock(expected=expected, found=len(expected.names) - len(absent), missing=absent)
    found = [[*root.glob(pattern)] for pattern in expected.patterns]
    fullest = max(found, key=len)
    count = sum(map(_count_lines, fullest)) if expected.lines else len(fullest)
    return Stock(expected=expected, found=count)


def _found(root: Path, pattern: str) -> bool:
    return next(root.glob(pattern), None) is not None


def _count_lines(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if "/" in line)


def _files(*names: str) -> Expected:
    return Expected(what="single files", patterns=("{}",), names=names)


def _lines(what: str, path: str, *numbers: int) -> Expected:
    return Expected(what=what, patterns=(path,), numbers=numbers, lines=True)


def _count(what: str, number: int, *patterns: str) -> Expected:
    return Expected(what=what, patterns=patterns, numbers=(number,))


def _numbered(start: str, numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{start}{number}" for number in numbers)


_YCB = Expected(
    what="YCB models",
    patterns=tuple(
        f"{up}{folder}/{{}}/textured_simple.obj"
        for up in ("", "../")
        for folder in ("models", "YCB_object_models/models", "YCB_object_models", "ycb")
    ),
    names=YCB_NAMES,
)
_INTERHAND_FILES = tuple(
    f"{split}/InterHand2.6M_{split}_{part}"
    for split in ("train", "val", "test")
    for part in ("data", "camera", "MANO_NeuralAnnot")
)
EXPECTED: Mapping[str, tuple[Expected, ...]] = MappingProxyType(
    {
        "arctic": (
            Expected(
                what="objects",
                patterns=("meta/object_vtemplates/{}/mesh.obj",),
                names=(
                    *("capsulemachine", "box", "ketchup", "laptop", "microwave", "mixer"),
                    *("notebook", "espressomachine", "waffleiron", "scissors", "phone"),
                ),
            ),
            _files("meta/misc.json"),
        ),
        "decaf": (
            Expected(
                what="subjects",
                patterns=("*/contacts/{}/contacts_rh.npy",),
                names=_numbered("S", range(1, 9)),
            ),
            Expected(
                what="cameras",
                patterns=("*/right_hand_bbs/*/{}.npy",),
                names=("084", "100", "102", "108", "110", "111", "121", "122"),
            ),
        ),
        "dexycb": (
            _count("people", 10, "*-subject-[0-9][0-9]"),
            _count("sequences", 1000, "*-subject-[0-9][0-9]/*/meta.yml"),
            _count("views of sequences", 8000, "*-subject-[0-9][0-9]/*/[0-9]*[0-9]/"),
            Expected(
                what="calibrated cameras",
                patterns=("calibration/intrinsics/{}_640x480.yml",),
                names=SERIALS,
            ),
            _YCB,
        ),
        "h2o": (
            Expected(
                what="pictures in the three lists",
                patterns=("label_split/pose_*.txt", "pose_lists/pose_*.txt"),
                numbers=(55_742 + 11_638 + 23_391,),
                lines=True,
            ),
            _count("objects", 8, "object/*/*.obj"),
        ),
        "h2o3d": (_lines("training pictures", "train.txt", 60_998), _YCB),
        "hi4d": (
            Expected(
                what="cameras",
                patterns=("pair*/*/images/{}",),
                names=_numbered("", range(4, 89, 12)),
            ),
        ),
        "hic": (
            _files("HIC.json"),
            Expected(
                what="sequences of two hands",
                patterns=("{}/1/rgb/*.png",),
                names=_numbered("0", range(1, 8)),
            ),
        ),
        "ho3d": (
            _lines("training pictures (version 2 or 3)", "train.txt", 66_034, 83_325),
            _lines("evaluation pictures (version 2 or 3)", "evaluation.txt", 11_524, 20_137),
            _YCB,
        ),
        "hoi4d": (
            _lines("training sequences", "datalists/train_all.txt", 2_973),
            _lines("test sequences", "datalists/test_all.txt", 933),
        ),
        "interhand26m": (
            Expected(
                what="annotation files", patterns=("annotations/{}.json",), names=_INTERHAND_FILES
            ),
        ),
        "mow": (
            _files("poses.json"),
            _count("photographs", 512, "images/*.jpg", "models/*.jpg"),
            _count("models", 512, "models/*.obj", "images/*.obj"),
        ),
        "obman": (
            _count("training pictures", 141_550, "train/rgb/*.jpg"),
            _count("validation pictures", 6_463, "val/rgb/*.jpg"),
            _count("test pictures", 6_285, "test/rgb/*.jpg"),
        ),
        "prox": (
            _count("moments", 180, "fittings/mosh/*/meshes/*/000.ply"),
            _files("calibration/Color.json", "cam2world/vicon.json", "scenes/vicon.ply"),
        ),
        "rich": tuple(
            _count(
                f"sequences of {split}",
                number,
                f"hsc/{split}/*/",
                f"human_scene_contact/{split}/*/",
            )
            for split, number in (("train", 62), ("val", 28), ("test", 52))
        ),
    }
)
"""By the reader's name; what has no entry has no known numbers."""
