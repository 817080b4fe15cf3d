"""Sizes and images of a notebook."""

import numpy as onp
import pytest

from minpy import course
from minpy.datasets import Dataset


@pytest.fixture
def images(monkeypatch):
    """A small data set of colour images, in place of those on this machine."""
    rng = onp.random.default_rng(0)

    def pixels(count):
        return rng.integers(0, 256, (count, 3, 4, 4)).astype("uint8"), onp.arange(count) % 10

    raw = Dataset("cifar10", *pixels(60), *pixels(30), tuple("abcdefghij"))
    monkeypatch.setattr("minpy.course.data.datasets.load", lambda name, dtype: raw)
    from minpy.course import data

    data._load.cache_clear()
    yield raw
    data._load.cache_clear()


def test_images_are_scaled_and_as_many_as_asked_for(images):
    settings = {"train": 40, "val": 10, "test": 15}
    data = course.load_images("cifar10", settings)
    assert (len(data.x_train), len(data.x_val), len(data.x_test)) == (40, 10, 15)
    assert data.x_train.dtype == onp.float32
    unscaled = course.load_images("cifar10", settings, scaled=False)
    assert unscaled.x_train.dtype == onp.float32
    onp.testing.assert_allclose(data.x_test, (unscaled.x_test - 0.473) / 0.251, rtol=1e-5)
    pixels = (255 * unscaled.x_test).round().astype("uint8")
    assert {image.tobytes() for image in pixels} <= {image.tobytes() for image in images.x_test}
    assert course.load_images("cifar10", settings) is data


def test_where_there_are_fewer_images_all_parts_shrink(images):
    data = course.load_images("cifar10", {"train": 100, "val": 20, "test": 1000})
    assert (len(data.x_train), len(data.x_val), len(data.x_test)) == (50, 10, 30)


def test_the_size_is_chosen_once_for_all(monkeypatch):
    monkeypatch.delenv("MINPY_SIZE", raising=False)
    assert course.chosen_size() == "default"
    monkeypatch.setenv("MINPY_SIZE", "tiny")
    assert course.chosen_size() == "tiny"
    monkeypatch.setenv("MINPY_SIZE", "huge")
    with pytest.raises(ValueError, match="one of tiny, default, full, got 'huge'"):
        course.chosen_size()


def test_the_data_set_is_the_largest_unless_the_course_names_one(monkeypatch):
    monkeypatch.delenv("MINPY_COURSE_DATA", raising=False)
    monkeypatch.setattr(
        "minpy.course.data.datasets.available", lambda: ["digits", "fashion-mnist", "mnist"]
    )
    assert course.best_data() == "fashion-mnist"
    assert course.best_data("tiny") == "digits"
    monkeypatch.setenv("MINPY_COURSE_DATA", "cifar10")
    assert course.best_data("tiny") == course.best_data() == "cifar10"


def test_known_values_are_in_the_file_beside_the_checks(tmp_path):
    (tmp_path / "relu_known.py").write_text("RELU = {'x': [-1.0, 2.0], 'out': [0, 2]}\n")
    known = course.known_values(tmp_path / "relu.py")
    assert known.RELU == {"x": [-1.0, 2.0], "out": [0, 2]}


def test_students_are_told_which_data_are_used_and_how_to_get_more(monkeypatch, capsys):
    monkeypatch.delenv("MINPY_COURSE_DATA", raising=False)
    here = ["digits"]
    monkeypatch.setattr("minpy.course.data.datasets.available", lambda: here)
    course.best_data()
    assert capsys.readouterr().out.splitlines() == [
        "This notebook uses the small digits: CIFAR-10 and Fashion-MNIST are not here. To download,"
        " run",
        '    minpy.datasets.load("cifar10")  # 163 MB',
        '    minpy.datasets.load("fashion-mnist")  # 30 MB',
        "and then this cell again; or go on without.",
    ]
    here.append("fashion-mnist")
    course.best_data()
    said = capsys.readouterr().out
    assert said.startswith("This notebook uses Fashion-MNIST: CIFAR-10 is not here.")
    assert 'load("fashion-mnist")' not in said
    here.append("cifar10")
    course.best_data()
    course.best_data("tiny")
    here.clear()
    course.best_data(quiet=True)
    assert not capsys.readouterr().out


def test_data_that_cannot_be_downloaded_are_one_short_message():
    from minpy.datasets import MissingDataError

    error = MissingDataError("Fashion-MNIST cannot be downloaded")
    assert error._render_traceback_() == ["MissingDataError: Fashion-MNIST cannot be downloaded"]
