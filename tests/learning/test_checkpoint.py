"""Checkpoints on a disk that fills up."""

import pytest
import torch

from haco.files import InputError
from haco.learning.checkpoint import save_tensors

resource = pytest.importorskip("resource", reason="file size limits are POSIX's")


def test_full_disk_is_named_and_leaves_the_last_checkpoint_whole(tmp_path):
    path = tmp_path / "last.pt"
    save_tensors(path, {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"last\.pt: cannot be written"):
            save_tensors(path, {"step": 2, "weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]
