"""Reading pictures and writing files: bad input is named, nothing is ever half-written."""

import contextlib
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 150_000_000
"""A picture of more pixels than this is refused before it is decoded."""


class InputError(ValueError):
    """What the user gave cannot be used; the message is one line: what, where, and the mend."""


@contextlib.contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it is renamed, on failure it is removed.

    Args:
        path: Where the finished file shall lie. Missing parent folders are made.

    Yields:
        A path with the same suffix, to be written by the caller.

    Raises:
        InputError: The folder cannot be made or written, or the disk is full.
    """
    part = path.with_name(f".part-{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path}: cannot be written ({reason}); free some space or choose another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read_image(path: str | Path) -> UInt8[np.ndarray, "height width 3"]:
    """Read a picture as upright 8-bit RGB.

    EXIF orientation is applied. Grey, palette, CMYK and 16-bit pictures become RGB; transparent
    pixels are laid over white.

    Args:
        path: A file that Pillow reads: JPEG, PNG, WebP, TIFF, BMP and others.

    Returns:
        The pixels, RGB.

    Raises:
        InputError: No such file, not a picture, truncated, or larger than `MAX_PIXELS`.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own size warning: we check the size below
            with Image.open(path) as picture:
                _check_size(path, picture)
                ImageOps.exif_transpose(picture, in_place=True)
                return np.asarray(_to_rgb(picture))
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, not a picture; name a picture in it") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: too large to decode ({error}); make it smaller") from error
    except UnidentifiedImageError as error:
        what = "is empty" if path.stat().st_size == 0 else "is not a picture that can be read"
        raise InputError(f"{path}: {what}; give a JPEG, PNG or WebP file") from error
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise InputError(f"{path}: the picture is damaged ({error}); get a whole copy") from error


def _check_size(path: Path, picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise InputError(
            f"{path}: {picture.width} x {picture.height} pixels are more than the "
            f"{MAX_PIXELS // 1_000_000} million that haco decodes; make it smaller first"
        )


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16 bits a channel, grey: keep the high byte
        values = np.asarray(picture).astype(np.float64)
        grey = values / 257 if values.max(initial=0) > 255 else values
        return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")
