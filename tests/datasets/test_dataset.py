"""Splits, subsets, normalization, one-hot labels."""

import numpy as onp
import pytest

import minpy
from minpy.datasets import Dataset, one_hot


@pytest.fixture
def data():
    rng = onp.random.default_rng(0)
    images = rng.random((100, 3, 4, 4), onp.float32) * 5 + 2
    images[:, :, 0, 0] = 3  # a pixel that never changes
    labels = onp.repeat(onp.arange(10), 10)
    ids = onp.arange(100, dtype=onp.float32)
    images[:, 0, 1, 1] = ids
    return Dataset("made up", images, labels, images[:50] + 100, labels[:50], tuple("abcdefghij"))


def ids(images):
    return images[:, 0, 1, 1]


def test_splits_do_not_overlap(data):
    part = data.subset(train=60, val=20, test=30)
    assert [len(part.y_train), len(part.y_val), len(part.y_test)] == [60, 20, 30]
    assert not set(ids(part.x_train)) & set(ids(part.x_val))
    assert len(set(ids(part.x_train))) == 60
    assert (data.y_train[ids(part.x_train).astype(int)] == part.y_train).all()
    assert (data.y_train[ids(part.x_val).astype(int)] == part.y_val).all()
    assert (data.y_test[ids(part.x_test).astype(int) - 100] == part.y_test).all()


@pytest.mark.parametrize("seed", range(3))
def test_classes_stay_balanced(data, seed):
    part = data.subset(train=55, val=23, test=12, seed=seed)
    assert set(onp.bincount(part.y_val)) == {2, 3}
    assert set(onp.bincount(part.y_train)) <= {5, 6}
    assert set(onp.bincount(part.y_test, minlength=5)[:5]) == {2, 3}  # it has five classes


def test_a_subset_is_drawn_by_its_seed_or_in_order(data):
    first, again = data.subset(20, seed=1), data.subset(20, seed=1)
    assert (first.x_train == again.x_train).all()
    assert (data.subset(20, seed=2).x_train != first.x_train).any()
    in_order = data.subset(train=20, val=5, seed=None)
    assert ids(in_order.x_train).tolist() == list(range(20))
    assert ids(in_order.x_val).tolist() == list(range(20, 25))


def test_all_that_validation_leaves_is_for_training(data):
    part = data.subset(val=30)
    assert len(part.x_train) == 70 and len(part.x_test) == 50


@pytest.mark.parametrize("asked", [{"train": 101}, {"train": 90, "val": 11}, {"test": 51}])
def test_more_than_there_is_cannot_be_had(data, asked):
    with pytest.raises(ValueError, match=r"made up has \d+ \w+ images here, but \d+ were asked"):
        data.subset(**asked)


@pytest.mark.parametrize("per, axis", [("channel", (0, 2, 3)), ("pixel", 0), ("everything", None)])
def test_normalized_data_has_mean_0_and_deviation_1_where_it_varies(data, per, axis):
    normal = data.normalized(per)
    assert normal.x_train.dtype == onp.float32
    assert onp.allclose(normal.x_train.mean(axis=axis, dtype="d"), 0, atol=1e-5)
    deviation = normal.x_train.std(axis=axis, dtype="d")
    varies = data.x_train.std(axis=axis, dtype="d") > 1e-5
    assert onp.allclose(onp.where(varies, deviation, 1), 1, atol=1e-4)
    assert onp.allclose(normal.x_test, (data.x_test - normal.mean) / normal.std)
    assert onp.allclose(normal.denormalized(normal.x_train), data.x_train, atol=1e-4)


def test_a_pixel_that_never_changes_is_only_shifted(data):
    assert (data.normalized("pixel").x_train[:, :, 0, 0] == 0).all()


def test_the_test_images_do_not_tell_the_mean(data):
    assert data.normalized().mean.max() < 50  # those of the test split are around 100


def test_raw_bytes_become_numbers(data):
    raw = Dataset("raw", data.x_train.astype("u1"), data.y_train, data.x_test.astype("u1"),
                  data.y_test, data.classes)  # fmt: skip
    assert raw.normalized().x_train.dtype == onp.float32
    with minpy.use_default_dtype("float64"):
        assert raw.normalized().x_test.dtype == onp.float64


def test_flat(data):
    flat = data.flat()
    assert [x.shape for x in (flat.x_train, flat.x_val, flat.x_test)] == [
        (100, 48),
        (0, 48),
        (50, 48),
    ]
    assert repr(flat).endswith(
        "100 training and 50 test images of shape (48,), float32, 10 classes"
    )
    with pytest.raises(ValueError, match=r"'channel' is for .* \(100, 48\)"):
        flat.normalized("channel")
    flat.normalized("pixel")


def test_one_hot_takes_the_default_dtype():
    with minpy.use_default_dtype("float64"):
        assert one_hot([1, 0], 3).tolist() == [[0, 1, 0], [1, 0, 0]]
        assert one_hot(onp.array([], int), 3).shape == (0, 3)
        assert one_hot([1]).dtype == onp.float64


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0.5], [[1]]])
def test_what_is_no_label_is_refused(labels):
    with pytest.raises(ValueError, match="labels"):
        one_hot(labels, 3)
