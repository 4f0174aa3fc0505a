"""Reading other people's annotation files: whatever is wrong with one is said by its name."""

import contextlib
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float64

from haco.files import InputError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever fails while `path` is read and taken apart into one `InputError` naming it."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such file; check that the download is complete and the root is right"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: cannot be read ({reason}); get the file again") from error
    except (
        LookupError,
        ValueError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
        yaml.YAMLError,
    ) as error:
        kind = type(error).__name__
        raise InputError(
            f"{path}: is damaged or not what its dataset has there ({kind}: "
            f"{' '.join(str(error).split())[:120]}); get the file again"
        ) from error


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    with reading(path):
        return json.loads(path.read_text("utf-8"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds names and values; nothing in it is run."""
    with reading(path):
        value = yaml.load(path.read_text("utf-8"), Loader=_Loader)
        if not isinstance(value, dict):
            raise TypeError("it holds no names and values")
        return value


def read_lines(path: Path) -> list[str]:
    """Read a text file's lines, stripped, empty ones left out."""
    with reading(path):
        return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file; pickled ones are refused."""
    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def read_numbers(path: Path, num: int) -> Float64[np.ndarray, " num"]:
    """Read a text file of `num` numbers with blanks between them."""
    with reading(path):
        return numbers({"numbers": path.read_text("utf-8").split()}, "numbers", (num,), path)


def numbers(
    record: Mapping[str, Any], name: str, shape: tuple[int, ...], path: Path
) -> Float64[np.ndarray, "..."]:
    """Take one array out of an annotation, with so many finite numbers.

    Args:
        record: The annotation.
        name: Of the entry.
        shape: What it is brought to; its own may have more or fewer axes of length one.
        path: The file it came from, for the message.

    Raises:
        InputError: The entry is missing, empty, of another size, or holds NaN or infinity.
    """
    value = record.get(name)
    if value is None:
        raise InputError(f"{path}: has no {name!r}; get the file again, or leave this frame out")
    with reading(path):
        array = np.asarray(value, dtype=np.float64)
        if array.size != math.prod(shape):
            raise InputError(
                f"{path}: its {name!r} has {array.size} numbers, not {math.prod(shape)}; "
                "get the file again"
            )
        if not np.isfinite(array).all():
            raise InputError(f"{path}: its {name!r} holds NaN or infinity; leave this frame out")
        return array.reshape(shape)


def existing(root: Path, *names: str) -> Path:
    """Give the first of several paths below `root` that exists: downloads unpack differently.

    Raises:
        InputError: None of them does.
    """
    for name in names:
        if (root / name).exists():
            return root / name
    others = f" (nor {', '.join(names[1:])} in its place)" if names[1:] else ""
    raise InputError(
        f"{root / names[0]}: no such file or folder{others}; check that the download is complete "
        "and the root is right"
    )
