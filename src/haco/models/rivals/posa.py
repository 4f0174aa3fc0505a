"""Contact from the posed hand alone, after POSA (Hassan et al., CVPR 2021).

As the paper describes it: a conditional variational autoencoder whose condition is the posed
surface. In training an encoder sees surface and contact and says a latent code; a decoder makes the
contact of code and surface; the code is drawn towards a standard normal. At test codes are drawn
from that normal. It never sees a picture. Written from the paper alone.

Ours: contact alone, without the paper's classes of scene; dense layers for its convolutions along
spirals of vertices, since one hand has one topology; a surface about its own middle, turned as the
camera sees it; at test the mean probability over a few codes drawn once and kept, so that an answer
can be repeated; the touch head reads the decoder's last features. In training the surface is moved
a little at random, as a fitted hand's would be.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.initialise import draw_normal
from haco.models.rivals.perceptron import PerceptronDecoder
from haco.types import NUM_VERTICES, ContactLogits

LATENT, NUM_CODES = 32, 8
NOISE = 0.003
"""Of each coordinate in training, standard deviation in metres."""
_SCALE = 20.0  # metres times this lie about within -1 and 1
_SUREST = 1e-6


class PosaNet(ContactNet):
    """A conditional variational autoencoder from the posed hand to its contact."""

    sees = "vertices"
    learns_from = ("contact",)
    codes: Tensor

    def __init__(self, *, dim: int, noise: float = NOISE) -> None:
        """Draw the first weights.

        Args:
            dim: Width of the layers.
            noise: Of each coordinate in training, metres.
        """
        decoder = PerceptronDecoder(context_dim=3 * NUM_VERTICES + LATENT, dim=dim)
        super().__init__(nn.Identity(), decoder, has_touch=True)
        self.noise = noise
        self.encoder = nn.Sequential(
            nn.Linear(4 * NUM_VERTICES, dim),
            nn.GELU(),
            nn.Linear(dim, dim),
            nn.GELU(),
            nn.Linear(dim, 2 * LATENT),
        )
        codes = nn.Parameter(torch.zeros(NUM_CODES, LATENT))
        draw_normal(codes, std=1.0)
        self.register_buffer("codes", codes.detach())

    def forward(
        self,
        image: Float[Tensor, "batch vertices 3"],
        contact: Bool[Tensor, "batch vertices"] | None = None,
    ) -> ContactLogits:
        """Predict contact.

        Args:
            image: The right hand's surface in the camera's frame, metres; NaN where unknown.
            contact: In training the truth, which the code is read from.
        """
        pose = self._pose(image)
        if contact is None:
            return self._average(pose)
        told = torch.cat([pose, 2 * contact.to(pose) - 1], dim=1)
        mean, log_variance = self.encoder(told).chunk(2, dim=1)
        code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        logits = self.decode(_features(pose, code))
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
        # The contact loss is a mean over vertices, where the evidence's lower bound has a sum.
        return logits._replace(penalties={"divergence": divergence.mean() / NUM_VERTICES})

    def _pose(self, vertices: Float[Tensor, "batch vertices 3"]) -> Float[Tensor, "batch numbers"]:
        centred = vertices - vertices.nanmean(dim=1, keepdim=True)
        known = centred.nan_to_num()
        if self.training:
            known = known + self.noise * torch.randn_like(known)
        return _SCALE * known.flatten(1)

    def _average(self, pose: Float[Tensor, "batch numbers"]) -> ContactLogits:
        """Average the probabilities that all kept codes give."""
        said = [
            self.decode(_features(pose, code.expand(len(pose), -1))) for code in self.codes.unbind()
        ]
        vertices = _log_odds(torch.stack([each.vertices for each in said]))
        touch = _log_odds(torch.stack([each.touch for each in said if each.touch is not None]))
        return ContactLogits(vertices, tuple(vertices @ level.T for level in self.levels), touch)


def _features(
    pose: Float[Tensor, "batch numbers"], code: Float[Tensor, "batch latent"]
) -> Float[Tensor, "batch channels 1 1"]:
    return torch.cat([pose, code], dim=1)[:, :, None, None]


def _log_odds(logits: Float[Tensor, "codes *answer"]) -> Float[Tensor, "*answer"]:
    """Give the logit of the mean probability."""
    return torch.logit(logits.sigmoid().mean(dim=0), eps=_SUREST)
