"""`haco video`: from clips to touch events."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFile, OptionalFolder, UsageError, Weights

Clips = Annotated[
    tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CLIP [CLIP ...]", name="clips")
]


def video(
    clips: Clips = (),
    /,
    *,
    out: Folder,
    weights: Weights = "tiny",
    detect_every: int = 5,
    smoothing: Literal["centred", "reference"] = "centred",
    boxes: OptionalFile = None,
    device: str = "cpu",
    mano_dir: OptionalFolder = None,
) -> int:
    """Follow the hands in videos and say when each one touches.

    For clip.mp4 this writes clip.webm (the video with its hands marked, and each hand's palm and
    back coloured by contact), clip.parquet (a row a frame and hand: box, touch, parts, 778
    probabilities), clip_events.csv (when each hand and each part of it begins to touch and lets
    go), clip_timeline.png (the same as a picture) and clip.json (what was done).

    Any length is worked through in constant memory. A run that was stopped goes on where it was
    when the same command is given again. Sound is left out.

    Examples:
    haco video clip.mp4 --out results
    haco video clip.mp4 --boxes boxes.csv --out results

    Args:
        clips: Videos: mp4, mov, webm, mkv, avi and what else OpenCV decodes.
        out: Folder for the results; made if missing.
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        detect_every: Frames from one search for hands to the next; between them they are followed.
        smoothing: centred (probabilities, over the frames before and after) or reference (running
            mean of masks, as in the released demo).
        boxes: CSV of frame,x1,y1,x2,y2,side for one clip; no hands are then looked for.
        device: Where to compute: cpu, cuda, mps.
        mano_dir: Folder of your MANO files, for weights that speak MANO's topology.
    """
    if not clips:
        raise UsageError("video needs at least one clip")
    if boxes is not None and len(clips) > 1:
        raise UsageError("--boxes goes with one clip; work through the others without it")
    if detect_every < 1:
        raise UsageError(f"--detect-every {detect_every} must be 1 or more")
    from haco.apps.box_file import BoxFile
    from haco.apps.predictor import ContactPredictor
    from haco.apps.video import VideoSettings
    from haco.apps.video_console import show_videos

    source = None if boxes is None else BoxFile(boxes)
    predictor = ContactPredictor.load(weights, device, mano_dir=mano_dir)
    settings = VideoSettings(detect_every=detect_every, smoothing=smoothing)
    return show_videos(predictor, [Path(clip) for clip in clips], out, settings, source)
