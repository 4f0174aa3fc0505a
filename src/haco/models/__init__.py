"""Networks from a hand crop to contact logits, and the files their weights live in."""

import importlib

_PUBLIC = {
    "ContactNet": "haco.models.contact_net",
    "NETWORKS": "haco.models.networks",
    "create_model": "haco.models.networks",
    "WeightsMeta": "haco.models.weights",
    "bundled_weights": "haco.models.weights",
    "load_weights": "haco.models.weights",
    "save_weights": "haco.models.weights",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'haco.models' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
