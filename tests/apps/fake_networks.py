"""Hand networks that see known hands in a picture made of its own coordinates."""

import dataclasses

import numpy as np

from haco.apps.hand_networks import Joints, Palm

SIZE = 256


def coordinate_picture(width: int = SIZE, height: int = SIZE) -> np.ndarray:
    """A picture whose red is x and green y, so that a view of it betrays where it was taken."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.full_like(x, 255)], axis=-1).astype(np.uint8)


def open_hand(
    wrist: tuple[float, float], length: float, angle: float, side: str = "right"
) -> np.ndarray:
    """The joints of a flat hand seen from its back; angle 0 points up, clockwise, radians."""
    fingers = [(-0.45, 0.55), (-0.2, 0.9), (0.0, 1.0), (0.15, 0.9), (0.3, 0.75)]
    joints = [(0.0, 0.0)]
    for x, tip in fingers:
        joints += [(x, tip * share) for share in (0.5, 0.7, 0.85, 1.0)]
    points = np.array(joints) * length * ((1, -1) if side == "right" else (-1, -1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + np.array(wrist)


@dataclasses.dataclass
class SeenHand:
    keypoints: np.ndarray
    side: str = "right"
    presence: float = 0.99
    presence_mirrored: float = 0.99


@dataclasses.dataclass
class FakeNetworks:
    """Sees each hand in any window where its palm is between a tenth and a half of the view."""

    hands: list[SeenHand]
    palm_views: int = 0
    joint_views: int = 0

    def palms(self, view: np.ndarray) -> list[Palm]:
        self.palm_views += 1
        if not self.hands:
            return []
        to_view = _picture_to_view(view)
        found = []
        for hand in self.hands:
            joints = _apply(to_view, hand.keypoints)
            wrist, knuckle = joints[0], joints[9]
            centre, side = (wrist + knuckle) / 2, 1.1 * float(np.linalg.norm(knuckle - wrist))
            inside = (centre > 0).all() and (centre < len(view) - 1).all()
            if inside and 0.1 < side / len(view) < 0.5:
                found.append(Palm(0.9, centre, side, wrist, knuckle))
        return found

    def joints(self, view: np.ndarray) -> Joints:
        self.joint_views += 1
        to_view = _picture_to_view(view)
        mirrored = np.linalg.det(to_view[:, :2]) < 0
        middle = (len(view) - 1) / 2

        def off_centre(hand: SeenHand) -> float:
            return float(np.linalg.norm(_apply(to_view, hand.keypoints).mean(axis=0) - middle))

        hand = min(self.hands, key=off_centre)
        right = (hand.side == "right") != mirrored
        presence = hand.presence_mirrored if mirrored else hand.presence
        if off_centre(hand) > 0.3 * len(view):
            presence = 0.01
        return Joints(_apply(to_view, hand.keypoints), presence, 0.9 if right else 0.1)


def _picture_to_view(view: np.ndarray) -> np.ndarray:
    """Fit the affine map that took the coordinate picture's pixels into a view."""
    inside = (view[..., 2] == 255) & (view[..., 0] < 250) & (view[..., 1] < 250)
    v, u = (4 * index for index in np.nonzero(inside[::4, ::4]))
    shown = view[v, u, :2].astype(np.float64)
    known = np.column_stack([u, v, np.ones(len(u))])
    to_picture = np.linalg.lstsq(known, shown, rcond=None)[0].T
    linear = np.linalg.inv(to_picture[:, :2])
    return np.column_stack([linear, -linear @ to_picture[:, 2]])


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]
