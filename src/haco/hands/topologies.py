"""One door to every hand: by the name of its topology, and its side."""

from pathlib import Path

from haco.files import InputError
from haco.hands.mano import load_mano
from haco.hands.model import HandModel
from haco.hands.open_hand import open_hand
from haco.types import SIDES


def load_hand(
    topology: str,
    side: str = "right",
    mano_dir: str | Path | None = None,
    *,
    fix_left_shape: bool = True,
) -> HandModel:
    """Load a hand to contact: the open one, or MANO from the user's own files.

    Args:
        topology: `"open"` or `"mano"`.
        side: `"left"` or `"right"`.
        mano_dir: Where MANO's two files are; by default the variable `HACO_MANO_DIR`.
        fix_left_shape: Whether MANO's left hand gets its shape basis mended.

    Returns:
        The hand, in single precision on the CPU.

    Raises:
        InputError: No such topology or side, or MANO's files are not there.
    """
    if side not in SIDES:
        raise InputError(f'side {side!r}: there is no such side; say "left" or "right"')
    if topology == "mano":
        return load_mano(side, mano_dir, fix_left_shape=fix_left_shape)
    if topology == "open":
        return open_hand() if side == "right" else open_hand().mirrored()
    raise InputError(f'hand {topology!r}: there is no such hand; say "open" or "mano"')
