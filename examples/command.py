"""What the example scripts share: their options, their images, and what is said at the end."""

import argparse
from pathlib import Path

import minpy.numpy as np
from minpy import datasets
from minpy.nn import schedules
from minpy.nn.io import NDArrayIter
from minpy.nn.solver import Solver


def options_of(doc, arguments=None, more=(), **defaults):
    """Return the options of a command line; `more` are added, `defaults` are those of a script."""
    parser = argparse.ArgumentParser(
        description=doc.partition("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=at_least(1), default=10, help="rounds over the data")
    parser.add_argument("--steps", type=at_least(1), help="stop after so many steps")
    parser.add_argument("--batch", type=at_least(1), default=50, help="samples in a step")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of all random numbers")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="where to save a picture")
    for name, option in more:
        parser.add_argument(name, **option)
    parser.set_defaults(**defaults)
    options = parser.parse_args(arguments)
    np.random.seed(options.seed)
    return options


def at_least(least):
    """Return a type of option: a whole number from `least` on."""

    def number(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, but is {value}")
        return value

    number.__name__ = "whole number"  # what argparse calls it when the text is none
    return number


DATA = (
    "--data",
    {
        "choices": ["digits", "mnist", "fashion-mnist", "cifar10"],
        "default": "digits",
        "help": "images to learn from; all but digits are downloaded once",
    },
)
DECAY = ("--decay", {"type": float, "default": 0.01, "help": "weight decay"})


def images(name):
    """Return images with mean 0 and deviation 1, a tenth of them for validation."""
    try:
        data = datasets.load(name)
    except datasets.MissingDataError as error:
        raise SystemExit(str(error)) from error
    data = data.subset(val=min(len(data.x_train) // 10, 1000)).normalized()
    print(data)
    return data


def batches(data, options, transform=None):
    """Return iterators over the training images, shuffled, and the validation images."""
    train = NDArrayIter(
        data.x_train, data.y_train, options.batch, shuffle=True, transform=transform
    )
    return train, NDArrayIter(data.x_val, data.y_val, batch_size=200)


def solver_for(model, data, options, transform=None, **more):
    """Return a solver with the recipe that suits most networks for images: AdamW, slowing down."""
    train, validation = batches(data, options, transform)
    return Solver(
        model,
        train,
        validation,
        init_rule="kaiming",
        update_rule="adamw",
        optim_config={"learning_rate": options.rate},
        weight_decay=options.decay,
        schedule=schedules.cosine(options.epochs * train.getnumiterations()),
        num_epochs=options.epochs,
        callbacks=[StopAfter(options.steps)],
        **more,
    )


class StopAfter:
    """A callback that stops training after a number of steps; None never does."""

    def __init__(self, steps):
        self.steps = steps

    def on_step_end(self, solver):
        if solver.iteration == self.steps:
            solver.stop(f"--steps {self.steps}")


def accuracy_on_test(solver, data):
    """Return the share of test images, not looked at before, that get the right class."""
    return solver.check_accuracy(NDArrayIter(data.x_test, data.y_test, batch_size=200))


def save(draw, path):
    """Save the figure that ``draw()`` returns, if a path was asked for."""
    if path is None:
        return
    try:
        figure = draw()
    except ModuleNotFoundError as error:
        print(f"No picture: {error}")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"The picture is in {path}.")
