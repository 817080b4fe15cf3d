"""The files of CIFAR-10: pickles, read without running what a hostile one would run.

The "python version" is six pickled dicts, in each ``data``, uint8 of shape (N, 3072): 1,024 red
values of an image row by row, then the green ones, then the blue; and ``labels``, N ints.
Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009), and its page.

A pickle is a program.  The unpickler here knows four names, those that such a dict needs, and gives
for each something of its own that cannot do anything else; any other name is refused.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as onp

from minpy.datasets.files import reading

FOLDER = "cifar-10-batches-py"
TRAINING = [f"data_batch_{i}" for i in range(1, 6)]
TEST = ["test_batch"]
CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
MOST_BYTES = 1 << 27  # a batch has 31 million


def read_cifar10(path: Path) -> tuple[onp.ndarray, ...]:
    """Read the training and the test images from the folder, or from the archive of it.

    Parameters
    ----------
    path : Path
        ``cifar-10-batches-py`` or ``cifar-10-python.tar.gz``.

    Returns
    -------
    x_train, y_train, x_test, y_test : ndarray of uint8, shape (N, 3, 32, 32); of int64, shape (N,)

    Raises
    ------
    CorruptDataError
        If a file is missing, truncated, or anything but such a dict.
    """
    with reading(path), _opened(path) as read:
        train, test = ([_batch(name, read(name)) for name in names] for names in (TRAINING, TEST))
    return (*_joined(train), *_joined(test))


def _joined(batches: list[tuple[onp.ndarray, onp.ndarray]]) -> Iterator[onp.ndarray]:
    images, labels = zip(*batches, strict=True)
    yield onp.concatenate(images).reshape(-1, 3, 32, 32)
    yield onp.concatenate(labels)


@contextmanager
def _opened(path: Path) -> Iterator[Callable[[str], bytes]]:
    """Give a function that reads a file of the folder or of the archive."""
    if path.is_dir():

        def read(name: str) -> bytes:
            with open(path / name, "rb") as stream:
                return _whole(name, (path / name).stat().st_size, stream)

        yield read
        return
    with tarfile.open(path) as archive:

        def read_member(name: str) -> bytes:
            member = archive.getmember(f"{FOLDER}/{name}")
            if not member.isfile():
                raise ValueError(f"{name} is no file in it")
            return _whole(name, member.size, archive.extractfile(member))

        yield read_member


def _whole(name: str, size: int, stream: Any) -> bytes:
    if size > MOST_BYTES:
        raise ValueError(f"{name} has {size:,} bytes, more than a batch of CIFAR-10 has")
    return stream.read()


def _batch(name: str, content: bytes) -> tuple[onp.ndarray, onp.ndarray]:
    try:
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        data, labels = batch[b"data"], batch[b"labels"]
        images = data.array()
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"{name} is no batch of CIFAR-10, or truncated ({reason})") from error
    if type(labels) is not list or any(type(x) is not int or not 0 <= x < 10 for x in labels):
        raise ValueError(f"the labels in {name} are not a list of integers from 0 to 9")
    if images.shape != (len(labels), 3072):
        raise ValueError(
            f"the data in {name} has shape {images.shape}, but with {len(labels)} labels it "
            f"should be ({len(labels)}, 3072)"
        )
    return images, onp.array(labels, onp.int64)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = _KNOWN.get((module, name))
        if known is None:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which CIFAR-10 does not need and which could run "
                "code: do not trust where the file comes from"
            )
        return known


class _Pickled:
    """What stands for a NumPy array, or for its dtype, while a pickle is read."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> onp.ndarray:
        """Return the array, if it is one of bytes."""
        _, shape, _, fortran, content = self.state
        if type(content) is not bytes or len(shape) != 2 or shape[0] * shape[1] != len(content):
            raise ValueError(f"its data is no array of bytes of shape {shape}")
        return onp.frombuffer(content, onp.uint8).reshape(shape, order="F" if fortran else "C")


def _bytes_of_text(text: str, encoding: str) -> bytes:
    """Do what Python 3 does in a pickle of protocol 2, which has no bytes: text stands for them."""
    if encoding not in ("latin1", b"latin1"):
        raise ValueError(f"text in the encoding {encoding!r}")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *args: _Pickled(),
    ("numpy._core.multiarray", "_reconstruct"): lambda *args: _Pickled(),
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): lambda *args: _Pickled(),
    ("_codecs", "encode"): _bytes_of_text,
}
