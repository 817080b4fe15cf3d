"""The check of a network that is handed in: how many images it classifies correctly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as onp

from minpy.checking.spec import Check
from minpy.checking.texts import say
from minpy.course.data import Settings, load_images
from minpy.course.parameter_file import ParameterFile

REQUIRED = "the required accuracy"


@dataclass(frozen=True)
class TrainedCheck(Check):
    """A check of the accuracy of a network that is handed in; `trained` makes one.

    Attributes
    ----------
    file : ParameterFile
    load : callable
        Given the names of a data set and a size, returns what has ``x_val``, ``y_val``, ``x_test``
        and ``y_test``.
    thresholds : mapping of str to float
        The required accuracy by data set.
    tiny : float, optional
        The required accuracy at the size "tiny", whatever the data.
    """

    file: ParameterFile = field(default_factory=lambda: ParameterFile("", ()))
    load: Callable[..., Any] = load_images
    thresholds: Mapping[str, float] = field(default_factory=dict)
    tiny: float | None = None

    def required(self, data: str, size: str) -> float:
        """Return the required accuracy for a data set and a size.

        Raises
        ------
        ValueError
            If there is no threshold for the data set.
        """
        if size == "tiny" and self.tiny is not None:
            return self.tiny
        if data not in self.thresholds:
            raise ValueError(
                f"{self.name} has thresholds for {', '.join(self.thresholds)}, not for {data!r}"
            )
        return self.thresholds[data]


def trained(
    file: ParameterFile,
    settings: Settings,
    *,
    forward: str,
    thresholds: Mapping[str, float],
    points: float,
    tiny: float | None = None,
    name: str = "trained",
    load: Callable[[str, str], Any] | None = None,
) -> TrainedCheck:
    """Make the check of a network that is handed in.

    Parameters
    ----------
    file : ParameterFile
        Where the notebook saves it.
    settings : Settings
        How many images there are; the check looks at the validation images.
    forward : str
        How scores of shape (N, C) follow from the dict `params` and the images `x`, in Python with
        the student's functions: ``"scores = predict_scores(params, x)"``.
    thresholds : mapping of str to float
        The required accuracy by data set: two points below what the solution reaches.
    points : float
    tiny : float, optional
        The required accuracy at the size "tiny", whatever the data.
    name : str
        Of the check; its cell has the grade id ``check_`` and this name.
    load : callable, optional
        Given the names of a data set and a size, returns the data: what has ``x_val``, ``y_val``,
        ``x_test`` and ``y_test``.  By default, `load_images` with these settings.  For a network
        that is trained on features it returns features.

    Returns
    -------
    TrainedCheck

    Examples
    --------
    >>> settings = Settings({("digits", "default"): dict(train=1187, val=250, test=360)})
    >>> check = trained(
    ...     ParameterFile("svm.npz", ["W"]),
    ...     settings,
    ...     forward="scores = predict_scores(params['W'], x)",
    ...     thresholds={"digits": 0.9},
    ...     points=3,
    ... )
    >>> check.required("digits", "default")
    0.9
    """

    def load_with_settings(data: str, size: str) -> Any:
        return load_images(data, settings[data, size])

    load = load or load_with_settings

    def validation(part: str) -> Callable[..., Any]:
        def draw(rng: onp.random.Generator, sizes: Mapping[str, int]) -> Any:
            saved = file.load()
            return getattr(load(saved.data, saved.size), part)

        return draw

    def is_good_enough(found: dict[str, Any]) -> bool | str:
        predicted = onp.argmax(found["scores"], axis=1)
        required = check.required(found["data"], found["size"])
        reached = float((predicted == found["y"]).mean())
        return reached >= required or say("check.accuracy", reached=reached, required=required)

    check = TrainedCheck(
        name,
        points=points,
        inputs={
            "data": lambda rng, sizes: file.load().data,
            "size": lambda rng, sizes: file.load().size,
            "params": lambda rng, sizes: file.load().params,
            "x": validation("x_val"),
            "y": validation("y_val"),
        },
        sizes={},
        forward=forward,
        extra_results=("scores",),
        properties={REQUIRED: is_good_enough},
        hidden_comparisons=1,
        file=file,
        load=load,
        thresholds=thresholds,
        tiny=tiny,
    )
    return check
