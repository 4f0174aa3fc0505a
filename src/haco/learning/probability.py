"""From logits to the probabilities that users see; evaluation and prediction share it."""

from jaxtyping import Float
from torch import Tensor

from haco.models.weights import WeightsMeta
from haco.types import ContactLogits


def calibrated_probability(
    logits: ContactLogits, meta: WeightsMeta
) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, " batch"]]:
    """Give each vertex's probability of touch, and the hand's of touching anything.

    A network without a touch head says for the hand what its likeliest vertex says.

    Args:
        logits: What the network said.
        meta: Has the temperatures.
    """
    vertices = (logits.vertices.float() / meta.temperature).sigmoid()
    if logits.touch is None:
        return vertices, vertices.amax(dim=1)
    return vertices, (logits.touch.float() / meta.touch_temperature).sigmoid()
