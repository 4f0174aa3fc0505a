"""Mesh files, each written by hand in its own form."""

import numpy as np
import pytest

from haco.data.mesh_files import load_mesh
from haco.files import InputError

OBJ = """mtllib a.mtl
o first
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 1
vn 0 0 1
f 1/1/1 2/2/1 3/1/1 4/2/1
o second
v 0 0 2
v 0 0 0
f -1//1 -2//1 2//1
f 1 1 2
"""


def test_an_obj_keeps_its_vertices_in_order_whatever_its_texture_and_groups(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text(OBJ)
    mesh = load_mesh(path)
    np.testing.assert_array_equal(
        mesh.vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 2], [0, 0, 0]]
    )
    # The quadrangle is a fan; the last triangle has no area, which is for others to count.
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3], [5, 4, 1], [0, 0, 1]])
    assert mesh.colours is None


@pytest.mark.parametrize(("bright", "colour"), [("1 0.2 0", 1), ("255 51 0", 255)])
def test_colours_of_an_obj_may_run_to_1_or_to_255(tmp_path, bright, colour):
    path = tmp_path / f"{colour}.obj"
    path.write_text(f"v 0 0 0 {bright}\nv 1 0 0 0 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n")
    np.testing.assert_array_equal(load_mesh(path).colours, [[255, 51, 0], [0, 0, 0], [0, 0, 0]])


PLY = """ply
format ascii 1.0
element vertex 4
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
element face 1
property list uchar int vertex_indices
end_header
0 0 0 0 255 0
0 0 0 1 2 3
1 0 0 0 0 0
0 1 0 0 0 9
3 0 2 3
"""


def test_a_ply_keeps_double_vertices_and_colours(tmp_path):
    path = tmp_path / "a.ply"
    path.write_text(PLY)
    mesh = load_mesh(path)
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(mesh.colours[1], [1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices[0] = 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "v 0 0 0\nv 1 0 0\nf 1 2 2\n",
        "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "v 0 0 0\nf 1 2 3\n",
    ],
    ids=["empty", "no area", "NaN", "absent vertices"],
)
def test_a_mesh_nobody_can_touch_is_refused_by_name(tmp_path, content):
    path = tmp_path / "bad.obj"
    path.write_text(content)
    with pytest.raises(InputError, match=r"bad\.obj: .*(empty|damaged)"):
        load_mesh(path)


def test_a_missing_or_cut_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.ply: no such file"):
        load_mesh(tmp_path / "none.ply")
    (tmp_path / "cut.ply").write_text(PLY[:200])
    with pytest.raises(InputError, match=r"cut\.ply: is damaged"):
        load_mesh(tmp_path / "cut.ply")
