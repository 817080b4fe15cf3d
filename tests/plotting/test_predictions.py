"""Confusion matrices and wrong predictions."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy import plotting

pytest.importorskip("matplotlib", reason="pictures need Matplotlib")

LABELS = [0, 0, 0, 1, 1, 2]
PREDICTED = [0, 0, 1, 1, 0, 2]


def texts(figure):
    """Return the texts in cells by (row, column)."""
    placed = {}
    for text in figure.axes[0].texts:
        column, row = text.get_position()
        placed[row, column] = text.get_text()
    return placed


def test_counts_are_written_in_the_cells(drawn):
    figure = plotting.confusion_matrix(np.array(LABELS), np.array(PREDICTED))
    assert texts(figure) == {(0, 0): "2", (0, 1): "1", (1, 0): "1", (1, 1): "1", (2, 2): "1"}
    assert figure.axes[0].get_title() == "accuracy 66.7 % of 6"
    assert figure.axes[0].get_xlabel() == "predicted class"
    drawn(figure)


def test_shares_are_of_the_true_class():
    figure = plotting.confusion_matrix(LABELS, PREDICTED, ["cat", "dog", "fox", "owl"], shares=True)
    written = texts(figure)
    assert [written[0, j] for j in range(4)] == ["67", "33", "0", "0"]
    assert [written[3, j] for j in range(4)] == ["–"] * 4
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        "cat",
        "dog",
        "fox",
        "owl",
    ]


def test_scores_stand_for_their_largest():
    scores = onp.eye(3)[PREDICTED] - 0.5
    of_scores = plotting.confusion_matrix(LABELS, scores)
    assert texts(of_scores) == texts(plotting.confusion_matrix(LABELS, PREDICTED))


def test_text_is_read_on_its_background():
    figure = plotting.confusion_matrix([0, 0, 1, 1], [0, 0, 1, 0])
    colours = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert colours["2"] == "white" and colours["1"] == "black"


def test_many_classes_have_a_scale_in_place_of_numbers(drawn):
    labels = onp.arange(100)
    figure = plotting.confusion_matrix(labels, labels[::-1])
    assert not figure.axes[0].texts
    assert figure.axes[1].get_ylabel() == "share of the true class"
    assert len(figure.axes[0].get_xticks()) <= 25
    drawn(figure)


@pytest.mark.parametrize(
    "labels, predicted, options, message",
    [
        ([0, 1], [0], {}, r"predictions must have shape \(2,\).* but has shape \(1,\)"),
        ([], [], {}, "labels are empty"),
        ([0.5], [0], {}, "labels must be class indices 0, 1, ..., but has 0.5"),
        ([-1], [0], {}, "labels must be class indices 0, 1, ..., but has -1"),
        ([0, 2], [0, 0], {"class_names": ["a", "b"]}, "class_names has 2 names"),
    ],
)
def test_wrong_arguments_of_a_matrix_are_refused(labels, predicted, options, message):
    with pytest.raises(ValueError, match=message):
        plotting.confusion_matrix(labels, predicted, **options)


# ----- wrong predictions

IMAGES = onp.stack([onp.full((4, 4), i / 10) for i in range(6)])
PROBABILITIES = onp.array(
    [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.05, 0.95], [0.7, 0.3], [0.5, 0.5]]
)
TRUTH = [0, 0, 0, 1, 1, 0]  # the images 1, 2 and 4 are taken for something else


def test_the_most_confident_mistakes_come_first(drawn):
    figure = plotting.wrong_predictions(np.array(IMAGES), TRUTH, np.array(PROBABILITIES))
    shown = [float(onp.asarray(image.get_array())[0, 0]) for image in figure.axes[0].images]
    assert shown == pytest.approx([0.1, 0.4, 0.2])
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "1 80 %\ntrue: 0",
        "0 70 %\ntrue: 1",
        "1 60 %\ntrue: 0",
    ]
    assert figure.axes[0].get_title() == "3 of 6 are wrong"
    drawn(figure)


def test_only_so_many_are_drawn():
    figure = plotting.wrong_predictions(IMAGES, TRUTH, PROBABILITIES, ["no", "yes"], count=1)
    assert len(figure.axes[0].images) == 1
    assert figure.axes[0].get_title() == "3 of 6 are wrong; the 1 most confident"
    assert figure.axes[0].texts[0].get_text() == "yes 80 %\ntrue: no"


def test_when_all_is_right_it_says_so(drawn):
    figure = plotting.wrong_predictions(IMAGES, [0, 1, 1, 1, 0, 0], PROBABILITIES)
    assert figure.axes[0].texts[0].get_text() == "all 6 are right"
    drawn(figure)


@pytest.mark.parametrize(
    "probabilities, options, message",
    [
        (10 * PROBABILITIES, {}, r"must sum to 1; if these are scores, .*softmax\(scores\)"),
        (PROBABILITIES - [1, -1], {}, r"must sum to 1"),
        (PROBABILITIES[:5], {}, r"must have shape \(6, C\).* but have shape \(5, 2\)"),
        (PROBABILITIES[:, 0], {}, r"must have shape \(6, C\)"),
        (PROBABILITIES, {"count": 0}, "count must be at least 1, but is 0"),
    ],
)
def test_wrong_probabilities_are_refused(probabilities, options, message):
    with pytest.raises(ValueError, match=message):
        plotting.wrong_predictions(IMAGES, TRUTH, probabilities, **options)
