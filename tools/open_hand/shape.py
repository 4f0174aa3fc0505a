"""Shape directions by principal components, and rows that give joints from vertices."""

import numpy as np
from scipy.optimize import nnls

SUM_WEIGHT = 10.0


def principal_scores(measured: np.ndarray, num_components: int) -> tuple[np.ndarray, float]:
    """Describe people by a few uncorrelated numbers of variance one.

    Signs are fixed: a positive number makes the hand larger on the whole.

    Args:
        measured: (N, P, 3) points of each person, metres.
        num_components: How many numbers.

    Returns:
        Scores (N, num_components), and the share of variance that they explain.
    """
    mean = measured.mean(axis=0)
    deviation = (measured - mean).reshape(len(measured), -1)
    values, vectors = np.linalg.eigh(deviation @ deviation.T)
    order = np.argsort(values)[::-1][:num_components]
    scores = vectors[:, order] * np.sqrt(len(measured))
    growth = scores.T @ deviation @ (mean - mean.mean(axis=0)).ravel()
    return scores * np.sign(growth), values[order].sum() / values.sum()


def directions(people: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return how (N, P, 3) points move for one unit of each score: (P, 3, components)."""
    deviation = people - people.mean(axis=0)
    return np.tensordot(deviation, scores, axes=(0, 0)) / len(people)


def joint_regressor(
    vertices: np.ndarray, shapedirs: np.ndarray, joints: np.ndarray, joint_dirs: np.ndarray
) -> np.ndarray:
    """Fit rows that give the joints of any shape as means of nearby vertices.

    Args:
        vertices: (V, 3) template, metres.
        shapedirs: (V, 3, B)
        joints: (J, 3) joints of the template.
        joint_dirs: (J, 3, B)

    Returns:
        (J, V) weights, none negative, rows that sum to one.
    """
    regressor = np.zeros((len(joints), len(vertices)))
    for row, joint, moves in zip(regressor, joints, joint_dirs, strict=True):
        near = np.argsort(((vertices - joint) ** 2).sum(axis=1), kind="stable")[:60]
        known = np.concatenate([vertices[near, :, None], shapedirs[near]], axis=2)
        wanted = np.concatenate([joint[:, None], moves], axis=1)
        system = np.vstack([known.reshape(len(near), -1).T, np.full(len(near), SUM_WEIGHT)])
        solution, _ = nnls(system, np.append(wanted.ravel(), SUM_WEIGHT))
        row[near] = solution / solution.sum()
    return regressor


def rounded_shares(weights: np.ndarray, decimals: int, *, least: float = 0.0) -> np.ndarray:
    """Round rows that sum to one so that they still do.

    Args:
        weights: (N, K) rows.
        decimals: Digits to keep.
        least: Smaller entries become zero.

    Returns:
        The rounded rows; each row's greatest entry takes up the remainder.
    """
    kept = np.where(weights < least, 0.0, weights)
    kept = np.round(kept / kept.sum(axis=1, keepdims=True), decimals)
    rows = np.arange(len(kept))
    greatest = kept.argmax(axis=1)
    kept[rows, greatest] += 1 - kept.sum(axis=1)
    return kept
