"""The compiled loops of the shader: one pass over the pixels each."""

from typing import no_type_check

import numba
import numpy as np

from haco.synth.looks.noise import value_noise
from haco.synth.looks.skin_lines import LINES, hair_depth, palm_line_depth, wrinkle_depth

OCCLUSION_SAMPLES = 10
OCCLUSION_TURNS = 16
PLAIN, BLOTCHES, STRIPES, CHECKS, WOOD, WEAVE, PICTURE = range(7)


@numba.njit(cache=True)
@no_type_check  # numba compiles the bare functions; a checker around them would stop that
def corner_normals(vertices, faces, cosine):
    """Mean normal of each face corner over the neighbours that are smoothly joined to it."""
    num_vertices, num_faces = vertices.shape[0], faces.shape[0]
    flat = np.zeros((num_faces, 3))
    unit = np.zeros((num_faces, 3))
    start = np.zeros(num_vertices + 1, np.int64)
    for f in range(num_faces):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        for k in range(3):
            i, j = (k + 1) % 3, (k + 2) % 3
            flat[f, k] = (vertices[b, i] - vertices[a, i]) * (vertices[c, j] - vertices[a, j])
            flat[f, k] -= (vertices[b, j] - vertices[a, j]) * (vertices[c, i] - vertices[a, i])
            start[faces[f, k] + 1] += 1
        area = np.sqrt(flat[f, 0] ** 2 + flat[f, 1] ** 2 + flat[f, 2] ** 2) + 1e-20
        for k in range(3):
            unit[f, k] = flat[f, k] / area
    for v in range(num_vertices):
        start[v + 1] += start[v]
    place = start.copy()
    around = np.zeros(3 * num_faces, np.int64)
    for f in range(num_faces):
        for k in range(3):
            v = faces[f, k]
            around[place[v]] = f
            place[v] += 1
    out = np.zeros((num_faces, 3, 3))
    for f in range(num_faces):
        for k in range(3):
            v = faces[f, k]
            x, y, z = 0.0, 0.0, 0.0
            for i in range(start[v], start[v + 1]):
                g = around[i]
                dot = unit[f, 0] * unit[g, 0] + unit[f, 1] * unit[g, 1] + unit[f, 2] * unit[g, 2]
                if dot >= cosine:
                    x, y, z = x + flat[g, 0], y + flat[g, 1], z + flat[g, 2]
            length = np.sqrt(x * x + y * y + z * z) + 1e-20
            out[f, k, 0], out[f, k, 1], out[f, k, 2] = x / length, y / length, z / length
    return out


@numba.njit(cache=True)
@no_type_check
def surface_points(face_index, barycentric, vertices, faces, normals):
    """Place and unit normal, turned to the camera, of what each pixel sees; camera frame."""
    height, width = face_index.shape
    points = np.zeros((height, width, 3))
    towards = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            f = face_index[y, x]
            if f < 0:
                continue
            for k in range(3):
                w = barycentric[y, x, k]
                for axis in range(3):
                    points[y, x, axis] += w * vertices[faces[f, k], axis]
                    towards[y, x, axis] += w * normals[f, k, axis]
            n, p = towards[y, x], points[y, x]
            length = np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2) + 1e-20
            if n[0] * p[0] + n[1] * p[1] + n[2] * p[2] > 0:
                length = -length
            n[0], n[1], n[2] = n[0] / length, n[1] / length, n[2] / length
    return points, towards


@numba.njit(cache=True)
@no_type_check
def ambient_occlusion(face_index, points, normals, focal, radius, strength):
    """Share of the sky that nearby things leave free, 0..1: this darkens where a hand touches."""
    height, width = face_index.shape
    disc = np.zeros((OCCLUSION_TURNS, OCCLUSION_SAMPLES, 2))
    for turn in range(OCCLUSION_TURNS):
        for i in range(OCCLUSION_SAMPLES):
            angle = 2 * np.pi * turn / OCCLUSION_TURNS + 2.399963 * i
            reach = np.sqrt((i + 0.5) / OCCLUSION_SAMPLES)
            disc[turn, i, 0], disc[turn, i, 1] = reach * np.cos(angle), reach * np.sin(angle)
    raw = np.ones((height, width))
    far = (2.0 * radius) ** 2
    for y in range(height):
        for x in range(width):
            if face_index[y, x] < 0:
                continue
            p, n = points[y, x], normals[y, x]
            spread = radius * focal / p[2]
            turn = int(OCCLUSION_TURNS * _pixel_dice(x, y))
            hidden = 0.0
            for i in range(OCCLUSION_SAMPLES):
                sx = int(x + spread * disc[turn, i, 0] + 0.5)
                sy = int(y + spread * disc[turn, i, 1] + 0.5)
                if sx < 0 or sy < 0 or sx >= width or sy >= height or face_index[sy, sx] < 0:
                    continue
                q = points[sy, sx]
                dx, dy, dz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
                square = dx * dx + dy * dy + dz * dz
                if square < 1e-12 or square > far:
                    continue
                cosine = (dx * n[0] + dy * n[1] + dz * n[2]) / np.sqrt(square)
                hidden += max(0.0, cosine - 0.08) * (1.0 - square / far)
            raw[y, x] = max(0.0, 1.0 - strength * 2.6 * hidden / OCCLUSION_SAMPLES)
    return _smoothed(raw, face_index, points)


@numba.njit(cache=True)
@no_type_check
def _smoothed(raw, face_index, points):
    height, width = raw.shape
    out = np.ones((height, width))
    for y in range(height):
        for x in range(width):
            if face_index[y, x] < 0:
                continue
            total, count = 0.0, 0
            for sy in range(max(0, y - 1), min(height, y + 2)):
                for sx in range(max(0, x - 1), min(width, x + 2)):
                    if face_index[sy, sx] < 0 or abs(points[sy, sx, 2] - points[y, x, 2]) > 0.01:
                        continue
                    total += raw[sy, sx]
                    count += 1
            out[y, x] = total / count
    return out


@numba.njit(cache=True)
@no_type_check
def key_light_visibility(face_index, points, normals, light, shadow_depth):
    """Share of the key light that reaches each pixel, by its depth map seen from the light."""
    height, width = face_index.shape
    size = shadow_depth.shape[0]
    raw = np.ones((height, width))
    axes, centre, half = light.shadow_axes, light.shadow_centre, light.shadow_half
    texel = 2 * half / size
    turns = np.zeros((OCCLUSION_TURNS, 2))
    for turn in range(OCCLUSION_TURNS):
        angle = 0.5 * np.pi * turn / OCCLUSION_TURNS
        turns[turn, 0], turns[turn, 1] = np.cos(angle), np.sin(angle)
    for y in range(height):
        for x in range(width):
            if face_index[y, x] < 0:
                continue
            u, v, d, cosine = 0.0, 0.0, 0.0, 0.0
            for k in range(3):
                # Three millimetres off the surface, so that it does not shade itself.
                q = points[y, x, k] + 0.003 * normals[y, x, k] - centre[k]
                u, v, d = u + axes[0, k] * q, v + axes[1, k] * q, d + axes[2, k] * q
                cosine -= axes[2, k] * normals[y, x, k]
            if cosine <= 0:  # turned away: only what creeps round the edge, see `wrap`
                raw[y, x] = max(0.0, 1.0 + 2.0 * cosine)
                continue
            u, v = u / texel + 0.5 * size, v / texel + 0.5 * size
            # On a surface that the light grazes, the sampled neighbours are truly nearer to it.
            cosine = max(0.2, cosine)
            slope = np.sqrt(1 - min(1.0, cosine * cosine)) / cosine
            bias = 0.001 + (light.shadow_softness + 0.5) * slope * texel
            turn = int(OCCLUSION_TURNS * _pixel_dice(x, y))
            along, across = (
                light.shadow_softness * turns[turn, 0],
                light.shadow_softness * turns[turn, 1],
            )
            lit = 0
            for i in range(-1, 2):
                for j in range(-1, 2):
                    sx = int(np.floor(u + along * i - across * j))
                    sy = int(np.floor(v + across * i + along * j))
                    outside = sx < 0 or sy < 0 or sx >= size or sy >= size
                    if outside or shadow_depth[sy, sx] > d - bias:
                        lit += 1
            raw[y, x] = lit / 9.0
    return _smoothed(raw, face_index, points)


@numba.njit(cache=True)
@no_type_check
def _pixel_dice(x, y):
    """A number in 0..1 that differs well between neighbouring pixels (Jimenez's gradient noise)."""
    return (52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1.0)) % 1.0


@numba.njit(cache=True)
@no_type_check
def _pattern_share(material, x, y, z):
    """How much of the pattern's second colour lies at a place of the object, 0..1."""
    r = material.rotation
    u = (r[0, 0] * x + r[0, 1] * y + r[0, 2] * z) / material.scale + material.offset[0]
    v = (r[1, 0] * x + r[1, 1] * y + r[1, 2] * z) / material.scale + material.offset[1]
    w = (r[2, 0] * x + r[2, 1] * y + r[2, 2] * z) / material.scale + material.offset[2]
    if material.pattern == BLOTCHES:
        value = value_noise(2 * u, 2 * v, 2 * w)[0]
        return min(1.0, max(0.0, 0.5 + 3.0 * value))
    if material.pattern == STRIPES:
        return 1.0 if u % 1.0 < 0.5 else 0.0
    if material.pattern == CHECKS:
        return 1.0 if (np.floor(2 * u) + np.floor(2 * v) + np.floor(2 * w)) % 2 == 0 else 0.0
    if material.pattern == WOOD:
        warp = value_noise(u, v, 0.3 * w)[0]
        ring = (np.sqrt(u * u + v * v) * 4 + 1.5 * warp) % 1.0
        return 0.6 * ring * ring + 0.25 * (0.5 + 0.5 * value_noise(12 * u, 12 * v, w)[0])
    if material.pattern == WEAVE:
        return 0.5 + 0.5 * np.sin(12 * u) * np.sin(12 * v) * np.cos(12 * w)
    return 0.0


@numba.njit(cache=True)
@no_type_check
def _facing_axis(rest, a, b, c):
    """The axis of its own frame that a triangle looks along most: prints are laid across it."""
    ux, uy, uz = rest[b, 0] - rest[a, 0], rest[b, 1] - rest[a, 1], rest[b, 2] - rest[a, 2]
    vx, vy, vz = rest[c, 0] - rest[a, 0], rest[c, 1] - rest[a, 1], rest[c, 2] - rest[a, 2]
    x, y, z = abs(uy * vz - uz * vy), abs(uz * vx - ux * vz), abs(ux * vy - uy * vx)
    if x >= y and x >= z:
        return 0
    return 1 if y >= z else 2


@numba.njit(cache=True)
@no_type_check
def _print_picture(textures, material, axis, p, colour):
    """Mix a texture, linear light, into the colour of the side that faces `axis`."""
    u, v = (p[1], p[2]) if axis == 0 else ((p[0], p[2]) if axis == 1 else (p[0], p[1]))
    size = textures.shape[1]
    # Every other copy is mirrored, so that they join without a seam.
    u = abs((u / material.scale + material.offset[0]) % 2.0 - 1.0) * (size - 1)
    v = abs((v / material.scale + material.offset[1]) % 2.0 - 1.0) * (size - 1)
    i, j = min(int(u), size - 2), min(int(v), size - 2)
    a, b = u - i, v - j
    k = material.picture
    for c in range(3):
        top = textures[k, j, i, c] * (1 - a) + textures[k, j, i + 1, c] * a
        bottom = textures[k, j + 1, i, c] * (1 - a) + textures[k, j + 1, i + 1, c] * a
        colour[c] = (top * (1 - b) + bottom * b) * (0.35 + 0.65 * colour[c])


@numba.njit(cache=True)
@no_type_check
def _crease_depth(bend):
    """How deep in a skin line a place lies, 0..1, by its place along the finger in bones."""
    if bend < 0.85 and bend > -0.2:
        return 0.0  # the palm; the lines at finger bases are drawn by the webs themselves
    away = abs(bend % 1.0 - 0.5)
    main = max(0.0, 1.0 - away / 0.06)
    side = max(0.0, 1.0 - abs(away - 0.16) / 0.035)
    return max(main, 0.55 * side)


@numba.njit(cache=True)
@no_type_check
def shade_pixels(
    face_index, barycentric, points, normals, occlusion, key_visible,
    faces, rest, paint, face_material, materials, textures, light, out,
):  # fmt: skip
    """Light every covered pixel of `out` (linear, background already in it).

    `paint` holds, by vertex: linear red, green, blue; nail 0..1; place along the finger in bones;
    palm side 0..1.
    """
    height, width = face_index.shape
    p, n, mix = np.zeros(3), np.zeros(3), np.zeros(6)
    colour = mix[:3]
    for y in range(height):
        for x in range(width):
            f = face_index[y, x]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            wa, wb, wc = barycentric[y, x, 0], barycentric[y, x, 1], barycentric[y, x, 2]
            for k in range(3):
                p[k] = wa * rest[a, k] + wb * rest[b, k] + wc * rest[c, k]
                n[k] = normals[y, x, k]
            for k in range(6):
                mix[k] = wa * paint[a, k] + wb * paint[b, k] + wc * paint[c, k]
            material = materials[face_material[f]]
            if material.pattern == PICTURE:
                _print_picture(textures, material, _facing_axis(rest, a, b, c), p, colour)
            elif material.pattern != PLAIN:
                share = _pattern_share(material, p[0], p[1], p[2])
                for k in range(3):
                    colour[k] += share * (material.second[k] - colour[k])
            if material.mottle > 0:
                s = 1.0 / material.mottle_scale
                tone = value_noise(p[0] * s + material.offset[0], p[1] * s, p[2] * s)[0]
                for k in range(3):
                    colour[k] *= 1.0 + material.mottle * tone
            gloss, bump = material.gloss, material.bump
            if material.crease > 0:
                nail = min(1.0, max(0.0, (mix[3] - 0.35) / 0.3))
                line = material.crease * _crease_depth(mix[4]) * (1 - nail)
                for k in range(3):
                    colour[k] *= 1.0 - line * (0.25 + 0.35 * mix[5])
                    colour[k] += nail * (material.nail[k] - colour[k])
                gloss += nail * (material.nail_gloss - gloss)
                bump *= 1.0 - nail
            if material.lines > 0:
                _draw_fine_lines(colour, p, mix, material)
            if bump > 0:
                _tilt(n, p, bump, material.bump_scale)
            _light_pixel(
                colour, n, points[y, x], material, gloss,
                occlusion[y, x], key_visible[y, x], light, out[y, x],
            )  # fmt: skip


@numba.njit(cache=True)
@no_type_check
def _draw_fine_lines(colour, p, paint, material):
    """Darken skin by its lines and wrinkles, and lay hairs over the back; see `skin_lines`."""
    palm, smooth = paint[5], paint[3] > 0.2 or paint[4] > 2.7  # no line on nails and tips
    line = 0.0 if smooth else 0.35 * wrinkle_depth(p[0], p[1], p[2])
    if palm > 0.4 and paint[4] < 0.8:
        line = max(line, palm_line_depth(p[0], p[1], p[2], LINES))
    hair = 0.0
    if material.hair > 0 and palm < 0.5 and paint[4] < 1.3:
        hair = (1.0 - 2.0 * palm) * material.hair * hair_depth(p[0], p[1], p[2])
    for k in range(3):
        colour[k] *= 1.0 - material.lines * line * (0.25 + 0.12 * k)
        colour[k] *= 1.0 - hair


@numba.njit(cache=True)
@no_type_check
def _tilt(n, p, bump, scale):
    """Tilt a normal by the slope of noise at a place; only that part of it across the normal."""
    _, gx, gy, gz = value_noise(p[0] / scale, p[1] / scale + 7.0, p[2] / scale)
    along = gx * n[0] + gy * n[1] + gz * n[2]
    x = n[0] - bump * (gx - along * n[0])
    y = n[1] - bump * (gy - along * n[1])
    z = n[2] - bump * (gz - along * n[2])
    length = np.sqrt(x * x + y * y + z * z)
    n[0], n[1], n[2] = x / length, y / length, z / length


@numba.njit(cache=True)
@no_type_check
def _light_pixel(colour, n, p, material, gloss, open_sky, key_visible, light, out):
    distance = np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2)
    vx, vy, vz = -p[0] / distance, -p[1] / distance, -p[2] / distance
    facing = max(0.0, n[0] * vx + n[1] * vy + n[2] * vz)
    k, fill, up = light.key_direction, light.fill_direction, light.up
    n_key = n[0] * k[0] + n[1] * k[1] + n[2] * k[2]
    n_fill = n[0] * fill[0] + n[1] * fill[1] + n[2] * fill[2]
    n_up = n[0] * up[0] + n[1] * up[1] + n[2] * up[2]
    # The mirrored view meets the sky, or a bright ceiling, or the ground.
    mirrored_up = 2 * facing * n_up - (vx * up[0] + vy * up[1] + vz * up[2])
    sheen = min(1.0, max(0.0, 0.5 + 1.5 * mirrored_up))
    rim = (1.0 - facing) ** 5
    hx, hy, hz = k[0] + vx, k[1] + vy, k[2] + vz
    half = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-12
    n_half = max(0.0, (n[0] * hx + n[1] * hy + n[2] * hz) / half)
    spot = gloss * (1.0 + 0.02 * material.shininess) * n_half**material.shininess
    spot *= key_visible if n_key > 0 else 0.0
    key = key_visible * (0.45 + 0.55 * open_sky)
    for c in range(3):
        wrap = material.wrap[c]
        diffuse = key * light.key_colour[c] * max(0.0, (n_key + wrap) / (1 + wrap))
        diffuse += open_sky * light.fill_colour[c] * max(0.0, (n_fill + wrap) / (1 + wrap))
        sky = light.ground[c] + (0.5 + 0.5 * n_up) * (light.sky[c] - light.ground[c])
        # Light that leaves one surface colours the next: dark corners of bright things stay warm.
        bounced = open_sky / (1.0 - min(0.9, 0.6 * colour[c]) * (1.0 - open_sky))
        seen = light.ground[c] + sheen * (light.sky[c] - light.ground[c])
        reflected = open_sky * seen * (0.25 * gloss + (0.04 + 0.5 * gloss) * rim)
        out[c] = colour[c] * (diffuse + bounced * sky) + spot * light.key_colour[c] + reflected
