"""What a model scored on one set of hands, as records that print themselves."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupScores:
    """Scores over all answers for one group of vertices."""

    average_precision: float
    prevalence: float
    """Share of positives: the average precision of a constant answer."""
    precision: float
    recall: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactScores:
    """What a model scored on one set. NaN means that the set has nothing to score by."""

    num_hands: int
    num_touching: int
    threshold: float
    macro: dict[str, tuple[float, float, float]]
    """Mean over hands of precision, recall and F1 under each policy (see `metrics.Undefined`)."""
    best_threshold: float
    """Of the thresholds tried, the one of the highest mean F1 over hands, undefined as 0."""
    best_f1: float
    micro: tuple[float, float, float]
    """Precision, recall and F1 over all vertices of all hands at `threshold`; 0 where undefined."""
    iou: float
    """Intersection over union, likewise."""
    best_micro_threshold: float
    best_micro_f1: float
    average_precision: float
    prevalence: float
    calibration_error: float
    touch_auroc: float
    touch_average_precision: float
    false_alarm_hands: float
    """Of the hands known to touch nothing, the share with any vertex at or above `threshold`."""
    false_alarm_vertices: float
    """Of those hands' vertices, the share at or above `threshold`."""
    false_alarm_touch: float
    """Of those hands, the share whose touch output is at or above the touch threshold."""
    groups: dict[str, GroupScores]

    def __str__(self) -> str:
        """Lay out the main scores, one a line."""
        precision, recall, f1 = self.macro["zero"]
        lines = {
            "hands": f"{self.num_hands} ({self.num_touching} touching)",
            f"macro P / R / F1 at {self.threshold:g}": f"{precision:.3f} {recall:.3f} {f1:.3f}",
            f"best macro F1 (at {self.best_threshold:g})": f"{self.best_f1:.3f}",
            "micro P / R / F1": " ".join(f"{score:.3f}" for score in self.micro),
            "IoU": f"{self.iou:.3f}",
            "average precision": f"{self.average_precision:.3f} (constant: {self.prevalence:.3f})",
            "calibration error": f"{self.calibration_error:.4f}",
            "touch AUROC": f"{self.touch_auroc:.3f}",
            "false alarms (hands, touch)": (
                f"{self.false_alarm_hands:.3f} {self.false_alarm_touch:.3f}"
            ),
        }
        lines |= {f"AP {name}": f"{g.average_precision:.3f}" for name, g in self.groups.items()}
        return "\n".join(f"{name:<32} {score}" for name, score in lines.items())
