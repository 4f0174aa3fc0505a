import numpy as np
import pytest
import scipy.sparse.csgraph
import torch

from haco.geometry.mesh import edges, geodesic_distances
from haco.hands import load_hand, open_hand_arrays
from haco.hands.levels import (
    derive_clusters,
    derive_keypoint_clusters,
    regressor_of_clusters,
    regressor_of_members,
)

STRIP = np.array([[i, i + 1, i + 2] for i in range(6)])
"""Eight vertices in a zigzag."""
ZIGZAG = np.array([[i, i % 2, 0.0] for i in range(8)])


def test_rows_average_their_cluster():
    rows = regressor_of_clusters(np.array([1, 0, 1, 1]))
    torch.testing.assert_close(rows, torch.tensor([[0, 1.0, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]]))


def test_a_cluster_without_a_vertex_is_refused():
    with pytest.raises(ValueError, match="cluster 1 has no vertex"):
        regressor_of_clusters(np.array([0, 2, 2]))
    with pytest.raises(ValueError, match="cluster 0 has no vertex"):
        regressor_of_members(np.array([[False, False], [True, True]]))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_open_hands_coarse_contact_is_any_contact_of_the_cluster(level, rng):
    rows = load_hand("open").levels[level]
    assert rows.shape == ((336, 84, 21)[level], 778)
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(len(rows)))
    contact = torch.from_numpy(rng.random(778) < 0.05)
    expected = [bool(contact[row > 0].any()) for row in rows]
    assert ((rows @ contact.float()) > 0).tolist() == expected


def test_a_zigzag_is_cut_at_its_far_ends():
    # Seeds: vertex 0, then 7 as the farthest, then 3 as the first halfway; 3 and 0 make the coarse
    # level, whose second seed is 7's cluster.
    fine, coarse = derive_clusters(ZIGZAG, STRIP, (3, 2))
    assert fine.tolist() == [0, 0, 2, 2, 2, 1, 1, 1]
    assert coarse.tolist() == [0, 0, 0, 0, 0, 1, 1, 1]


@pytest.fixture(scope="module")
def derived():
    hand = open_hand_arrays()
    vertices = hand.template.astype(np.float64)
    return hand, vertices, derive_clusters(vertices, hand.faces, (336, 84))


def test_derived_clusters_are_nested_and_as_many_as_asked(derived):
    _, _, (fine, coarse) = derived
    assert np.unique(fine).tolist() == list(range(336))
    assert np.unique(coarse).tolist() == list(range(84))
    for cluster in range(336):
        assert len(np.unique(coarse[fine == cluster])) == 1


def test_derived_clusters_are_connected_and_small(derived):
    hand, vertices, clusters = derived
    pairs, distances = edges(hand.faces), geodesic_distances(vertices, hand.faces)
    for cluster, widest, most in zip(clusters, (0.025, 0.055), (8, 25), strict=True):
        assert np.bincount(cluster).max() <= most
        within = cluster[:, None] == cluster
        assert distances[within].max() < widest
        inner = pairs[within[tuple(pairs.T)]]
        graph = scipy.sparse.csr_array((np.ones(len(inner)), tuple(inner.T)), shape=(778, 778))
        num_pieces, _ = scipy.sparse.csgraph.connected_components(graph, directed=False)
        assert num_pieces == cluster.max() + 1


def test_derived_keypoint_clusters_equal_the_open_hands_table():
    hand = open_hand_arrays()
    joints = hand.J_regressor @ hand.template
    got = derive_keypoint_clusters(
        hand.template, hand.lbs_weights, joints, hand.template[hand.tips]
    )
    assert (got.sum(axis=0) == 1).all()
    assert (got == hand.cluster_21).all(axis=0).mean() > 0.99
