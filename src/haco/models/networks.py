"""The networks by name."""

from collections.abc import Callable

from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.models.tiny import tiny

NETWORKS: dict[str, Callable[[], ContactNet]] = {
    "tiny": tiny,
}


def create_model(name: str) -> ContactNet:
    """Build an untrained network.

    Args:
        name: A key of `NETWORKS`.

    Raises:
        InputError: No network has this name.
    """
    if name not in NETWORKS:
        raise InputError(f"no network is called '{name}'; choose one of {', '.join(NETWORKS)}")
    return NETWORKS[name]()
