"""Made clips as files: frames or a video, labels as arrays, and their film strips."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from haco.files import InputError, write_atomically
from haco.pictures.text import font
from haco.synth.clips import Clip, make_clip
from haco.synth.picture_sets import PictureSet

STRIP_FRAMES, STRIP_SIZE = 8, 150
_GAP, _INK, _TOUCH, _APART = 6, (30, 30, 30), (200, 60, 40), (200, 200, 200)
_FIELDS = ("box", "K", "keypoints", "distance", "vertices")
_STORIES = {
    "lift": "lifts a thing from a table and puts it down",
    "hold": "takes hold of a fitting",
    "press": "lays itself on a surface",
    "near": "comes near, but touches nothing",
}


def write_clips(
    picture_set: str | PictureSet,
    num: int,
    seed: int,
    out: Path,
    *,
    frames: int,
    fps: float,
    size: int,
    video: bool = False,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Make clips and write them with the labels of every frame.

    Writes for clip i a folder `<i>` of frames `0000.png`, `0001.png`, ... or one file `<i>.mp4`
    (VP9), and `<i>.npz` (see `clip_arrays`); for all of them `clips.json` (what happens when) and
    `sheet.jpg` (their film strips).

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        num: How many clips; at least one.
        seed: Of the series.
        out: Folder; made if missing.
        frames: Of each clip.
        fps: Frames a second.
        size: Pixels along each side of a frame; even, for a video.
        video: Write MP4 files, not frames.
        progress: Called with the number of clips done, after each.

    Raises:
        InputError: Numbers that make no clip, or a file that cannot be written.
    """
    if num < 1 or size < 32 or (video and size % 2):
        raise InputError(
            f"{num} clips of {size} pixels cannot be written; ask for one or more of 32 or more "
            "pixels, and of an even number for a video"
        )
    strips, told = [], []
    for index in range(num):
        clip = make_clip(picture_set, seed, index, frames=frames, fps=fps, size=size)
        if video:
            _write_video(clip, out / f"{index:05d}.mp4")
        else:
            for number, sample in enumerate(clip):
                with write_atomically(out / f"{index:05d}" / f"{number:04d}.png") as part:
                    Image.fromarray(sample.image).save(part)
        with write_atomically(out / f"{index:05d}.npz") as part:
            np.savez_compressed(part, **clip_arrays(clip))  # pyright: ignore[reportArgumentType]
        strips.append(draw_strip(clip, f"clip {index}: the {clip[0].side} hand"))
        told.append({"clip": f"{index:05d}", "side": clip[0].side} | _outline(clip))
        if progress is not None:
            progress(index + 1)
    with write_atomically(out / "clips.json") as part:
        part.write_text(json.dumps({"clips": told}, indent=1))
    with write_atomically(out / "sheet.jpg") as part:
        _below_each_other(strips).save(part, quality=88)


def clip_arrays(clip: Clip) -> dict[str, np.ndarray]:
    """Give all labels of a clip as arrays, frame after frame.

    Returns:
        `key`, `box`, `K`, `keypoints` (21, 2), `keypoints_3d` (21, 3), `vertices` (778, 3),
        `distance` (778), `touch`, `phase`, `time` (seconds), `T_camera_world`, `T_world_hand`,
        `T_world_thing`, each with one row a frame; and `side`, `story`, `things`, `fps`.
    """
    rows = {field: np.stack([getattr(sample, field) for sample in clip]) for field in _FIELDS}
    whole = ("keypoints_3d", "touch", "T_camera_world", "T_world_hand", "T_world_thing")
    return (
        rows
        | {field: getattr(clip, field) for field in whole}
        | {
            "key": np.array([sample.key for sample in clip]),
            "phase": np.array(clip.phases),
            "time": clip.times,
            "side": np.array(clip[0].side),
            "story": np.array(clip.story),
            "things": np.array(clip.things),
            "fps": np.array(clip.fps),
        }
    )


def draw_strip(clip: Clip, title: str) -> Image.Image:
    """Draw frames of a clip side by side, over a bar that is red while the hand touches."""
    shown = np.linspace(0, len(clip) - 1, STRIP_FRAMES).round().astype(int)
    width = STRIP_FRAMES * (STRIP_SIZE + _GAP) + _GAP
    strip = Image.new("RGB", (width, STRIP_SIZE + 66), "white")
    draw = ImageDraw.Draw(strip)
    draw.text((_GAP, 2), f"{title} {_STORIES[clip.story]} ({clip.things[0]})", _INK, font(15))
    for place, index in enumerate(shown):
        x = _GAP + place * (STRIP_SIZE + _GAP)
        picture = Image.fromarray(clip[int(index)].image)
        strip.paste(picture.resize((STRIP_SIZE, STRIP_SIZE), Image.Resampling.LANCZOS), (x, 24))
        y = 24 + STRIP_SIZE
        colour = _TOUCH if clip.touch[index] else _APART
        draw.rectangle((x, y + 2, x + STRIP_SIZE - 1, y + 7), fill=colour)
        words = f"{clip.times[index]:.1f} s  {clip.phases[index]}"
        draw.text((x, y + 10), words + ("  touches" if clip.touch[index] else ""), _INK, font(13))
    return strip


def _outline(clip: Clip) -> dict[str, object]:
    """Say in a few readable words what happens in a clip and when it touches, in seconds."""
    touching = clip.times[clip.touch]
    return {
        "story": clip.story,
        "things": list(clip.things),
        "frames": len(clip),
        "fps": clip.fps,
        "touches from": float(touching[0]) if len(touching) else None,
        "touches until": float(touching[-1]) if len(touching) else None,
    }


def _below_each_other(strips: list[Image.Image]) -> Image.Image:
    height = strips[0].height
    sheet = Image.new("RGB", (strips[0].width, len(strips) * height), "white")
    for place, strip in enumerate(strips):
        sheet.paste(strip, (0, place * height))
    return sheet


def _write_video(clip: Clip, path: Path) -> None:
    """Write an MP4 file of VP9, which browsers play; the encoder is libvpx (BSD)."""
    height, width = clip[0].image.shape[:2]
    with write_atomically(path) as part:
        writer = cv2.VideoWriter(
            str(part), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), clip.fps, (width, height)
        )
        if not writer.isOpened():
            raise InputError(
                f"{path}: this OpenCV cannot write VP9 videos; write frames, without --video"
            )
        for sample in clip:
            writer.write(np.ascontiguousarray(sample.image[..., ::-1]))
        writer.release()
