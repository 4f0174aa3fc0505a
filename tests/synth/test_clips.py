"""Clips: one touch that begins once and ends once, smooth motion, labels true in every frame."""

import cv2
import numpy as np
import pytest

from haco.files import InputError, read_image
from haco.geometry.camera import project
from haco.geometry.proximity import closest_point
from haco.synth.clip_files import write_clips
from haco.synth.clips import TOUCH, make_clip
from haco.synth.motions.drawn import CHECKED, STORY_SHARES, draw_motion
from haco.synth.poses.grasps import MAX_PENETRATION
from haco.synth.poses.laid import NEAR_GAPS
from haco.synth.poses.postures import hand_pose_of
from haco.synth.poses.skin import pose_label_mesh

STORIES = list(STORY_SHARES)
SIZE, FRAMES = 48, 17


@pytest.fixture(scope="module")
def clips():
    return {
        story: make_clip("full", 2, 1, frames=FRAMES, size=SIZE, story=story) for story in STORIES
    }


@pytest.fixture(scope="module")
def motions():
    return {story: draw_motion(story, np.random.default_rng(8)) for story in STORIES}


@pytest.mark.parametrize("story", STORIES)
def test_touch_begins_once_and_ends_once_or_never_is(story, clips):
    touch = clips[story].touch.astype(int)
    assert touch[0] == touch[-1] == 0
    assert np.count_nonzero(np.diff(touch) == 1) == (story != "near")
    least = [sample.distance.min() for sample in clips[story]]
    if story == "near":
        assert NEAR_GAPS[0] - 0.001 < min(least) < NEAR_GAPS[1]
    else:
        assert np.isin(clips[story].phases, ["lift", "close", "hold"])[touch == 1].any()


@pytest.mark.parametrize("story", STORIES)
def test_touch_does_not_flicker_between_the_frames(story, motions):
    motion = motions[story]
    times = np.linspace(0, 1, 2 * len(CHECKED))  # finer than the motion was checked at
    least = np.array([motion.interaction(motion.at(time)).distance.min() for time in times])
    assert np.count_nonzero(np.diff((least < TOUCH).astype(int)) == 1) == (story != "near")
    assert least.min() > -MAX_PENETRATION - 0.0005


@pytest.mark.parametrize("story", STORIES)
def test_nothing_jumps(story, motions):
    motion, places = motions[story], []
    for time in np.linspace(0, 1, 241):
        moment = motion.at(time)
        pose = hand_pose_of(moment.posture, motion.shaped.arrays)
        joints, T = pose_label_mesh(motion.shaped, pose)[1], moment.T_world_hand
        places.append(joints @ T[:3, :3].T + T[:3, 3])
    step = np.linalg.norm(np.diff(places, axis=0), axis=-1)
    change = np.linalg.norm(np.diff(places, n=2, axis=0), axis=-1)
    assert 0.001 < step.max() < 0.02
    assert change.max() < 0.25 * step.max()  # no sudden start or stop
    assert step[0].max() == step[-1].max() == 0.0


def test_a_lifted_thing_moves_with_the_hand_and_stands_on_the_table_before(clips, motions):
    clip = clips["lift"]
    held = np.isin(clip.phases, ["lift", "lower"])
    grip = np.linalg.inv(clip.T_world_hand) @ clip.T_world_thing
    np.testing.assert_allclose(grip[held], grip[held][:1].repeat(held.sum(), 0), atol=1e-9)
    thing = clip.T_world_thing
    first, last = clip.phases.index("lift"), len(clip) - clip.phases[::-1].index("lower")
    assert (thing[:first] == thing[0]).all()
    assert np.ptp(thing[first:last, :3, 3], axis=0).max() > 0.02
    np.testing.assert_allclose(thing[last:], thing[-1:].repeat(len(clip) - last, 0), atol=1e-12)
    motion = motions["lift"]
    (thing,), (table,) = motion.carried, motion.still
    for time in (0.0, 1.0):
        T = motion.at(time).T_world_carried
        corners = thing.mesh()[0] @ T[:3, :3].T + T[:3, 3]
        assert abs(table.distance(corners).min()) < 1e-6


@pytest.mark.parametrize("story", STORIES)
def test_labels_of_every_frame_agree_with_meshes(story, motions):
    motion = motions[story]
    for time in (0.1, 0.3, 0.5, 0.8):
        moment = motion.at(time)
        one = motion.interaction(moment)
        meshes = [thing.mesh() for thing in motion.placed(moment)]
        meshed = np.min([closest_point(one.vertices, *mesh).distance for mesh in meshes], axis=0)
        outside = one.distance > 0.0005
        np.testing.assert_allclose(meshed[outside], one.distance[outside], atol=0.0015)


@pytest.mark.parametrize("story", STORIES)
def test_keypoints_in_space_fall_on_those_in_the_picture(story, clips):
    clip = clips[story]
    for sample, joints in zip(clip, clip.keypoints_3d, strict=True):
        seen = project(joints.astype(float), sample.K.astype(float))
        np.testing.assert_allclose(seen, sample.keypoints, atol=0.01)
        assert sample.side == clip[0].side


def test_the_same_three_numbers_give_the_same_bytes_and_more_frames_the_same_motion(clips):
    again = make_clip("full", 2, 1, frames=FRAMES, size=SIZE, story="near")
    for one, other in zip(again, clips["near"], strict=True):
        assert one.image.tobytes() == other.image.tobytes()
        assert one.distance.tobytes() == other.distance.tobytes()
    coarse = make_clip("full", 2, 1, frames=9, size=SIZE, story="near")
    np.testing.assert_array_equal(coarse.T_world_hand, again.T_world_hand[::2])
    np.testing.assert_array_equal(coarse[3].vertices, again[6].vertices)
    other = make_clip("full", 2, 2, frames=9, size=SIZE, story="near")
    assert not np.array_equal(other[0].image, again[0].image)


def test_the_scene_stays_while_the_hand_moves():
    easy = make_clip("easy", 0, 0, frames=9, size=SIZE, story="near")
    assert (easy.T_camera_world == easy.T_camera_world[0]).all()
    corner = np.stack([sample.image[:4, :4].mean(axis=(0, 1)) for sample in easy])
    assert np.ptp(corner, axis=0).max() < 8  # only noise
    assert np.abs(easy[4].image.astype(float) - easy[0].image).mean() > 3


@pytest.mark.parametrize("video", [False, True])
def test_files_hold_frames_and_labels(video, tmp_path, clips):
    write_clips("full", 1, 2, tmp_path, frames=8, fps=12.0, size=SIZE, video=video)
    clip = make_clip("full", 2, 0, frames=8, fps=12.0, size=SIZE)
    with np.load(tmp_path / "00000.npz") as labels:
        np.testing.assert_array_equal(labels["touch"], clip.touch)
        np.testing.assert_array_equal(labels["distance"][3], clip[3].distance)
        np.testing.assert_allclose(labels["time"][-1], 7 / 12)
    if video:
        capture = cv2.VideoCapture(str(tmp_path / "00000.mp4"))
        assert capture.get(cv2.CAP_PROP_FPS) == 12
        pictures = [capture.read()[1][..., ::-1] for _ in range(8)]
        assert not capture.read()[0]
    else:
        pictures = [read_image(tmp_path / "00000" / f"{number:04d}.png") for number in range(8)]
    for picture, sample in zip(pictures, clip, strict=True):
        error = np.abs(picture.astype(float) - sample.image).mean()
        assert error < 12 if video else error == 0
    assert (tmp_path / "sheet.jpg").exists()
    assert '"story"' in (tmp_path / "clips.json").read_text()


def test_clips_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(InputError, match="a clip of 3 frames"):
        make_clip("full", 0, 0, frames=3)
    with pytest.raises(InputError, match="even number for a video"):
        write_clips("full", 1, 0, tmp_path, frames=8, fps=24.0, size=63, video=True)
    with pytest.raises(InputError, match="no picture set is called 'dull'"):
        make_clip("dull", 0, 0)
