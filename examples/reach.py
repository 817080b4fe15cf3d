"""What networks of minpy reach on two cores of a processor, and in what time.

Each row trains a network of `mlp.py` or `cnn.py` with fixed seeds, and compares its accuracy on
test images, which it has not seen before, and the time of training with a target:

    digits       a fully connected net            97 % in    5 s
    fashion      a fully connected net            86 % in   30 s
    cifar10-mlp  a fully connected net            45 % in  180 s
    cifar10-cnn  a small convolutional network    55 % in  180 s

    python examples/reach.py
    python examples/reach.py digits cifar10-cnn --policy only_numpy

The targets on CIFAR-10 are meant for half of it, 25,000 training images or more.  Convolutions run
on PyTorch's kernels if PyTorch is installed, with the policy `auto`; on NumPy alone, `only_numpy`,
the convolutional network takes two to three times as long.  A row whose data are not on this
machine and cannot be downloaded is left out.  On a machine that is busy with
other work, OMP_NUM_THREADS=1 keeps the threads of a library from waiting for each other.
"""

import argparse
import sys

import cnn
import mlp
from command import accuracy_on_test, images, solver_for

import minpy
import minpy.numpy as np
from minpy.nn import augment
from minpy.nn.model_builder import Model

ROWS = {
    "digits": {
        "data": "digits",
        "model": lambda data: mlp.network(data, [128]),
        "options": {"epochs": 20, "batch": 50, "rate": 2e-3, "decay": 0.01},
        "accuracy": 0.97,
        "seconds": 5,
    },
    "fashion": {
        "data": "fashion-mnist",
        "model": lambda data: mlp.network(data, [128]),
        "options": {"epochs": 4, "batch": 128, "rate": 2e-3, "decay": 0.01},
        "accuracy": 0.86,
        "seconds": 30,
    },
    "cifar10-mlp": {
        "data": "cifar10",
        "model": lambda data: mlp.network(data, [256, 128], drop=0.1),
        "options": {"epochs": 8, "batch": 128, "rate": 1e-3, "decay": 0.02},
        "transform": augment.flip(),
        "accuracy": 0.45,
        "seconds": 180,
    },
    "cifar10-cnn": {
        "data": "cifar10",
        "model": lambda data: Model(cnn.network([16, 32, 64], 128, 10), loss="softmax_loss"),
        "options": {"epochs": 3, "batch": 64, "rate": 2e-3, "decay": 0.02},
        "transform": augment.flip(),
        "accuracy": 0.55,
        "seconds": 180,
    },
}


def reached(row, seed, verbose):
    """Train one row's network; return its accuracy on the test images and the seconds it took."""
    np.random.seed(seed)
    data = images(row["data"])
    options = argparse.Namespace(steps=None, **row["options"])
    solver = solver_for(
        row["model"](data), data, options, row.get("transform"), restore_best=False, verbose=verbose
    )
    solver.train()
    return accuracy_on_test(solver, data), solver.seconds


def main(arguments=None):
    """Run the rows that were asked for; the exit status is 1 if one misses its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; or all")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers (%(default)s)")
    parser.add_argument("--policy", default="auto", help="which kernels run (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="only the table")
    options = parser.parse_args(arguments)
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; rows are {', '.join(ROWS)}")

    lines = ["row          accuracy  target  seconds  target"]
    missed = False
    with minpy.use_policy(options.policy):
        for name in options.rows or ROWS:
            row = ROWS[name]
            try:
                accuracy, seconds = reached(row, options.seed, verbose=not options.quiet)
            except SystemExit as no_data:  # from `command.images`
                print(f"{name} is left out: {no_data}\n")
                lines.append(f"{name:11} left out, its data are not here")
                continue
            good = accuracy >= row["accuracy"] and seconds <= row["seconds"]
            missed |= not good
            lines.append(
                f"{name:11} {accuracy:9.1%} {row['accuracy']:7.0%} {seconds:8.1f} "
                f"{row['seconds']:7}{'' if good else '  missed'}"
            )
    print("\n" + "\n".join(lines))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
