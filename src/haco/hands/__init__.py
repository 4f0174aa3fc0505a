"""The surface that contact lives on: the open hand, MANO, their regions and their levels.

Public names load on first use.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers, which do not run __getattr__
    from haco.hands.model import HandModel as HandModel
    from haco.hands.model import HandSurface as HandSurface
    from haco.hands.open_hand import open_hand_arrays as open_hand_arrays
    from haco.hands.topologies import load_hand as load_hand

_PUBLIC = {
    "HandModel": "haco.hands.model",
    "HandSurface": "haco.hands.model",
    "load_hand": "haco.hands.topologies",
    "open_hand_arrays": "haco.hands.open_hand",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'haco.hands' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
