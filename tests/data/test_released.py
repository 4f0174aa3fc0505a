"""The paper's label files: right hands only, bits as numbers, and where they are looked for."""

import numpy as np
import pytest

from haco.data.index import open_dataset
from haco.data.released import released_labels
from haco.files import InputError


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_files_are_found_inside_or_beside_the_set(tmp_path, where):
    root = tmp_path / "DexYCB" / "data"
    root.mkdir(parents=True)
    folder = (root if where == "inside" else root.parent) / "preprocessed_data/train/contact_data"
    folder.mkdir(parents=True)
    bits = np.arange(778) % 3 == 0
    np.save(folder / "7.npy", bits.astype(np.float32))
    np.save(folder / "cut.npy", bits[:5])
    released = released_labels(root, "train", wanted=True)
    assert released is not None
    assert released.has("7", "right")
    assert not released.has("7", "left")
    assert not released.has("8", "right")
    np.testing.assert_array_equal(released.contact("7"), bits)
    with pytest.raises(InputError, match=r"cut\.npy: .*5 numbers, not 778"):
        released.contact("cut")


def test_absent_labels_are_said(tmp_path):
    assert released_labels(tmp_path, "train", wanted=False) is None
    with pytest.raises(InputError, match="released label files are not there"):
        released_labels(tmp_path, "train", wanted=True)
    with pytest.raises(InputError, match="synthetic: there are no released label files"):
        open_dataset("synthetic", labels="released")
