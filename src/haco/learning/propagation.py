"""One fixed symmetric sparse matrix, multiplied fast in both directions."""

import warnings

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Propagation(nn.Module):
    """The symmetric matrix that passes a field on a mesh to its neighbours.

    Autograd's own backward of a sparse product transposes the matrix each time, which costs ten
    times the product; a symmetric matrix is its own transpose.
    """

    def __init__(self, matrix: Tensor) -> None:
        """Keep `matrix`, dense or of any sparse layout.

        Raises:
            ValueError: It is not square and symmetric.
        """
        super().__init__()
        dense = matrix.to_dense() if matrix.layout is not torch.strided else matrix
        dense = dense.detach().float()
        if dense.dim() != 2 or dense.shape[0] != dense.shape[1] or not torch.equal(dense, dense.T):
            raise ValueError(
                "a propagation matrix is square and symmetric, as that of the edges of a mesh; "
                f"got {tuple(dense.shape)}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its CSR layout a beta
            self.register_buffer("matrix", dense.to_sparse_csr(), persistent=False)
        self.total = float(dense.double().sum())
        """Sum of all entries."""

    def forward(
        self, columns: Float[Tensor, "vertices fields"]
    ) -> Float[Tensor, "vertices fields"]:
        """Multiply the matrix with each column."""
        return _SymmetricProduct.apply(columns, self.matrix.to(columns.dtype))


class _SymmetricProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, columns: Tensor, matrix: Tensor) -> Tensor:
        ctx.matrix = matrix
        return matrix @ columns.contiguous()

    @staticmethod
    def backward(ctx, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix @ grad_outputs[0].contiguous(), None
