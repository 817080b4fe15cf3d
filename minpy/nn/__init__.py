"""Neural networks: layers, initial parameters, optimisers, batches of data.

`functional` has the kernels, `layers` the functions built on them that check shapes, with CS231n's
names.  `init` and `optim` are rules for parameters, `schedules` change the learning rate with time.
`io` makes batches and `augment` changes their images; `parameters` go to files and come back.
"""

from minpy.nn import augment, functional, init, io, layers, optim, parameters, schedules

__all__ = [
    "augment",
    "functional",
    "init",
    "io",
    "layers",
    "optim",
    "parameters",
    "schedules",
]
