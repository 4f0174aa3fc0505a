"""The network `tiny`: small enough to train and to run on a CPU core or two."""

from haco.models.contact_net import RAW, ContactNet
from haco.models.context import KeypointContext
from haco.models.decoder import ContactDecoder
from haco.models.hand_encoder import HandEncoder

CHANNELS, SIZE = 192, 160
"""Of the features; and the side of the picture that the encoder sees. A hand in a crop is rarely
sharper than that, and every pixel costs time."""


def tiny() -> ContactNet:
    """Build `tiny`: a slim convolutional encoder and a decoder a quarter of the usual width."""
    return ContactNet(
        HandEncoder(channels=CHANNELS, size=SIZE),
        ContactDecoder(
            context_dim=CHANNELS, dim=256, depth=4, num_heads=8, head_dim=32, hidden_dim=512
        ),
        context=KeypointContext(CHANNELS, size=SIZE // 16),
        has_touch=True,
        normalisation=RAW,
    )
