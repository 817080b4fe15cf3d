"""What a notebook computes with: its sizes, its images, and the known values of its checks."""

from __future__ import annotations

import ast
import os
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as onp

from minpy import datasets
from minpy.datasets import Dataset

SIZES = ("tiny", "default", "full")
"""`tiny` to try things in seconds, `default` for students, `full` for those who have time."""

# The mean and the standard deviation of all pixels of the training images, on a scale from 0 to 1.
PIXELS = {"digits": (0.305, 0.376), "fashion-mnist": (0.286, 0.353), "cifar10": (0.473, 0.251)}
BRIGHTEST = {"digits": 16}  # the largest pixel; elsewhere it is 255


class Settings(Mapping[tuple[str, str], dict[str, Any]]):
    """The numbers that a notebook uses, by data set and size.

    Parameters
    ----------
    table : mapping of (str, str) to dict
        Keys are a data set and one of `SIZES`.  Values have ``train``, ``val`` and ``test``, the
        numbers of images, and whatever else the notebook needs.

    Examples
    --------
    >>> settings = Settings({("digits", "tiny"): dict(train=600, val=150, test=150)})
    >>> settings["digits", "tiny"]["train"]
    600
    >>> settings["mnist", "tiny"]
    Traceback (most recent call last):
    ValueError: no settings for the data set 'mnist' at the size 'tiny'; there are: digits at tiny
    """

    @classmethod
    def from_text(cls, text: str) -> Settings:
        """Read a table: a line of names, and a line for each data set and size.

        Parameters
        ----------
        text : str
            The first two columns are the data set and the size; the others are numbers.

        Examples
        --------
        >>> settings = Settings.from_text('''
        ...     data    size     train  val  test  epochs
        ...     digits  tiny       600  150   150       5
        ...     digits  default  1_187  250   360      30
        ... ''')
        >>> settings["digits", "tiny"]
        {'train': 600, 'val': 150, 'test': 150, 'epochs': 5}
        """
        (_, _, *names), *rows = (line.split() for line in text.strip().splitlines())
        return cls(
            {
                (data, size): dict(zip(names, map(ast.literal_eval, numbers), strict=True))
                for data, size, *numbers in rows
            }
        )

    def __init__(self, table: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self._table = {key: dict(numbers) for key, numbers in table.items()}

    def __getitem__(self, key: tuple[str, str]) -> dict[str, Any]:
        if key not in self._table:
            name, size = key
            known = ", ".join(f"{name} at {size}" for name, size in self._table)
            raise ValueError(
                f"no settings for the data set {name!r} at the size {size!r}; there are: {known}"
            )
        return dict(self._table[key])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def chosen_size() -> str:
    """Return the size of the notebook: the environment variable ``MINPY_SIZE``, or "default".

    Raises
    ------
    ValueError
        If it is none of `SIZES`.

    Examples
    --------
    >>> chosen_size() in SIZES
    True
    """
    size = os.environ.get("MINPY_SIZE") or "default"
    if size not in SIZES:
        raise ValueError(f"MINPY_SIZE must be one of {', '.join(SIZES)}, got {size!r}")
    return size


def best_data(size: str = "default", quiet: bool = False) -> str:
    """Return the name of the largest data set on this machine; for the size "tiny", the digits.

    A course can choose one for everybody with the environment variable ``MINPY_COURSE_DATA``.

    Parameters
    ----------
    size : str
        One of `SIZES`.
    quiet : bool
        Otherwise, where a larger data set is missing, it prints how to download that.

    Examples
    --------
    >>> best_data("tiny") in PIXELS
    True
    """
    chosen = os.environ.get("MINPY_COURSE_DATA")
    if chosen or size == "tiny":
        return chosen or "digits"
    on_this_machine = datasets.available()
    name = next((name for name in DOWNLOADS if name in on_this_machine), "digits")
    if not quiet:
        _offer_downloads(name)
    return name


DOWNLOADS = {"cifar10": ("CIFAR-10", 163), "fashion-mnist": ("Fashion-MNIST", 30)}  # titles, MB


def _offer_downloads(used: str) -> None:
    """Say which data set is used, and how to get those that are larger."""
    larger = list(DOWNLOADS)[: [*DOWNLOADS, "digits"].index(used)]
    if not larger:
        return
    title = DOWNLOADS[used][0] if used in DOWNLOADS else "the small digits"
    missing = " and ".join(DOWNLOADS[name][0] for name in larger)
    verb = "is" if len(larger) == 1 else "are"
    print(f"This notebook uses {title}: {missing} {verb} not here. To download, run")
    for name in larger:
        print(f'    minpy.datasets.load("{name}")  # {DOWNLOADS[name][1]} MB')
    print("and then this cell again; or go on without.")


def load_images(name: str, settings: Mapping[str, Any], scaled: bool = True) -> Dataset:
    """Load the images that a notebook uses.

    Parameters
    ----------
    name : {'digits', 'fashion-mnist', 'cifar10'}
    settings : mapping
        Its ``train``, ``val`` and ``test`` are the numbers of images.  Where the data set has fewer
        images, all parts shrink by the same factor.
    scaled : bool
        Whether pixels are shifted and scaled to have mean 0 and standard deviation 1, or nearly.
        Otherwise they go from 0 to 1.

    Returns
    -------
    Dataset
        Images of shape (N, C, H, W), float32, and labels of shape (N,).  It is kept: the same
        arguments give the same object.

    Raises
    ------
    minpy.datasets.MissingDataError
        If the data set is not on this machine and cannot be downloaded.
    """
    return _load(name, settings["train"], settings["val"], settings["test"], scaled)


@cache
def _load(name: str, train: int, val: int, test: int, scaled: bool) -> Dataset:
    raw = datasets.load(name, dtype="uint8")
    fewer = min(1.0, len(raw.x_train) / (train + val))  # a part of CIFAR-10
    chosen = raw.subset(
        train=int(fewer * train), val=int(fewer * val), test=min(test, len(raw.x_test))
    )
    mean, spread = map(onp.float32, PIXELS[name] if scaled else (0, 1))
    brightest = onp.float32(BRIGHTEST.get(name, 255))
    parts = {part: getattr(chosen, part) for part in ("x_train", "x_val", "x_test")}
    return replace(chosen, **{part: (x / brightest - mean) / spread for part, x in parts.items()})


def known_values(checks: str | Path) -> SimpleNamespace:
    """Return the known values beside a file of checks, where they would make that file long.

    Parameters
    ----------
    checks : str or path
        ``__file__`` of ``checks/two_layer.py``; the values are the names in
        ``checks/two_layer_known.py``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as checks:
    ...     _ = Path(checks, "relu_known.py").write_text("RELU = dict(x=[-1.0, 2.0], out=[0, 2])")
    ...     known_values(Path(checks, "relu.py")).RELU
    {'x': [-1.0, 2.0], 'out': [0, 2]}
    """
    checks = Path(checks)
    return SimpleNamespace(**runpy.run_path(str(checks.with_name(f"{checks.stem}_known.py"))))
