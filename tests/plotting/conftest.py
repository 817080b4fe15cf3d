"""What the tests of pictures share: a check that a picture is drawn, and nothing else happens."""

import io

import numpy as onp
import pytest


@pytest.fixture
def drawn():
    """Draw a figure, or the figure of axes, and return its pixels, shape (H, W, 4)."""
    pytest.importorskip("matplotlib", reason="pictures need Matplotlib")
    from matplotlib.image import imread

    def draw(place):
        figure = place if hasattr(place, "savefig") else onp.ravel(place)[0].figure
        picture = io.BytesIO()
        figure.savefig(picture, format="png")
        picture.seek(0)
        return imread(picture)

    return draw


@pytest.fixture
def axes_of():
    """Return the axes of a figure that a function made."""
    return lambda figure: list(figure.axes)
