"""A video from end to end: read, predict, smooth, draw and write, in constant memory."""

import collections
import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import haco
from haco.apps.clip import Clip, Frame
from haco.apps.follow import FollowedHands, HandSource
from haco.apps.moments import Moment
from haco.apps.predictor import ContactPredictor
from haco.apps.touches import HAND, events_table
from haco.apps.video_report import draw_report_timeline
from haco.apps.video_stages import Clock, Smoothing, Stages
from haco.apps.video_tables import Row, pyarrow
from haco.apps.video_work import VideoWork
from haco.apps.webm import WebmWriter, vp8_frame
from haco.files import InputError, write_atomically
from haco.pictures.video_frame import FrameDrawer, HandMark


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoSettings:
    """How videos are worked through."""

    detect_every: int = 5
    """Frames from one search for hands to the next."""
    smoothing: Smoothing = "centred"
    batch: int = 8
    """Frames taken at once."""
    keep_every: int = 240
    """Frames after which the work so far is made safe on the disk."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoResult:
    """What became of one video."""

    path: Path
    frames: int
    seconds: float
    tracks: Sequence[dict[str, Any]]
    num_touches: int
    """Of whole hands."""
    resumed_at: int
    """Frames that an earlier run had done."""
    warnings: Sequence[str]
    stage_seconds: dict[str, float]


def predict_video(
    predictor: ContactPredictor,
    path: Path,
    stem: Path,
    *,
    settings: VideoSettings = VideoSettings(),
    source: HandSource | None = None,
    on_start: Callable[[int | None], None] = lambda total: None,
    on_frames: Callable[[int], None] = lambda done: None,
) -> VideoResult:
    """Predict a video and write `.webm`, `.parquet`, `_events.csv`, `_timeline.png`, `.json`.

    A run that stopped (a kill, a full disk) goes on when it is called again with the same video
    and settings.

    Args:
        predictor: Loaded weights.
        path: The video.
        stem: Path of the results without suffix; its folder is made if missing.
        settings: How.
        source: What sees hands; mediapipe's networks, followed, if not given.
        on_start: Called with the number of frames that the file announces.
        on_frames: Called with the number of frames done.

    Raises:
        InputError: Not a video, or the results cannot be written; it says what is kept.
    """
    pyarrow()
    clip = Clip(path)
    source = FollowedHands(every=settings.detect_every) if source is None else source
    folder = stem.with_name(f"{stem.name}.parts")
    parts = list(predictor.hands["right"].parts)
    work = VideoWork(folder, _fingerprint(predictor, path, settings, source), parts)
    on_start(clip.expected)
    on_frames(work.kept)
    run = _Run(predictor, clip, work, settings, source)
    try:
        with run.clock("total"):
            run.go(on_frames)
        return run.finish(stem)
    except (OSError, InputError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"{path}: stopped after {run.stages.settled} frames: {reason}. The first {work.kept} "
            f"are kept in {folder}; mend it and run the same command again to go on"
        ) from error
    finally:
        clip.close()


class _Run:
    """One call of `predict_video`: a thread decodes, one draws, this one does the rest."""

    def __init__(
        self,
        predictor: ContactPredictor,
        clip: Clip,
        work: VideoWork,
        settings: VideoSettings,
        source: HandSource,
    ):
        self.clock = Clock()
        self.clip, self.work, self.settings, self.predictor = clip, work, settings, predictor
        self.resumed_at = work.kept
        self.stages = Stages(
            predictor, source, rate=clip.rate, smoothing=settings.smoothing, clock=self.clock
        )
        self.tracks: dict[str, dict[str, Any]] = {}
        if work.checkpoint is not None:
            self.stages.restore(work.checkpoint.stages, work.checkpoint.moments)
            self.tracks = work.checkpoint.stages["tracks"]
        self.drawer = FrameDrawer(clip.width, clip.height, predictor.hands["right"])
        self.encoding: collections.deque[tuple[Future[bytes], float]] = collections.deque()

    def go(self, on_frames: Callable[[int], None]) -> None:
        """Work through all frames."""
        writer = self.work.video(self.drawer.width, self.drawer.height)
        frames = self.clip.frames(self.work.kept)
        with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as drawing:
            try:
                for block in self._blocks(frames, reading):
                    for frame in block:
                        self.stages.observe(frame)
                    self._tell(writer, drawing, is_end=False)
                    on_frames(self.stages.settled)
                self.stages.finish()
                self._tell(writer, drawing, is_end=True)
                self._keep(writer)
                last = self.stages.moments[-1]
                self.frames, self.seconds = last.index + 1, last.time + 1 / self.clip.rate
                writer.close(self.seconds)
                on_frames(self.frames)
            finally:
                drawing.shutdown(cancel_futures=True)
                writer.abandon()

    def finish(self, stem: Path) -> VideoResult:
        """Put the results in their places; the JSON comes last, when all is there."""
        self.stages.touches.finish(self.frames - 1)
        touches = self.stages.touches.done
        self.work.finish(stem)
        with write_atomically(stem.with_name(f"{stem.name}_events.csv")) as part:
            part.write_text(events_table(touches), "utf-8")
        draw_report_timeline(stem, self.clip.path.name, touches, self.seconds)
        warnings = []
        if self.clip.is_cut_short(self.frames):
            warnings.append(
                f"only {self.frames} of {self.clip.expected} frames could be decoded; "
                "the file is cut short or damaged"
            )
        result = VideoResult(
            path=self.clip.path,
            frames=self.frames,
            seconds=self.seconds,
            tracks=list(self.tracks.values()),
            num_touches=sum(touch.part == HAND for touch in touches),
            resumed_at=self.resumed_at,
            warnings=warnings,
            stage_seconds=self.clock.seconds,
        )
        record = dataclasses.asdict(result) | {
            "path": str(self.clip.path),
            "width": self.clip.width,
            "height": self.clip.height,
            "rate": self.clip.rate,
            "settings": dataclasses.asdict(self.settings),
            "weights": self.predictor.meta.network,
            "haco": haco.__version__,
        }
        with write_atomically(stem.with_name(f"{stem.name}.json")) as part:
            part.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        return result

    def _blocks(self, frames: Iterator[Frame], reading: ThreadPoolExecutor) -> Iterator[list]:
        """Give frames in blocks, decoding the next one meanwhile."""

        def take() -> list[Frame]:
            with self.clock("decode"):
                return list(itertools.islice(frames, self.settings.batch))

        ahead = reading.submit(take)
        while block := ahead.result():
            ahead = reading.submit(take)
            yield block

    def _tell(self, writer: WebmWriter, drawing: ThreadPoolExecutor, *, is_end: bool) -> None:
        """Ask the network, and pass on every frame that is settled."""
        self.stages.ask()
        for moment, rows in self.stages.settle(is_end=is_end):
            self._note(rows)
            self.work.add(rows)
            task = drawing.submit(self._draw, moment.image, rows)
            self.encoding.append((task, moment.time))
        self._write(writer, leave=0 if is_end else 2 * self.settings.batch)
        if self.stages.settled - self.work.kept >= self.settings.keep_every:
            self._write(writer, leave=0)
            self._keep(writer)

    def _draw(self, image: Any, rows: Sequence[Row]) -> bytes:
        with self.clock("draw"):
            picture = self.drawer.draw(self.drawer.shrink(image), [_mark(row) for row in rows])
        with self.clock("encode"):
            return vp8_frame(picture)

    def _write(self, writer: WebmWriter, *, leave: int) -> None:
        while len(self.encoding) > leave:
            task, time = self.encoding.popleft()
            writer.add(task.result(), time)

    def _keep(self, writer: WebmWriter) -> None:
        stages = self.stages.state() | {"tracks": self.tracks}
        moments: Sequence[Moment] = self.stages.moments
        self.work.keep(self.stages.settled, writer.flush(), stages, moments)

    def _note(self, rows: Sequence[Row]) -> None:
        for row in rows:
            known = self.tracks.setdefault(
                str(row.track),
                {"track": row.track, "side": row.contact.side, "first": row.frame, "frames": 0,
                 "bridged": 0},
            )  # fmt: skip
            known["last"] = row.frame
            known["frames"] += 1
            known["bridged"] += not row.seen


def _mark(row: Row) -> HandMark:
    return HandMark(
        number=row.track,
        side=row.contact.side,
        box=row.contact.box,
        touch=row.contact.touch,
        is_touching=HAND in row.touching,
        seen=row.seen,
        probability=row.contact.probability,
    )


def _fingerprint(
    predictor: ContactPredictor, path: Path, settings: VideoSettings, source: HandSource
) -> dict[str, Any]:
    """Give all that a result depends on, so that only the same work is gone on with."""
    stat = path.stat()
    return {
        "clip": [str(path.absolute()), stat.st_size, stat.st_mtime_ns],
        "settings": dataclasses.asdict(settings),
        "source": type(source).__name__,
        "weights": dataclasses.asdict(predictor.meta),
        "haco": haco.__version__,
    }
