"""Grids of images, weights as images, saliency: what is drawn, and what is refused."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy import plotting

matplotlib = pytest.importorskip("matplotlib", reason="pictures need Matplotlib")


def pixels_of(figure):
    """Return the images in a figure's first axes, as arrays."""
    return [onp.asarray(image.get_array()) for image in figure.axes[0].images]


def test_a_grid_has_every_image_where_it_belongs(drawn):
    images = onp.arange(5)[:, None, None] * onp.ones((5, 4, 4)) / 4
    figure = plotting.image_grid(images, columns=3)
    for image, tile in zip(images, pixels_of(figure), strict=True):
        onp.testing.assert_allclose(tile, image)
    lefts = [image.get_extent()[0] for image in figure.axes[0].images]
    tops = [image.get_extent()[3] for image in figure.axes[0].images]
    assert lefts[0] == lefts[3] < lefts[1] < lefts[2]
    assert tops[0] == tops[1] == tops[2] < tops[3]
    assert drawn(figure).std() > 0.1


@pytest.mark.parametrize(
    "count, columns", [(1, 1), (3, 3), (16, 8), (12, 6), (7, 7), (13, 5), (100, 13)]
)
def test_a_grid_is_full_if_it_can(count, columns):
    figure = plotting.image_grid(onp.zeros((count, 2, 2)))
    lefts = {round(image.get_extent()[0], 3) for image in figure.axes[0].images}
    assert len(lefts) == columns


@pytest.mark.parametrize("kind", [onp.array, np.array])
def test_colours_come_last_in_the_picture_and_first_in_the_array(kind):
    red = onp.zeros((1, 3, 2, 2))
    red[:, 0] = 1
    (tile,) = pixels_of(plotting.image_grid(kind(red)))
    assert tile.shape == (2, 2, 3)
    assert (tile == [1, 0, 0]).all()


@pytest.mark.parametrize(
    "images, caption",
    [
        (onp.array([[[0, 255]]], onp.uint8), "dark 0, bright 255"),
        (onp.array([[[3, 9]]]), "dark 0, bright 255"),
        (onp.array([[[0.1, 0.9]]]), "dark 0, bright 1"),
        (onp.array([[[-2.5, 7.5]]]), "dark -2.5, bright 7.5"),
        (onp.array([[[3.0, 3.0]]]), "dark 2.5, bright 3.5"),
        (onp.array([[[0.5, onp.nan]]]), "dark 0, bright 1; red: 1 not finite"),
        (onp.array([[[onp.inf, onp.nan]]]), "dark 0, bright 1; red: 2 not finite"),
        (onp.array([[[True, False]]]), "dark 0, bright 1"),
    ],
)
def test_the_range_of_values_is_stated(images, caption, drawn):
    figure = plotting.image_grid(images)
    assert figure.axes[0].get_xlabel() == caption
    drawn(figure)


def test_a_range_can_be_given():
    figure = plotting.image_grid(onp.array([[[-1.0, 0.0, 5.0]]]), value_range=(-1, 1))
    (tile,) = pixels_of(figure)
    assert tile.tolist() == [[0, 0.5, 1]]
    with pytest.raises(ValueError, match=r"value_range must be .* but is \(1, 1\)"):
        plotting.image_grid(onp.zeros((1, 2, 2)), value_range=(1, 1))


def test_what_is_not_finite_is_seen():
    images = onp.zeros((1, 3, 2, 2))
    images[0, 1, 0, 0] = onp.nan
    (tile,) = pixels_of(plotting.image_grid(images))
    assert tile[0, 0, 0] > 0.9 and (tile[1:] == 0).all()


def test_labels_are_written_above_the_images():
    figure = plotting.image_grid(onp.zeros((3, 2, 2)), np.array([2, 0, 1]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["2", "0", "1"]
    named = plotting.image_grid(onp.zeros((2, 2, 2)), [1, 0], class_names=["cat", "dog"])
    assert [text.get_text() for text in named.axes[0].texts] == ["dog", "cat"]


@pytest.mark.parametrize(
    "images, message",
    [
        (onp.zeros((5, 64)), r"shape \(5, 64\): images.reshape\(-1, C, H, W\)"),
        (onp.zeros((5, 8, 8, 3)), r"images.transpose\(0, 3, 1, 2\)"),
        (onp.zeros((5, 4, 8, 8)), r"1 or 3 channels, but have shape \(5, 4, 8, 8\)$"),
        (onp.zeros((0, 8, 8)), r"nothing to draw in images of shape \(0, 8, 8\)"),
    ],
)
def test_what_are_no_images_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        plotting.image_grid(images)


def test_wrong_labels_and_options_are_refused():
    images = onp.zeros((3, 2, 2))
    with pytest.raises(ValueError, match="there are 3 images, but 2 labels"):
        plotting.image_grid(images, [0, 1])
    with pytest.raises(ValueError, match="has 1 names, but there is a class 2, which needs 3"):
        plotting.image_grid(images, [0, 1, 2], class_names=["cat"])
    with pytest.raises(ValueError, match="columns must be at least 1, but is 0"):
        plotting.image_grid(images, columns=0)
    with pytest.raises(TypeError, match="images must be an array of real numbers"):
        plotting.image_grid(["a", "b"])
    with pytest.raises(TypeError, match=r"ax must be Matplotlib's axes.* but is a str"):
        plotting.image_grid(images, ax="left")


# ----- weights


def test_weights_of_a_layer_are_its_columns(drawn):
    weights = onp.zeros((4, 3))
    weights[:, 1] = [1, -2, 3, -4]
    figure = plotting.weight_images(weights)
    tiles = pixels_of(figure)
    assert len(tiles) == 3
    assert tiles[1].tolist() == [[1, -2], [3, -4]]
    assert figure.axes[0].images[1].get_clim() == (-4, 4)
    assert figure.axes[0].get_xlabel() == "red -4, white 0, blue 4"
    drawn(figure)


def test_weights_in_colour_have_grey_for_zero():
    weights = onp.zeros((12, 1))
    weights[0] = 2
    (tile,) = pixels_of(plotting.weight_images(weights))
    assert tile.shape == (2, 2, 3)
    assert tile[0, 0].tolist() == [1, 0.5, 0.5] and (tile[1] == 0.5).all()


def test_weights_have_labels():
    figure = plotting.weight_images(onp.zeros((4, 2)), labels=["cat", "dog"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["cat", "dog"]
    with pytest.raises(ValueError, match="labels need 1 or 3 channels, but there are 5"):
        plotting.weight_images(onp.zeros((2, 5, 3, 3)), labels=["cat", "dog"])


def test_filters_of_many_channels_are_rows():
    filters = onp.arange(20 * 5 * 4).reshape(20, 5, 2, 2)
    figure = plotting.weight_images(filters)
    tiles = pixels_of(figure)
    assert len(tiles) == 16 * 5
    assert (tiles[5] == filters[1, 0]).all()
    assert (
        figure.axes[0]
        .get_xlabel()
        .startswith("a row for each filter, the first 16 of 20; all 5 channels")
    )


def test_all_zero_weights_are_drawn(drawn):
    drawn(plotting.weight_images(onp.zeros((4, 2))))
    drawn(plotting.weight_images(onp.zeros((2, 3, 5, 5))))


@pytest.mark.parametrize(
    "shape, given, message",
    [
        ((6, 2), None, r"6 inputs are no square image .* pass shape=\(C, H, W\)"),
        ((6, 2), (2, 2), r"shape=\(2, 2\) has 4 numbers, but the weights have 6 inputs"),
        ((6,), None, r"must have shape \(D, H\).* or \(F, C, HH, WW\).* but have shape \(6,\)"),
        ((4, 0), None, r"nothing to draw in weights of shape \(4, 0\)"),
    ],
)
def test_wrong_weights_are_refused(shape, given, message):
    with pytest.raises(ValueError, match=message):
        plotting.weight_images(onp.zeros(shape), given)


# ----- saliency


@pytest.mark.parametrize(
    "images, saliency, rows",
    [
        ((4, 4), (4, 4), 1),
        ((3, 4, 5), (3, 4, 5), 1),
        ((3, 4, 5), (4, 5), 1),
        ((2, 4, 5), (2, 4, 5), 2),
        ((2, 3, 4, 5), (2, 3, 4, 5), 2),
        ((2, 3, 4, 5), (2, 4, 5), 2),
        ((2, 1, 4, 5), (2, 4, 5), 2),
    ],
)
def test_saliency_beside_the_image(images, saliency, rows, drawn):
    rng = onp.random.default_rng(0)
    maps = rng.normal(size=saliency)
    figure = plotting.saliency_overlay(np.array(rng.random(images)), np.array(maps))
    assert len(figure.axes) == 2 * rows
    shown = onp.asarray(figure.axes[1].images[1].get_array())
    first = onp.abs(maps).reshape(rows, -1, *saliency[-2:])[0].max(axis=0)
    onp.testing.assert_allclose(shown, first / first.max())
    drawn(figure)


def test_saliency_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"saliency has shape \(4, 5\), but the images \(4, 4\)"):
        plotting.saliency_overlay(onp.zeros((4, 4)), onp.zeros((4, 5)))


def test_saliency_of_labelled_images():
    images = onp.zeros((2, 4, 4))
    figure = plotting.saliency_overlay(images, images, [1, 0], class_names=["cat", "dog"])
    assert [figure.axes[i].get_ylabel() for i in (0, 2)] == ["dog", "cat"]
    one = plotting.saliency_overlay(images[0], images[0], "a cat")
    assert one.axes[0].get_ylabel() == "a cat"
