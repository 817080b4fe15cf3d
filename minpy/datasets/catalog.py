"""The data sets by name: where each is found, and how it is loaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as onp

from minpy.datasets import cifar10, files
from minpy.datasets.dataset import Dataset
from minpy.datasets.files import MissingDataError, Remote
from minpy.datasets.idx import read_idx
from minpy.dtypes import get_default_dtype

DIGITS = tuple("zero one two three four five six seven eight nine".split())
CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

# ----- digits


def load_digits(*, dtype: Any = None) -> Dataset:
    """Load 1,797 small handwritten digits, which come with scikit-learn.

    Returns
    -------
    Dataset
        Images of shape (1, 8, 8), 1,437 for training and 360 for testing, drawn once for all.

    Other Parameters
    ----------------
    dtype : dtype, optional
        As in `load_cifar10`; raw bytes go to 16 here.

    Raises
    ------
    MissingDataError
        If scikit-learn is not installed.

    Notes
    -----
    Source: Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI (1998).

    Examples
    --------
    >>> load_digits().x_train.shape  # doctest: +SKIP
    (1437, 1, 8, 8)
    """
    try:
        from sklearn.datasets import load_digits as load_them
    except ImportError as error:
        raise MissingDataError(
            "digits come with scikit-learn, which is not installed: pip install scikit-learn"
        ) from error
    data, labels = load_them(return_X_y=True)
    images = data.astype(onp.uint8).reshape(-1, 1, 8, 8)
    labels = labels.astype(onp.int64)
    order = onp.random.RandomState(0).permutation(len(images))
    train, test = order[:1437], order[1437:]
    splits = (images[train], labels[train], images[test], labels[test])
    return _dataset("digits", splits, DIGITS, dtype, largest=16)


# ----- MNIST and its kin

PARTS = {
    "train-images-idx3-ubyte": (None, 28, 28),
    "train-labels-idx1-ubyte": (None,),
    "t10k-images-idx3-ubyte": (None, 28, 28),
    "t10k-labels-idx1-ubyte": (None,),
}
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_MD5 = (
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
)
FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FASHION_MD5 = (
    "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "9018921c3c673c538a1fc5bad174d6f9",
    "8181f5470baa50b63fa0f6fddb340f0a",
    "15d484375f8d13e6eb1aabb0c3f46965",
)


def load_mnist(*, download: bool = True, dtype: Any = None) -> Dataset:
    """Load MNIST: 70,000 handwritten digits.

    Parameters
    ----------
    download : bool
        Whether to download the files (12 MB) if they are nowhere.
    dtype : dtype, optional
        As in `load_cifar10`.

    Returns
    -------
    Dataset
        Images of shape (1, 28, 28), 60,000 for training and 10,000 for testing.

    Raises
    ------
    MissingDataError
        If the files are nowhere and cannot be downloaded.
    CorruptDataError
        If a file is truncated, or holds something else.

    Notes
    -----
    Source: LeCun, Bottou, Bengio & Haffner, "Gradient-Based Learning Applied to Document
    Recognition" (1998).
    """
    remotes = _parts(MNIST_URL, MNIST_MD5, unpacked=False)
    found = _find_parts(("mnist", "MNIST/raw"))
    if found is None and download:
        found = _of_folder(files.download("MNIST", "mnist", remotes))
    return _read_parts("MNIST", found, DIGITS, dtype)


def load_fashion_mnist(*, download: bool = True, dtype: Any = None) -> Dataset:
    """Load Fashion-MNIST: 70,000 articles of clothing, harder than digits.

    Parameters
    ----------
    download : bool
        Whether to download the files (30 MB) if they are nowhere.
    dtype : dtype, optional
        As in `load_cifar10`.

    Returns
    -------
    Dataset
        Images of shape (1, 28, 28), 60,000 for training and 10,000 for testing.

    Raises
    ------
    MissingDataError
        If the files are nowhere and cannot be downloaded.
    CorruptDataError
        If a file is truncated, or holds something else.

    Notes
    -----
    Source: Xiao, Rasul & Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    Learning Algorithms" (2017).
    """
    remotes = _parts(FASHION_URL, FASHION_MD5, unpacked=True)
    found = _find_parts(("fashion-mnist", "FashionMNIST/raw"))
    if found is None and download:
        hint = "On Debian and Ubuntu, `sudo apt install dataset-fashion-mnist` brings them too."
        found = _of_folder(files.download("Fashion-MNIST", "fashion-mnist", remotes, hint))
    return _read_parts("Fashion-MNIST", found, CLOTHES, dtype)


def _parts(url: str, checksums: tuple[str, ...], unpacked: bool) -> list[Remote]:
    pairs = zip(PARTS, checksums, strict=True)
    return [Remote(f"{name}.gz", f"{url}{name}.gz", md5, unpacked) for name, md5 in pairs]


def _find_parts(folders: tuple[str, ...]) -> list[Path] | None:
    """Return the four files, if all are somewhere; each may be compressed or not."""
    found = [
        files.find(f"{folder}/{name}{end}" for folder in folders for end in (".gz", ""))
        for name in PARTS
    ]
    return None if None in found else found  # type: ignore[return-value]


def _of_folder(folder: Path) -> list[Path]:
    return [folder / f"{name}.gz" for name in PARTS]


def _read_parts(
    name: str, paths: list[Path] | None, classes: tuple[str, ...], dtype: Any
) -> Dataset:
    if paths is None:
        raise _nowhere(name)
    arrays = [read_idx(path, shape) for path, shape in zip(paths, PARTS.values(), strict=True)]
    for images, labels, path in ((0, 1, paths[1]), (2, 3, paths[3])):
        with files.reading(path):
            _must_fit(arrays[images], arrays[labels], len(classes))
    x_train, y_train, x_test, y_test = arrays
    splits = (x_train[:, None], y_train, x_test[:, None], y_test)
    return _dataset(name, splits, classes, dtype)


def _must_fit(images: onp.ndarray, labels: onp.ndarray, classes: int) -> None:
    if len(images) != len(labels):
        raise ValueError(f"it has {len(labels):,} labels for {len(images):,} images")
    if labels.size and labels.max() >= classes:
        raise ValueError(f"it has the label {labels.max()}, but labels go from 0 to {classes - 1}")


# ----- CIFAR-10

CIFAR10_FILE = Remote(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "c58f30108f718f92721af3b95e74349a",
)
CIFAR10_PLACES = [
    f"{folder}{name}" for folder in ("", "cifar10/") for name in (cifar10.FOLDER, CIFAR10_FILE.name)
]


def load_cifar10(*, download: bool = True, dtype: Any = None) -> Dataset:
    """Load CIFAR-10: 60,000 small colour photographs of animals and vehicles.

    Parameters
    ----------
    download : bool
        Whether to download the archive (163 MB) if it is nowhere.
    dtype : dtype, optional
        Of the images: by default that of networks (`minpy.get_default_dtype`), with values from 0
        to 1; ``'uint8'`` leaves them as they are, from 0 to 255, in a quarter of the memory.

    Returns
    -------
    Dataset
        Images of shape (3, 32, 32), 50,000 for training and 10,000 for testing, or as many as the
        files hold.

    Raises
    ------
    MissingDataError
        If the files are nowhere and cannot be downloaded.
    CorruptDataError
        If a file is truncated, holds something else, or would run code.

    Notes
    -----
    Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).
    """
    found = files.find(CIFAR10_PLACES)
    if found is None and download:
        found = files.download("CIFAR-10", "cifar10", [CIFAR10_FILE]) / CIFAR10_FILE.name
    if found is None:
        raise _nowhere("CIFAR-10")
    return _dataset("CIFAR-10", cifar10.read_cifar10(found), cifar10.CLASSES, dtype)


# ----- all of them

LOADERS: dict[str, Callable[..., Dataset]] = {
    "digits": load_digits,
    "mnist": load_mnist,
    "fashion-mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
}


def load(name: str, **options: Any) -> Dataset:
    """Load a data set by its name.

    Parameters
    ----------
    name : {'digits', 'mnist', 'fashion-mnist', 'cifar10'}
    **options
        Those of the function for it, such as `load_cifar10`.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> load("imagenet")
    Traceback (most recent call last):
    ValueError: the data sets are 'digits', 'mnist', 'fashion-mnist', 'cifar10', not 'imagenet'
    """
    if name not in LOADERS:
        raise ValueError(f"the data sets are {', '.join(map(repr, LOADERS))}, not {name!r}")
    return LOADERS[name](**options)


def available() -> list[str]:
    """Return the names of the data sets that are on this machine, and need no download.

    Examples
    --------
    >>> set(available()) <= set(LOADERS)
    True
    """
    there = {
        "digits": importlib.util.find_spec("sklearn") is not None,
        "mnist": _find_parts(("mnist", "MNIST/raw")) is not None,
        "fashion-mnist": _find_parts(("fashion-mnist", "FashionMNIST/raw")) is not None,
        "cifar10": files.find(CIFAR10_PLACES) is not None,
    }
    return [name for name in LOADERS if there[name]]


def _nowhere(name: str) -> MissingDataError:
    looked = ", ".join(str(root) for root in files.roots())
    return MissingDataError(
        f"{name} is not on this machine (looked in {looked}); load it with download=True, or see "
        "help('minpy.datasets.files') for what to put where"
    )


def _dataset(
    name: str,
    splits: tuple[onp.ndarray, ...],
    classes: tuple[str, ...],
    dtype: Any,
    largest: int = 255,
) -> Dataset:
    """Return a data set of raw bytes as one of a dtype."""
    dtype = get_default_dtype() if dtype is None else onp.dtype(dtype)
    if dtype.kind != "f" and dtype != onp.uint8:
        raise ValueError(f"images are of a floating dtype or 'uint8', but {dtype} was asked for")
    x_train, y_train, x_test, y_test = splits

    def scaled(x: onp.ndarray) -> onp.ndarray:
        return x if dtype == onp.uint8 else onp.divide(x, largest, dtype=dtype)

    return Dataset(
        name,
        scaled(x_train),
        y_train.astype(onp.int64),
        scaled(x_test),
        y_test.astype(onp.int64),
        classes,
    )
