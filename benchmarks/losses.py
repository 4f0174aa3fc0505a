"""The training loss, forward and backward, against a plain version in the same process.

The plain version does what the method's description says and no more: it rebuilds the smoothness
matrix in each call, multiplies it one sample at a time, makes the coarse labels and the mean
contact anew, and takes logarithms of probabilities.
"""

import numpy as np
import torch
from torch import Tensor

from benchmarks.timing import compare
from haco.hands import load_hand
from haco.learning.losses import contact_loss
from haco.learning.terms import LossTerms, build_loss_terms
from haco.types import ContactLogits, Crop

BATCH = 24


def plain_smoothness(logits: Tensor, faces: np.ndarray) -> Tensor:
    """Rebuild the matrix from the faces, then go through the samples."""
    corners = torch.from_numpy(faces).long()
    pairs = torch.cat([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    places = torch.cat([pairs, pairs.flip(1)]).T
    num_vertices = logits.shape[1]
    matrix = torch.sparse_coo_tensor(
        places, torch.ones(places.shape[1]), (num_vertices, num_vertices), check_invariants=False
    )
    matrix = (matrix + torch.eye(num_vertices).to_sparse()).coalesce()
    losses = []
    for probability in logits.sigmoid():
        rest = 1 - probability
        passed = torch.sparse.mm(matrix, probability[:, None])[:, 0]
        rest_passed = torch.sparse.mm(matrix, rest[:, None])[:, 0]
        spread = (probability - passed / (passed.max() + 1e-6)).abs().sum()
        spread = spread + (rest - rest_passed / (rest_passed.max() + 1e-6)).abs().sum()
        losses.append(torch.log(1 + spread / (passed.sum() + rest_passed.sum() + 1e-3)))
    return torch.stack(losses).mean()


def plain_level(logits: Tensor, contact: Tensor, weights: Tensor) -> Tensor:
    """Weigh a cross-entropy of probabilities, and add the false positives."""
    probability = logits.sigmoid()
    truth = contact.float()
    weight = weights[torch.arange(logits.shape[1]).expand_as(contact), contact.long()]
    losses = torch.nn.functional.binary_cross_entropy(probability, truth, reduction="none")
    return (weight * losses).mean() + 0.5 * (probability * (1 - truth)).mean()


def plain_loss(
    logits: ContactLogits,
    contact: Tensor,
    terms: LossTerms,
    regressors: list[Tensor],
    faces: np.ndarray,
    mean: np.ndarray,
) -> Tensor:
    """Sum the same terms, plainly."""
    total = torch.zeros(())
    for number, level in enumerate((logits.vertices, *logits.coarse)):
        target = contact
        if number > 0:
            target = torch.stack([regressors[number - 1] @ row.float() for row in contact]) > 0
        total = total + plain_level(level, target, terms.levels[number].table[0])
    tiled = torch.tensor(np.tile(mean[None], (len(contact), 1)), dtype=torch.float32)
    total = total + 0.1 * (logits.vertices.sigmoid() - tiled).abs().mean()
    return total + plain_smoothness(logits.vertices, faces)


def main() -> float:
    """Compare the two; give how many times faster ours is."""
    rng = np.random.default_rng(0)
    hand = load_hand("open")
    contact = torch.from_numpy(rng.random((BATCH, 778)) < 0.1)
    positives = torch.from_numpy(rng.integers(100, 2000, 778))
    terms = build_loss_terms(
        10_000 - positives, positives, faces=hand.faces, levels=hand.levels, epochs=10
    )
    crop = Crop(
        image=torch.zeros(BATCH, 3, 1, 1, dtype=torch.uint8),
        contact=contact,
        valid=torch.ones_like(contact),
        keypoints=torch.full((BATCH, 21, 2), torch.nan),
    )
    start = torch.from_numpy(rng.normal(-2, 1, (BATCH, 778))).float()
    regressors = [level.float() for level in hand.levels]
    faces, mean = hand.faces.numpy(), terms.mean.numpy()

    def leaves() -> ContactLogits:
        coarse = tuple((start @ each.T).requires_grad_() for each in regressors)
        return ContactLogits(start.clone().requires_grad_(), coarse, None)

    inputs = leaves()

    def ours() -> Tensor:
        total, _ = contact_loss(inputs, crop, terms, 0)
        torch.autograd.grad(total, [inputs.vertices, *inputs.coarse])
        return total.detach()

    def plain() -> Tensor:
        total = plain_loss(inputs, contact, terms, regressors, faces, mean)
        torch.autograd.grad(total, [inputs.vertices, *inputs.coarse])
        return total.detach()

    torch.testing.assert_close(ours(), plain(), rtol=1e-5, atol=1e-6)
    return compare(f"training loss and its gradient, batch {BATCH}", ours, plain, times=20)
