"""Where pictures are drawn: figures of their own, places that are given, threads, Jupyter."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as onp
import pytest

from minpy import plotting

IMAGES = onp.random.default_rng(0).random((6, 3, 8, 8))
LABELS = [0, 1, 2, 0, 1, 2]
PROBABILITIES = onp.eye(3)[[0, 1, 2, 1, 1, 0]]

IN_ONE_AXES = {
    "image_grid": lambda **place: plotting.image_grid(IMAGES, LABELS, **place),
    "weight_images": lambda **place: plotting.weight_images(IMAGES, **place),
    "confusion_matrix": lambda **place: plotting.confusion_matrix(LABELS, LABELS, **place),
    "wrong_predictions": lambda **place: plotting.wrong_predictions(
        IMAGES, LABELS, PROBABILITIES, **place
    ),
}
IN_A_FIGURE = {
    "training_curves": lambda **place: plotting.training_curves([2, 1], [0.5], [0.4], **place),
    "gradient_histograms": lambda **place: plotting.gradient_histograms({"W": IMAGES}, **place),
    "saliency_overlay": lambda **place: plotting.saliency_overlay(IMAGES, IMAGES, **place),
}
ALL = {**IN_ONE_AXES, **IN_A_FIGURE}


def of_each(functions):
    return pytest.mark.parametrize("draw", functions.values(), ids=functions)


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib", reason="pictures need Matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@of_each(ALL)
def test_a_figure_of_its_own_is_unknown_to_pyplot(draw, pyplot, drawn):
    figure = draw()
    assert pyplot.get_fignums() == []
    assert drawn(figure)[..., :3].std() > 0.01
    assert figure._repr_png_().startswith(b"\x89PNG")


@of_each(IN_ONE_AXES)
def test_axes_that_are_given_are_drawn_in_and_returned(draw, pyplot, drawn):
    figure, (left, right) = pyplot.subplots(1, 2)
    assert draw(ax=left) is left
    assert left.images and not right.images
    drawn(figure)


@of_each(IN_A_FIGURE)
def test_a_figure_that_is_given_is_drawn_in(draw, pyplot, drawn):
    figure = pyplot.figure()
    left, right = figure.subfigures(1, 2)
    axes = draw(figure=left)
    assert axes.ndim == 2 and all(ax.figure is left for ax in axes.flat)
    assert not right.axes
    drawn(figure)
    with pytest.raises(TypeError, match=r"figure must be Matplotlib's figure .* but is a int"):
        draw(figure=1)


def test_threads_draw_at_the_same_time(drawn):
    before = [drawn(draw()) for draw in ALL.values()]
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda draw: drawn(draw()), [*ALL.values()] * 2))
    for there, here in zip(pictures, before * 2, strict=True):
        assert there.shape == here.shape and (there == here).all()


@pytest.mark.parametrize("with_pyplot", [False, True])
def test_jupyter_shows_a_figure_once(with_pyplot):
    pytest.importorskip("matplotlib_inline", reason="this is about Jupyter's pictures")
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell.instance()
    if with_pyplot:
        from IPython.core.pylabtools import select_figure_formats

        select_figure_formats(shell, {"png"})
    data, _ = shell.display_formatter.format(IN_A_FIGURE["training_curves"]())
    assert data["image/png"]


def test_without_matplotlib_the_error_says_what_to_install():
    program = """
import sys
sys.modules["matplotlib"] = None
from minpy import plotting
try:
    plotting.training_curves([1.0])
except ModuleNotFoundError as error:
    print(error, error.name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.endswith("is not installed: pip install matplotlib matplotlib\n"), (
        done.stderr
    )
