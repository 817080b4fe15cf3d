"""a1-linear, features: what it prints, and that classifiers are judged from their files."""

import re

import numpy as onp
import pytest

pytestmark = pytest.mark.notebook


@pytest.fixture
def notebook(find):
    return find("a1-linear", "features")


def test_it_learns_what_the_text_says(notebook, notebooks, executed):
    text = notebooks.text_of(executed(notebook))
    assert "correct: 100% of the 50 images" in text
    tested = re.findall(r"(linear|network): test accuracy ([\d.]+)%", text)
    assert [title for title, _ in tested] == ["linear", "network"]
    assert min(float(percent) for _, percent in tested) > 75


def test_the_grader_computes_the_features_that_students_have(notebook):
    """Its scores, from images and the file alone, are those of the functions in the notebook."""
    rng = onp.random.default_rng(0)
    images = rng.random((5, 1, 8, 8), onp.float32)
    hog = notebook.checks.hog_features(images, "digits")
    colours = notebook.functions()["color_histogram"](images, notebook.checks.BINS)
    raw = onp.hstack([hog, colours])
    scale, shift, W, b = (
        rng.normal(size=shape) for shape in (raw.shape[1],) * 2 + ((raw.shape[1], 3), 3)
    )
    found = notebook.hidden["trained_linear"].reference(scale, shift, W, b, images)
    onp.testing.assert_allclose(found, (raw * scale + shift) @ W + b, rtol=1e-5)
