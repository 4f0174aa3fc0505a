"""Short clips of one hand with one thing: approach, touch, hold, lift, release; or a near miss."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float32, Float64

from haco.files import InputError
from haco.geometry.camera import transform_points
from haco.synth.engine import Drawn, find_picture_set, photograph
from haco.synth.filming import Film, Shot, draw_film
from haco.synth.motions.drawn import STORY_SHARES, Story, draw_motion
from haco.synth.picture_sets import PictureSet
from haco.types import Sample

_CLIP = 1
"""Stands in the seed of every clip after the set's number, so that no still shares it."""
FEWEST_FRAMES = 8
_EASY_STORIES: tuple[Story, ...] = ("lift", "press", "near")
_MOST_MOTIONS = 30
TOUCH = 0.010
"""A hand touches when a vertex is nearer than this to something, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clip:
    """A sequence of samples, with what is known of all of them together."""

    samples: tuple[Sample, ...]
    """One a frame, each with its picture and labels."""
    fps: float
    """Frames a second."""
    story: Story
    """What happens: `lift`, `hold`, `press` or `near`."""
    phases: tuple[str, ...]
    """What the hand does in each frame: `wait`, `approach`, `close`, `hold`, `lift`, `lower`,
    `open`, `leave`."""
    touch: Bool[np.ndarray, " frames"]
    """Whether any vertex of the hand lies within 10 mm of something."""
    keypoints_3d: Float32[np.ndarray, "frames 21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip; camera frame, metres."""
    T_camera_world: Float64[np.ndarray, "frames 4 4"]
    """Where the camera stands; the world is one and the same in all frames."""
    T_world_hand: Float64[np.ndarray, "frames 4 4"]
    """Of the right hand that was drawn; in a left hand's clip the world is mirrored."""
    T_world_thing: Float64[np.ndarray, "frames 4 4"]
    """Of the thing that the hand is after, likewise."""
    things: tuple[str, ...]
    """What the hand touches or nearly touches, that thing first: kinds such as `mug`, `plane`."""

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    @property
    def times(self) -> Float64[np.ndarray, " frames"]:
        """When each frame is seen, seconds from the first."""
        return np.arange(len(self)) / self.fps


def make_clip(
    picture_set: str | PictureSet,
    seed: int,
    index: int,
    *,
    frames: int = 48,
    fps: float = 24.0,
    size: int = 256,
    story: Story | None = None,
) -> Clip:
    """Make one clip with the labels of every frame.

    What happens depends on the set, the seed and the index (and the story, if one is asked for)
    alone. The same motion is seen in as many frames as are asked for, from its beginning to its
    end: more frames see it finer.

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        seed: Names a series of clips.
        index: Which clip of the series.
        frames: How many frames; at least 8.
        fps: Frames a second.
        size: Pixels along each side.
        story: What shall happen; drawn if not given.

    Raises:
        InputError: An unknown set, too few frames, or no frames a second.
    """
    chosen = find_picture_set(picture_set)
    if frames < FEWEST_FRAMES or fps <= 0:
        raise InputError(
            f"a clip of {frames} frames at {fps} a second cannot be made; ask for {FEWEST_FRAMES} "
            "or more frames, and some a second"
        )
    rng = np.random.default_rng([chosen.number, seed, index, _CLIP])
    told, film = _draw_story(chosen, story, rng)
    is_left = bool(rng.random() < chosen.left_share)
    times = np.linspace(0.0, 1.0, frames)
    shots = [film.shot(float(time), number) for number, time in enumerate(times)]
    key = f"synthetic/{chosen.name}/{seed}/clip{index}"
    samples = []
    for number, shot in enumerate(shots):
        drawn = Drawn(f"{key}/{number:04d}", shot.interaction, shot.scene, is_left)
        samples.append(photograph(drawn, size, chosen.supersample))
    motion = film.motion
    return Clip(
        samples=tuple(samples),
        fps=float(fps),
        story=told,
        phases=tuple(motion.phase(float(time)) for time in times),
        touch=np.array([(sample.distance < TOUCH).any() for sample in samples]),
        keypoints_3d=np.stack([_joints(shot, is_left=is_left) for shot in shots]),
        T_camera_world=np.stack([shot.T_camera_world for shot in shots]),
        T_world_hand=np.stack([shot.moment.T_world_hand for shot in shots]),
        T_world_thing=np.stack([motion.main_thing(shot.moment) for shot in shots]),
        things=tuple(thing.shape.kind for thing in (*motion.carried, *motion.still)),
    )


def _draw_story(
    picture_set: PictureSet, story: Story | None, rng: np.random.Generator
) -> tuple[Story, Film]:
    """Draw what happens, and motions of that kind until one can be filmed."""
    stories = list(STORY_SHARES) if picture_set.everyday else list(_EASY_STORIES)
    shares = np.array([STORY_SHARES[name] for name in stories])
    told = stories[rng.choice(len(stories), p=shares / shares.sum())]
    told = told if story is None else story
    for _ in range(_MOST_MOTIONS):
        film = draw_film(draw_motion(told, rng), picture_set, rng)
        if film is not None:
            return told, film
    raise RuntimeError(f"{_MOST_MOTIONS} motions of the story '{told}' were all hidden")


def _joints(shot: Shot, *, is_left: bool) -> Float32[np.ndarray, "21 3"]:
    mirror = np.array([-1.0 if is_left else 1.0, 1.0, 1.0])
    joints = shot.interaction.joints.astype(np.float64)
    return (mirror * transform_points(joints, shot.scene.view.T_camera_hand)).astype(np.float32)
