"""The IDX format, in which MNIST and its kin are published.

Big-endian: two zero bytes, a byte for the type of the elements (8 is uint8), one for the number of
axes, four bytes for the length of each axis, then the elements.
Source: the page of MNIST, "the format of the files".
"""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as onp

from minpy.datasets.files import reading

MOST_BYTES = 1 << 28  # MNIST's largest file has 47 million


def read_idx(path: Path, shape: tuple[int | None, ...]) -> onp.ndarray:
    """Read an array of bytes from an IDX file, compressed or not.

    Parameters
    ----------
    path : Path
        Ends in ``.gz`` if it is compressed.
    shape : tuple of int or None
        What its shape should be; None for any length.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    CorruptDataError
        If the file is truncated, longer than it says, or holds something else.
    """
    with reading(path), gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
        return _read(stream, shape)


def _read(stream: Any, shape: tuple[int | None, ...]) -> onp.ndarray:
    magic = stream.read(4)
    if magic != bytes([0, 0, 8, len(shape)]):
        raise ValueError(
            f"it begins with {magic.hex(' ') or 'nothing'}, but an IDX file of {len(shape)} axes "
            f"of bytes begins with 00 00 08 0{len(shape)}"
        )
    lengths = stream.read(4 * len(shape))
    if len(lengths) < 4 * len(shape):
        raise ValueError("it ends before it says how large it is")
    found = tuple(int.from_bytes(lengths[i : i + 4], "big") for i in range(0, len(lengths), 4))
    if any(wanted not in (None, there) for wanted, there in zip(shape, found, strict=True)):
        raise ValueError(f"its shape is {found}, but should be {shape} (None: any length)")
    size = math.prod(found)
    if size > MOST_BYTES:
        raise ValueError(f"it says that it has {size:,} elements, more than any of these sets")
    data = stream.read(size + 1)
    if len(data) != size:
        longer = "more" if len(data) > size else f"only {len(data):,}"
        raise ValueError(f"it says that it has {size:,} elements, but has {longer}: truncated?")
    return onp.frombuffer(data, onp.uint8).reshape(found)
