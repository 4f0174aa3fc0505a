"""From distance to contact, under a named protocol: labels are stored as distances, cut late."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float

from haco.files import InputError


def contact_from_distance(
    distance: Float[np.ndarray, "*batch"], threshold: float, *, inside_counts: bool = True
) -> Bool[np.ndarray, "*batch"]:
    """Mark what lies nearer than `threshold`.

    Args:
        distance: Signed distance to the touched surface, metres, negative inside.
        threshold: Contact is strictly nearer than this, metres; above zero.
        inside_counts: Whether a vertex deeper inside than `threshold` is contact too. The released
            system measured unsigned distance, to which such a vertex is as far as one outside.

    Returns:
        True where there is contact.
    """
    if not threshold > 0:
        raise ValueError(f"a contact threshold must be above zero metres, got {threshold}")
    return (distance if inside_counts else np.abs(distance)) < threshold


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactProtocol:
    """One rule that says, for each source of data, how near is contact."""

    name: str
    thresholds: Mapping[str, float]
    """Metres, by `dataset/interaction`, else by `dataset`, else under `*` for all the rest."""
    inside_counts: bool
    """Whether vertices deeper inside than the threshold are contact."""

    def threshold(self, dataset: str, interaction: str = "unknown") -> float:
        """Look up the threshold for one sample.

        Args:
            dataset: The reader's name, such as `dexycb`.
            interaction: `Sample.interaction`.

        Returns:
            Metres (for `mow` under `paper`: units of that set; in metres it is `mow/grasp`).

        Raises:
            InputError: The protocol says nothing of this dataset.
        """
        for key in (f"{dataset}/{interaction}", dataset, "*"):
            if key in self.thresholds:
                return self.thresholds[key]
        raise InputError(
            f"contact protocol '{self.name}' has no threshold for dataset '{dataset}'; it knows "
            f"{', '.join(sorted(self.thresholds))}; or use the protocol 'harmonised'"
        )

    def contact(
        self,
        distance: Float[np.ndarray, "*batch"],
        dataset: str,
        interaction: str = "unknown",
    ) -> Bool[np.ndarray, "*batch"]:
        """Mark contact in one sample of `dataset`; see `contact_from_distance`."""
        threshold = self.threshold(dataset, interaction)
        return contact_from_distance(distance, threshold, inside_counts=self.inside_counts)


_TEN_MILLIMETRES = ("obman", "dexycb", "ho3d", "h2o3d", "hoi4d", "h2o", "arctic", "prox")
_FIVE_MILLIMETRES = ("interhand26m", "hic", "synthetic/hands", "synthetic/clasp")
_MOW_SCALE = 1.85  # MOW's hands are so many times too large, in the middle of its 512.

PROTOCOLS: Mapping[str, ContactProtocol] = MappingProxyType(
    {
        "paper": ContactProtocol(
            name="paper",
            thresholds=dict.fromkeys((*_TEN_MILLIMETRES, "synthetic"), 0.010)
            | dict.fromkeys(_FIVE_MILLIMETRES, 0.005)
            | {"mow": 0.035, "mow/grasp": 0.035 / _MOW_SCALE},
            inside_counts=False,
        ),
        "harmonised": ContactProtocol(
            name="harmonised",
            thresholds={"*": 0.010},
            inside_counts=True,
        ),
    }
)
"""`paper` is the released system's rule, set by set. `harmonised` is 10 mm in true metres for all,
with everything inside counted. RICH, Decaf and Hi4D give bits, not distances, and need neither."""
