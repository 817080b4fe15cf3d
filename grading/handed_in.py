"""Arrays that were handed in, read without trusting them.

An ``.npz`` is a ZIP archive of arrays. Its members may claim any size and shape, hold pickles, or
unpack to a thousand times what they take on disk. So sizes are looked at before anything is
unpacked, and shapes before anything is made of them.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib

import numpy as onp

MOST_BYTES = 64 * 2**20
MOST_ARRAYS = 1_000
MOST_HEADER = 1_000  # bytes; NumPy evaluates a header as Python's literals
KINDS = "biufU"


class UnfitError(Exception):
    """What was handed in cannot be used; says why."""


class MissingDataError(UnfitError):
    """It was not handed in."""


def arrays(content: bytes | None, name: str, most: int = MOST_BYTES) -> dict[str, onp.ndarray]:
    """Read the arrays of an ``.npz``: numbers and text.

    Parameters
    ----------
    content : bytes or None
        Of the file, if there is one.
    name : str
        Of the file, for messages.
    most : int
        How many bytes all arrays may have.

    Returns
    -------
    dict of ndarray

    Raises
    ------
    MissingDataError, UnfitError

    Examples
    --------
    >>> import io, numpy
    >>> numpy.savez(file := io.BytesIO(), w=numpy.eye(2))
    >>> arrays(file.getvalue(), "net.npz")["w"].shape
    (2, 2)
    >>> arrays(b"PK", "net.npz")
    Traceback (most recent call last):
    grading.handed_in.UnfitError: net.npz cannot be read: File is not a zip file
    """
    if content is None:
        raise MissingDataError(f"{name} was not handed in")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > most or len(members) > MOST_ARRAYS:
                raise UnfitError(
                    f"{name} unpacks to {size / 2**20:.0f} MiB in {len(members)} arrays; "
                    f"{most / 2**20:.0f} MiB and {MOST_ARRAYS} are allowed"
                )
            return {
                member.filename.removesuffix(".npy"): _array(archive.read(member), name)
                for member in members
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        SyntaxError,
        TypeError,
        EOFError,
        OSError,
        RecursionError,  # a header of ten thousand signs
        MemoryError,
        RuntimeError,  # it is encrypted, or compressed in an unknown way
    ) as error:
        raise UnfitError(f"{name} cannot be read: {error}") from None


def _array(data: bytes, name: str) -> onp.ndarray:
    file = io.BytesIO(data)
    heads = {(1, 0): onp.lib.format.read_array_header_1_0}
    read_head = heads.get(onp.lib.format.read_magic(file), onp.lib.format.read_array_header_2_0)
    shape, by_columns, dtype = read_head(file, max_header_size=MOST_HEADER)  # type: ignore[call-arg]
    rest = data[file.tell() :]
    if dtype.kind not in KINDS or math.prod(shape) * dtype.itemsize != len(rest):
        raise UnfitError(
            f"{name} cannot be read: there is an array of dtype {dtype} and shape {shape} in it, "
            f"with {len(rest)} bytes"
        )
    return onp.frombuffer(rest, dtype).reshape(shape, order="F" if by_columns else "C")
