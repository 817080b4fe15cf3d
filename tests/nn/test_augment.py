"""Augmentation: each image gets a draw of its own, and nothing but what was promised changes."""

import numpy as onp
import pytest

from minpy.nn.augment import compose, crop, cutout, flip
from minpy.nn.io import NDArrayIter


@pytest.fixture
def images():
    return onp.random.default_rng(0).random((200, 3, 8, 6), onp.float32) + 1


def rng(seed=1):
    return onp.random.default_rng(seed)


@pytest.mark.parametrize("transform", [flip(), crop(2), cutout(3), compose(flip(), crop(1))])
def test_shape_and_dtype_stay_and_the_original_too(images, transform):
    before = images.copy()
    out = transform(images, rng())
    assert (out.shape, out.dtype) == (images.shape, images.dtype)
    assert (images == before).all() and (out != images).any()
    assert (transform(images, rng()) == out).all()


def test_about_half_of_the_images_are_mirrored(images):
    out = flip()(images, rng())
    same = (out == images).all(axis=(1, 2, 3))
    mirrored = (out == images[..., ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 70 < mirrored.sum() < 130
    assert (flip(p=0)(images, rng()) == images).all()


def test_a_crop_is_a_shift(images):
    out = crop(2)(images, rng())
    padded = onp.pad(images, [(0, 0), (0, 0), (2, 2), (2, 2)])
    shifts = set()
    for got, image in zip(out, padded, strict=True):
        (found,) = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if (got == image[:, i : i + 8, j : j + 6]).all()
        ]
        shifts.add(found)
    assert len(shifts) == 25  # each of the shifts is drawn


def test_a_square_is_covered(images):
    out = cutout(3, fill=0.5)(images, rng())
    covered = (out != images).all(axis=1)
    assert (out[(out != images)] == 0.5).all()
    rows, columns = covered.any(axis=2).sum(axis=1), covered.any(axis=1).sum(axis=1)
    assert (covered.sum(axis=(1, 2)) == rows * columns).all()  # a rectangle
    assert rows.max() == columns.max() == 3 and rows.min() == 2  # cut off at the border
    assert len({onp.flatnonzero(c)[0] for c in covered}) > 10


def test_what_is_no_image_is_refused(images):
    for transform in (flip(), crop(), cutout(2)):
        with pytest.raises(ValueError, match=r"shape \(N, C, H, W\),"):
            transform(images.reshape(200, -1), rng())


@pytest.mark.parametrize("make", [lambda: flip(2), lambda: crop(-1), lambda: cutout(0)])
def test_arguments_that_mean_nothing_are_refused(make):
    with pytest.raises(ValueError, match="but was given"):
        make()


def test_an_iterator_augments_each_epoch_anew(images):
    batches = NDArrayIter(images, batch_size=200, transform=compose(flip(), crop(1)), seed=0)
    (first,), (second,) = list(batches), list(batches)
    assert (first.data[0].asnumpy() != second.data[0].asnumpy()).any()
