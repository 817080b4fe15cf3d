"""A residual network that tells images apart.

Each block adds what it computes to what it was given, so that the gradient has a short way through
any number of blocks: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016),
section 4.2, at a size for a laptop.

    python examples/resnet.py --picture build/resnet.png
    python examples/resnet.py --data cifar10 --blocks 2 --flip --epochs 6
"""

from cnn import FLIP
from command import DATA, DECAY, accuracy_on_test, at_least, images, options_of, save, solver_for

from minpy.nn import augment
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import (
    BatchFlatten,
    BatchNorm,
    Convolution,
    FullyConnected,
    Identity,
    Pooling,
    ReLU,
)


def convolution(filters, stride=1, kernel=3):
    """Return a convolution and batch normalization, which makes a bias needless."""
    pad = kernel // 2
    return Sequential(
        Convolution((kernel, kernel), filters, (stride, stride), (pad, pad), no_bias=True),
        BatchNorm(),
    )


def block(filters, stride=1, wider=False):
    """Return two convolutions, plus the input or, where the shape changes, a projection of it.

    `minpy.nn.modules.ResidualBlock` is the same as one module.
    """
    inner = Sequential(convolution(filters, stride), ReLU(), convolution(filters))
    shortcut = convolution(filters, stride, kernel=1) if wider else Identity()
    return Sequential(inner + shortcut, ReLU())


def network(blocks, filters, classes):
    """Return stages of blocks; each but the first halves the image and doubles the filters."""
    modules = [convolution(filters), ReLU()]
    for stage in range(3):
        for number in range(blocks):
            first = number == 0 and stage > 0
            modules.append(block(filters * 2**stage, stride=2 if first else 1, wider=first))
    modules += [Pooling("avg", global_pool=True), BatchFlatten()]
    return Sequential(*modules, FullyConnected(classes))


def main(arguments=None):
    """Run the example."""
    blocks = ("--blocks", {"type": at_least(1), "default": 1, "help": "residual blocks in a stage"})
    filters = ("--filters", {"type": at_least(1), "default": 8, "help": "of the first stage"})
    more = [DATA, blocks, filters, FLIP, DECAY]
    options = options_of(__doc__, arguments, more, epochs=5, rate=1e-2)
    data = images(options.data)
    model = Model(network(options.blocks, options.filters, len(data.classes)), loss="softmax_loss")
    transform = augment.compose(augment.flip(), augment.crop(4)) if options.flip else None
    solver = solver_for(model, data, options, transform)
    solver.train()
    print(f"test accuracy {accuracy_on_test(solver, data):.1%}")
    save(solver.plot, options.picture)


if __name__ == "__main__":
    main()
