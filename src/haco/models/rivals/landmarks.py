"""Contact from 21 points alone: what the pose tells, before anyone looks at the picture.

Not of any one paper: a multilayer perceptron with residual blocks, as such points are commonly
lifted to 3D. In training the points are moved a little at random, as a detector's would be.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.context import NUM_KEYPOINTS
from haco.models.rivals.perceptron import PerceptronDecoder
from haco.types import ContactLogits

NOISE = 0.02
"""Of each coordinate in training, standard deviation as a fraction of the crop's size."""


class LandmarkNet(ContactNet):
    """Sees a crop's keypoints instead of its picture."""

    sees = "keypoints"

    def __init__(self, *, dim: int, noise: float = NOISE) -> None:
        """Draw the first weights.

        Args:
            dim: Width of the layers.
            noise: Of each coordinate in training, as a fraction of the crop's size.
        """
        super().__init__(
            nn.Identity(), PerceptronDecoder(context_dim=3 * NUM_KEYPOINTS, dim=dim), has_touch=True
        )
        self.noise = noise

    def forward(self, image: Float[Tensor, "batch 21 2"]) -> ContactLogits:
        """Predict contact.

        Args:
            image: The keypoints as fractions of the crop; NaN where unknown.
        """
        known = image.isfinite().all(dim=-1, keepdim=True)
        points = (image - 0.5).nan_to_num()
        if self.training:
            points = points + self.noise * torch.randn_like(points)
        features = torch.cat([points * known * 4, known.to(points)], dim=-1)
        return self.decode(features.flatten(1)[:, :, None, None])
