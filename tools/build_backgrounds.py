"""Cut the small pictures of `src/haco/synth/assets` out of those that scikit-image carries.

Only pictures whose docstrings say CC0 or public domain are taken. Run: `python
tools/build_backgrounds.py`; the same scikit-image and Pillow give the same bytes.
"""

from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

ASSETS = Path(__file__).parent.parent / "src" / "haco" / "synth" / "assets"
SIZE = 256
CROPS: dict[str, tuple[int, int, int]] = {  # left, top and side of a square, in source pixels
    "coffee": (100, 0, 400),
    "chelsea": (100, 0, 300),
    "brick": (0, 0, 512),
    "grass": (0, 0, 512),
    "gravel": (0, 0, 512),
    "rocket": (0, 0, 427),
    "hubble_deep_field": (0, 0, 600),
}


def main() -> None:
    """Write one JPEG a picture, and say how large they are."""
    ASSETS.mkdir(parents=True, exist_ok=True)
    for name, (left, top, side) in CROPS.items():
        picture = Image.fromarray(np.asarray(getattr(skimage.data, name)())).convert("RGB")
        square = picture.crop((left, top, left + side, top + side))
        path = ASSETS / f"{name}.jpg"
        square.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(path, quality=82, optimize=True)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
