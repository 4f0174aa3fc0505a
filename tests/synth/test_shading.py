import numpy as np
import pytest
import trimesh

from haco.geometry.camera import look_at
from haco.synth.looks.lights import LIGHT, draw_light
from haco.synth.looks.materials import PATTERNS, make_material
from haco.synth.looks.parts import make_part, plain_paint
from haco.synth.looks.postprocess import STILL, develop
from haco.synth.looks.scenes import Scene
from haco.synth.looks.shading import render, shade
from haco.synth.looks.views import View

SIZE = 96
RADIUS = 0.04
GREY = np.full(3, 0.5)
UP = np.array([0.0, 0.0, 1.0])
EYE = np.array([0.0, -0.5, 0.35])


def test_a_ball_darkens_the_table_where_it_touches():
    touching, lifted, empty = (
        shade(ball_scene(height=height, key=0.0), SIZE).mean(axis=2) for height in (0.0, 0.12, None)
    )
    beside = pixel_of(0.0, -0.025)  # before the contact point, just still in sight
    far = pixel_of(0.11, -0.025)
    assert touching[beside] < 0.8 * touching[far]
    assert touching[beside] < 0.85 * lifted[beside]
    assert touching[far] == pytest.approx(empty[far], rel=0.03)


def test_the_key_light_throws_a_shadow_away_from_itself():
    lit = shade(ball_scene(height=0.0, ambient=0.0), SIZE).mean(axis=2)
    shadow, beyond, before = (lit[pixel_of(x, 0.0)] for x in (0.075, 0.14, -0.075))
    assert shadow < 0.1 * before  # the light comes from the left
    assert beyond == pytest.approx(before, rel=0.05)


def test_a_side_turned_to_the_key_light_is_brighter():
    picture = shade(ball_scene(height=0.0), SIZE).mean(axis=2)
    left, right = pixel_of(-0.03, -0.01, 0.05), pixel_of(0.03, -0.01, 0.05)
    assert picture[left] > 1.3 * picture[right]


def test_skin_lets_more_red_light_creep_round_its_edge():
    skin = make_material(wrap=np.array([0.5, 0.2, 0.1]))
    hard, soft = (
        shade(ball_scene(height=0.1, ambient=0.0, material=material), SIZE)
        for material in (None, skin)
    )
    # 10 degrees beyond the terminator, on the side that the camera sees.
    beyond = RADIUS * np.array([np.sin(np.radians(55)), 0.0, np.cos(np.radians(55))])
    row, column = pixel_of(*beyond, shift=(0.0, 0.0, 0.1 + RADIUS))
    assert hard[row, column].max() < 0.01
    assert soft[row, column, 0] > 1.5 * soft[row, column, 1] > 0
    assert soft[row, column, 1] > soft[row, column, 2]


def test_where_nothing_is_drawn_the_background_shows():
    scene = ball_scene(height=0.0)
    empty = Scene(
        parts=(scene.parts[0].placed(np.diag([1e-6, 1e-6, 1.0, 1.0])),),
        view=scene.view,
        light=scene.light,
        background=np.full((256, 256, 3), 0.25, np.float32),
        photo=STILL,
        clutter_distance=np.zeros(0),
    )
    picture = render(empty, SIZE)
    assert picture[2, 2].tolist() == [round(255 * 0.25 ** (1 / 2.2))] * 3


def test_finer_rays_are_averaged_in_linear_light():
    scene = ball_scene(height=0.0)
    light = shade(scene, 3 * SIZE).reshape(SIZE, 3, SIZE, 3, 3).mean(axis=(1, 3))
    picture = render(scene, SIZE, 3)
    assert np.abs(picture.astype(int) - develop(light, STILL)).max() <= 1
    assert np.abs(picture.astype(int) - render(scene, SIZE)).mean() < 4  # the same scene


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_shows_both_colours_and_plain_shows_one(pattern):
    material = make_material(pattern=PATTERNS.index(pattern), second=np.zeros(3), scale=0.02)
    scene = ball_scene(height=0.0, material=material, key=0.0)
    row, column = pixel_of(0.0, -0.03, 0.06)
    patch = shade(scene, 2 * SIZE)[2 * row - 6 : 2 * row + 7, 2 * column - 6 : 2 * column + 7]
    if pattern == "plain":
        assert np.ptp(patch) < 0.02
    else:
        assert np.ptp(patch) > 0.05


def test_the_key_light_never_comes_from_beneath_a_table(rng):
    table = np.array([0.0, -0.9, -0.1])
    table /= np.linalg.norm(table)
    for _ in range(50):
        light = draw_light(rng, up=UP, free_side=table, centre=np.zeros(3))
        assert light["key_direction"] @ table > 0.19
        np.testing.assert_allclose(
            light["shadow_axes"] @ light["shadow_axes"].T, np.eye(3), atol=1e-12
        )


T_CAMERA_WORLD = look_at(EYE, np.zeros(3), UP)
VIEW = View(T_camera_hand=T_CAMERA_WORLD, focal=1.6, centre=np.array([0.5, 0.5]))


def pixel_of(x, y, z=0.0, shift=(0.0, 0.0, 0.0)):
    """Row and column at which a place of the table's frame is seen."""
    place = np.array([x, y, z]) + shift
    seen = T_CAMERA_WORLD[:3, :3] @ place + T_CAMERA_WORLD[:3, 3]
    column, row, _ = VIEW.intrinsics(SIZE) @ (seen / seen[2])
    return round(float(row)), round(float(column))


def ball_scene(*, height, key=1.0, ambient=0.4, material=None):
    """A ball so far above a grey table, lit from the upper left; no ball if `height` is None."""
    table = trimesh.creation.box((0.6, 0.6, 0.02))
    parts = [part_of(table, [0.0, 0.0, -0.01], make_material())]
    if height is not None:
        ball = trimesh.creation.icosphere(subdivisions=3, radius=RADIUS)
        parts.insert(0, part_of(ball, [0.0, 0.0, RADIUS + height], material or make_material()))
    return Scene(
        parts=tuple(part.placed(T_CAMERA_WORLD) for part in parts),
        view=VIEW,
        light=light_from_left(key, ambient),
        background=np.zeros((256, 256, 3), np.float32),
        photo=STILL,
        clutter_distance=np.zeros(0),
    )


def part_of(mesh, place, material):
    vertices = np.asarray(mesh.vertices) + np.array(place)
    paint = plain_paint(GREY, len(vertices))
    faces = np.asarray(mesh.faces).astype(np.int32)
    return make_part(vertices, faces, paint, material, rest=np.asarray(mesh.vertices).copy())


def light_from_left(key, ambient):
    R_camera_world = T_CAMERA_WORLD[:3, :3]
    direction = np.array([-1.0, 0.0, 1.0]) / np.sqrt(2)
    across = np.array([0.0, 1.0, 0.0])
    light = np.zeros((), LIGHT)
    light["key_direction"] = R_camera_world @ direction
    light["key_colour"] = key
    light["fill_direction"] = R_camera_world @ UP
    light["up"] = R_camera_world @ UP
    light["sky"] = light["ground"] = ambient
    axes = np.stack([across, np.cross(direction, across), -direction])
    light["shadow_axes"] = axes @ R_camera_world.T
    light["shadow_centre"] = T_CAMERA_WORLD[:3, 3]
    light["shadow_half"] = 0.28
    light["shadow_softness"] = 1.0
    light["occlusion_radius"] = 0.025
    light["occlusion_strength"] = 1.1
    return light
