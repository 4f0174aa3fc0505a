"""The surface that contact lives on: the open hand, MANO, their regions and their levels.

Public names load on first use.
"""

import importlib

_PUBLIC = {
    "HandModel": "haco.hands.model",
    "HandSurface": "haco.hands.model",
    "load_hand": "haco.hands.topologies",
    "open_hand_arrays": "haco.hands.open_hand",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'haco.hands' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
