"""Fixtures that every room's tests share."""

from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def real_dir() -> Path:
    """Photos by others, which lie beside the repository and are never copied into it."""
    folder = REPOSITORY.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip(f"no real photos beside the repository ({folder.name})")
    return folder
