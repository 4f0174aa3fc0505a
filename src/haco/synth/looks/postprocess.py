"""What a camera does to light: exposure, tone, soft focus, motion blur, noise and JPEG."""

import dataclasses

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Photo:
    """How one picture is exposed and stored."""

    exposure: float
    """The scene's light is multiplied by this, a number near 1."""
    filmic: bool
    """Roll highlights off gently instead of clipping them."""
    blur: float
    """Standard deviation of soft focus, pixels of a 256-pixel picture; 0 is sharp."""
    motion: tuple[float, float]
    """Motion blur along x and y, pixels of a 256-pixel picture; (0, 0) is still."""
    noise: float
    """Standard deviation of sensor noise, as a fraction of white."""
    jpeg: int | None
    """Quality at which the picture was once stored, or None."""
    noise_seed: int
    """Decides the noise of every pixel."""
    aperture: float = 0.0
    """Diameter of the lens, metres: what is nearer or farther than the hand blurs; 0 is none."""


STILL = Photo(
    exposure=1.0, filmic=False, blur=0.0, motion=(0.0, 0.0), noise=0.0, jpeg=None, noise_seed=0
)
"""A picture without flaws."""


def draw_photo(rng: np.random.Generator, *, flaws: bool = True, lens: bool = False) -> Photo:
    """Draw an everyday photo, or one with little noise and no blur if not `flaws`.

    With `lens`, one in five has a depth of field.
    """
    seed = int(rng.integers(2**31))
    exposure, filmic = rng.uniform(0.75, 1.25), rng.random() < 0.5
    if not flaws:
        return dataclasses.replace(
            STILL, exposure=exposure, noise=rng.uniform(0, 0.015), noise_seed=seed
        )
    angle, length = rng.uniform(0, np.pi), rng.exponential(4.0)
    moving = rng.random() < 0.15
    aperture = rng.uniform(0.003, 0.015) if lens and rng.random() < 0.2 else 0.0
    return Photo(
        exposure=exposure * np.exp(rng.normal(0, 0.12)),
        filmic=filmic,
        blur=max(0.0, rng.normal(0.3, 0.5)),
        motion=(length * np.cos(angle), length * np.sin(angle)) if moving else (0.0, 0.0),
        noise=0.03 * rng.uniform(0, 1) ** 2,
        jpeg=int(rng.integers(40, 96)) if rng.random() < 0.7 else None,
        noise_seed=seed,
        aperture=aperture,
    )


def defocus(
    light: Float32[np.ndarray, "height width 3"],
    depth: Float64[np.ndarray, "height width"],
    *,
    focus: float,
    focal: float,
    aperture: float,
) -> Float32[np.ndarray, "height width 3"]:
    """Blur what lies off the plane of focus, as a thin lens does.

    A point at depth z spreads over aperture * focal * |1/z - 1/focus| pixels. Each pixel is mixed
    from pictures blurred by fixed steps, the nearest two to its own spread.

    Args:
        light: Linear.
        depth: Of each pixel, metres; infinite behind everything.
        focus: Depth that is sharp, metres.
        focal: Focal length, pixels.
        aperture: Diameter of the lens, metres.
    """
    spread = aperture * focal * np.abs(1 / depth - 1 / focus)
    level = np.clip(np.log2(1 + spread.astype(np.float32)), 0, len(_BLURS))
    out = light * np.clip(1 - level, 0, 1)[..., None]
    for step, sigma in enumerate(_BLURS, start=1):
        share = np.clip(1 - np.abs(level - step), 0, 1)[..., None]
        if share.any():
            out += share * cv2.GaussianBlur(light, (0, 0), sigma)
    return out


_BLURS = (0.5, 1.2, 2.6, 5.5)
"""Standard deviation, pixels, of a disc of 1, 3, 7 and 15 pixels."""


def develop(
    light: Float32[np.ndarray, "height width 3"], photo: Photo
) -> UInt8[np.ndarray, "height width 3"]:
    """Turn linear light into the RGB picture that this camera stores."""
    scale = light.shape[1] / 256
    image = light * np.float32(photo.exposure)
    if photo.blur * scale > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), photo.blur * scale)
    if photo.motion != (0.0, 0.0):
        image = cv2.filter2D(
            image, -1, _motion_kernel(photo.motion[0] * scale, photo.motion[1] * scale)
        )
    image = _filmic(image) if photo.filmic else image
    image = np.clip(image, 0, 1) ** np.float32(1 / 2.2)
    rng = np.random.default_rng(photo.noise_seed)
    image += np.float32(photo.noise) * rng.standard_normal(image.shape, np.float32)
    stored = np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
    return stored if photo.jpeg is None else _through_jpeg(stored, photo.jpeg)


def _filmic(light: np.ndarray) -> np.ndarray:
    """Keep darks, roll off brights; white light of 1 comes out at about 0.8."""
    return light * (1 + 0.12 * light) / (1 + 0.4 * light)


def _motion_kernel(dx: float, dy: float) -> np.ndarray:
    half = int(np.ceil(max(abs(dx), abs(dy)) / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for step in np.linspace(-0.5, 0.5, 8 * half):
        kernel[round(half + step * dy), round(half + step * dx)] += 1
    return kernel / kernel.sum()


def _through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
