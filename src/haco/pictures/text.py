"""Words on pictures, in the font that comes with Pillow, so they look the same everywhere."""

import functools

from PIL import ImageFont


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Give Pillow's own scalable font at a size in pixels."""
    return ImageFont.load_default(size=size)
