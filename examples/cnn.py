"""A small convolutional network that tells images apart.

It is put together from modules, which find out the shapes of their parameters by themselves.  The
pattern, convolutions that see more and more of an image, is that of LeNet (LeCun et al.,
"Gradient-based learning applied to document recognition", 1998), with three-by-three filters as in
VGG (Simonyan and Zisserman, 2014).

    python examples/cnn.py --picture build/cnn.png
    python examples/cnn.py --data cifar10 --filters 16 32 64 --flip --epochs 4 --batch 64
"""

from command import DATA, DECAY, accuracy_on_test, images, options_of, save, solver_for

from minpy import plotting
from minpy.nn import augment
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import BatchFlatten, Convolution, FullyConnected, Pooling, ReLU


def network(filters, hidden, classes):
    """Return convolution, pooling and relu for each number of filters; then two dense layers."""
    modules = []
    for number in filters:
        modules += [
            Convolution((3, 3), number, pad=(1, 1)),
            Pooling("max", (2, 2), (2, 2)),
            ReLU(),  # after pooling: the same result, from a quarter of the numbers
        ]
    modules += [BatchFlatten(), FullyConnected(hidden), ReLU(), FullyConnected(classes)]
    return Sequential(*modules)


FLIP = ("--flip", {"action": "store_true", "help": "mirror images at random (not of digits)"})


def main(arguments=None):
    """Run the example."""
    filters = {"type": int, "nargs": "+", "default": [16, 32], "help": "of each convolution"}
    more = [DATA, ("--filters", filters), FLIP, DECAY]
    options = options_of(__doc__, arguments, more, epochs=8, rate=2e-3)
    data = images(options.data)
    model = Model(network(options.filters, 128, len(data.classes)), loss="softmax_loss")
    solver = solver_for(model, data, options, augment.flip() if options.flip else None)
    solver.train()
    print(model.network)
    print(f"test accuracy {accuracy_on_test(solver, data):.1%}")
    save(lambda: first_filters(model), options.picture)


def first_filters(model):
    """Return a picture of what the first convolution looks for."""
    return plotting.weight_images(model.params["convolution0_weight"], title="first filters")


if __name__ == "__main__":
    main()
