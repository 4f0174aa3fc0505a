"""Other losses for rare labels, by name, behind one signature: what to compare ours with.

docs/losses.md says of each what its source states and what we made of it for one yes or no a
position.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from haco.learning import rivals_pointwise as pointwise
from haco.learning import rivals_region as region
from haco.learning import rivals_running as running
from haco.learning.masked import Valid
from haco.learning.rivals_pointwise import Counts, Logits, Scalar, Target


@runtime_checkable
class Rival(Protocol):
    """A loss for one yes or no a position."""

    def __call__(
        self, logits: Logits, target: Target, *, counts: Counts = None, valid: Valid = None
    ) -> Scalar:
        """Average over the valid entries; 0 with a gradient where there is none."""
        ...


_FUNCTIONS: Mapping[str, Callable[..., Scalar]] = MappingProxyType(
    {
        "bce": pointwise.bce,
        "weighted_bce": pointwise.weighted_bce,
        "focal": pointwise.focal,
        "class_balanced": pointwise.class_balanced,
        "asymmetric": pointwise.asymmetric,
        "ldam": pointwise.ldam,
        "balanced_softmax": pointwise.balanced_softmax,
        "logit_adjustment": pointwise.logit_adjustment,
        "vector_scaling": pointwise.vector_scaling,
        "distribution_balanced": pointwise.distribution_balanced,
        "equalization": pointwise.equalization,
        "seesaw": pointwise.seesaw,
        "poly1": pointwise.poly1,
        "dice": region.dice,
        "tversky": region.tversky,
        "focal_tversky": region.focal_tversky,
        "lovasz_hinge": region.lovasz_hinge,
    }
)

_CLASSES: Mapping[str, Callable[..., Rival]] = MappingProxyType(
    {
        "equalization_v2": running.EqualizationV2,
        "equalized_focal": running.EqualizedFocal,
        "ghm": running.GradientHarmonised,
    }
)

RIVALS = (*_FUNCTIONS, *_CLASSES)
"""All names that `make_rival` knows."""


def make_rival(name: str, num_positions: int, **options: Any) -> Rival:
    """Make a rival loss.

    Args:
        name: One of `RIVALS`.
        num_positions: Entries a sample, for the losses that remember something of each.
        options: What the loss's own function or class takes beyond the common signature.
    """
    if name in _FUNCTIONS:
        return functools.partial(_FUNCTIONS[name], **options)
    if name in _CLASSES:
        return _CLASSES[name](num_positions, **options)
    raise ValueError(f"no loss is called {name!r}; there are {', '.join(RIVALS)}")
