"""Data sets to learn on, which arrive by themselves.

>>> import minpy.datasets
>>> data = minpy.datasets.load_digits()  # doctest: +SKIP
>>> data  # doctest: +SKIP
digits: 1437 training and 360 test images of shape (1, 8, 8), float32, 10 classes

Files are looked for in the folders that the environment variable ``MINPY_DATA`` names, where Debian
keeps data sets, and in a cache; what is nowhere is downloaded into the cache once, checked.  See
`minpy.datasets.files` for what may lie where.
"""

from minpy.datasets.catalog import (
    available,
    load,
    load_cifar10,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)
from minpy.datasets.dataset import Dataset, one_hot
from minpy.datasets.files import CorruptDataError, MissingDataError

__all__ = [
    "CorruptDataError",
    "Dataset",
    "MissingDataError",
    "available",
    "load",
    "load_cifar10",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "one_hot",
]
