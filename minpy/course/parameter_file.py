"""The file of parameters that a student hands in beside a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as onp

from minpy.checking import NotWrittenYet


class Saved(NamedTuple):
    """What a `ParameterFile` holds."""

    params: dict[str, onp.ndarray]
    data: str
    size: str


class ParameterFile:
    """A file of named arrays, and the data set that they were trained on.

    Parameters
    ----------
    path : str or path
        Such as ``"two_layer.npz"``, beside the notebook.
    names : sequence of str
        Of the arrays.

    Examples
    --------
    >>> network_file = ParameterFile("svm.npz", ["W"])
    >>> network_file.load()
    Traceback (most recent call last):
    minpy.checking.unfinished.NotWrittenYet: svm.npz is not written yet.
    """

    def __init__(self, path: str | Path, names: Sequence[str]) -> None:
        self.path = Path(path)
        self.names = tuple(names)

    def save(self, params: Mapping[str, Any] | None, data: str, size: str) -> None:
        """Write the parameters, and what they were trained on.

        Parameters
        ----------
        params : mapping of str to ndarray
            None if no network was found yet.
        data, size : str
            The data set, and one of `minpy.course.SIZES`.

        Raises
        ------
        NotWrittenYet
            If there are no parameters.
        ValueError
            If one of them is missing.
        """
        if params is None:
            raise NotWrittenYet("the search for a network")
        missing = [name for name in self.names if name not in params]
        if missing:
            raise ValueError(
                f"{self.path} needs the parameters {', '.join(self.names)}; "
                f"yours have no {', '.join(missing)}"
            )
        arrays = {name: onp.asarray(params[name]) for name in self.names}
        onp.savez(self.path, data=data, size=size, **arrays)

    def load(self, data: str | None = None) -> Saved:
        """Return the parameters, and the names of their data set and size.

        Parameters
        ----------
        data : str, optional
            The data set that they should be for.

        Raises
        ------
        NotWrittenYet
            If there is no such file.
        ValueError
            If the parameters are for another data set.
        """
        if not self.path.exists():
            raise NotWrittenYet(str(self.path))
        with onp.load(self.path, allow_pickle=False) as saved:
            params = {name: saved[name] for name in self.names}
            found = Saved(params, str(saved["data"]), str(saved["size"]))
        if data not in (None, found.data):
            raise ValueError(self.wrong_data(found.data, str(data)))
        return found

    def wrong_data(self, trained_on: str, graded_on: str) -> str:
        """Return a sentence that says which data set the parameters should be for."""
        return (
            f"{self.path.name} was trained on {trained_on}, and is graded on {graded_on}: write "
            f'name = "{graded_on}" in the set-up, and train it again'
        )
