"""Teacher and student: a small network learns what a large one knows.

The teacher learns from labels; the student learns from what the teacher says of all ten classes,
softened by a temperature, and from the labels (G. Hinton, O. Vinyals and J. Dean, "Distilling the
knowledge in a neural network", 2015).  The teacher is an ordinary model in a solver.  The student's
loss calls the teacher, whose parameters get no gradients, since none are asked for.

    python examples/distillation.py --picture build/distillation.png
"""

from command import DATA, at_least, images, options_of, save

from minpy.nn import layers
from minpy.nn.functional import log_softmax, softmax
from minpy.nn.io import NDArrayIter
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import BatchFlatten, Dropout, FullyConnected, ReLU
from minpy.nn.updater import Updater


def network(hidden, data, drop=0.0):
    """Return a network with one hidden layer for the images of a data set."""
    net = Sequential(
        BatchFlatten(), FullyConnected(hidden), ReLU(), Dropout(drop), FullyConnected(10)
    )
    return Model(net, loss="softmax_loss", input_shape=data.x_train.shape[1:])


def train(model, loss, data, options):
    """Train a model by a loss of images and labels."""
    gradients_of = model.value_and_grad(loss)
    update = Updater(model, "adam", learning_rate=options.rate)
    batches = NDArrayIter(data.x_train, data.y_train, options.batch, shuffle=True)
    losses = []
    for _ in range(options.epochs):
        for batch in batches:
            value, gradients = gradients_of(model.params, batch.data[0], batch.label[0])
            update(gradients)
            losses.append(value.item())
            if options.steps and len(losses) == options.steps:
                return losses
    return losses


def by_labels(model):
    """Return the usual loss."""
    return lambda x, y: layers.softmax_loss(model.forward(x, "train"), y)


def by_teacher(student, teacher, temperature):
    """Return the loss of a student: what the teacher says, and the labels."""

    def loss(x, y):
        scores = student.forward(x, "train")
        says = softmax(teacher.forward(x, "test") / temperature)
        unlike = layers.kl_div_loss(log_softmax(scores / temperature), says)
        return temperature**2 * unlike + 0.1 * layers.softmax_loss(scores, y)

    return loss


def accuracy(model, data):
    """Return the share of test images that are classified correctly."""
    return (model.forward(data.x_test, "test").argmax(axis=1) == data.y_test).mean().item()


def main(arguments=None):
    """Run the example."""
    more = [
        DATA,
        ("--hidden", {"type": at_least(1), "default": 200, "help": "of the teacher"}),
        ("--small", {"type": at_least(1), "default": 6, "help": "hidden units of the student"}),
        ("--temperature", {"type": float, "default": 2.0, "help": "by which scores are divided"}),
    ]
    options = options_of(__doc__, arguments, more, epochs=20, rate=5e-3)
    data = images(options.data)
    teacher = network(options.hidden, data, drop=0.3)
    alone, student = network(options.small, data), network(options.small, data)
    student.set_params(alone.params, alone.aux_params)  # both start alike
    curves = {
        "teacher": train(teacher, by_labels(teacher), data, options),
        "alone": train(alone, by_labels(alone), data, options),
        "student": train(student, by_teacher(student, teacher, options.temperature), data, options),
    }
    for name, model in (("teacher", teacher), ("alone", alone), ("student", student)):
        numbers = sum(x.size for x in model.params.values())
        print(f"{name:8} {numbers:7,} parameters  test accuracy {accuracy(model, data):.1%}")
    save(lambda: picture(curves), options.picture)


def picture(curves):
    """Draw the losses of all three, which are not the same functions."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for (name, values), color in zip(curves.items(), ("#bbbbbb", "#ee6677", "#4477aa")):
        axes.plot(values, color=color, label=name)
    axes.set(title="losses", xlabel="step", yscale="log")
    axes.legend()
    return figure


if __name__ == "__main__":
    main()
