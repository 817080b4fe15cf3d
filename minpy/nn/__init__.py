"""Neural networks: layers, initial parameters, optimisers, batches of data.

`functional` has the kernels, `layers` the functions built on them that check shapes, with CS231n's
names.  `init` and `optim` are rules for parameters, `schedules` change the learning rate with time.
`io` makes batches and `augment` changes their images; `parameters` go to files and come back.

A network is a class, of `model`, or put together from `modules`; `model_builder` gathers what that
takes.  `solver` trains it, and `callbacks` look on.
"""

from minpy.nn import (
    augment,
    callbacks,
    functional,
    init,
    io,
    layers,
    model,
    model_builder,
    modules,
    optim,
    parameters,
    schedules,
    solver,
)

__all__ = [
    "augment",
    "callbacks",
    "functional",
    "init",
    "io",
    "layers",
    "model",
    "model_builder",
    "modules",
    "optim",
    "parameters",
    "schedules",
    "solver",
]
