"""Programs as they were written for the minpy of 2017; of Python 2 only `print` is gone."""

import numpy
import pytest

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.io import NDArrayIter
from minpy.nn.model import ModelBase
from minpy.nn.model_builder import Model, Sequential, Updater
from minpy.nn.modules import (
    BatchFlatten,
    BatchNorm,
    Convolution,
    FullyConnected,
    Pooling,
    ReLU,
)
from minpy.nn.solver import Solver

batch_size = 20
input_size = (3, 8, 8)
flattened_input_size = 3 * 8 * 8
hidden_size = 32
num_classes = 4


def get_data():
    """Images whose class is the corner that is bright, in float64, labels as integers."""
    rng = numpy.random.RandomState(0)
    labels = rng.randint(num_classes, size=200)
    images = rng.normal(size=(200,) + input_size)
    for image, label in zip(images, labels):
        row, column = divmod(label, 2)
        image[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 1.5
    return {
        "X_train": images[:160],
        "y_train": labels[:160],
        "X_test": images[160:],
        "y_test": labels[160:],
    }


def iterators():
    data = get_data()
    train_dataiter = NDArrayIter(
        data["X_train"], data["y_train"], batch_size=batch_size, shuffle=True
    )
    test_dataiter = NDArrayIter(
        data["X_test"], data["y_test"], batch_size=batch_size, shuffle=False
    )
    return train_dataiter, test_dataiter


class TwoLayerNet(ModelBase):
    def __init__(self):
        super(TwoLayerNet, self).__init__()  # noqa: UP008
        self.add_param(name="w1", shape=(flattened_input_size, hidden_size)).add_param(
            name="b1", shape=(hidden_size,)
        ).add_param(name="w2", shape=(hidden_size, num_classes)).add_param(
            name="b2", shape=(num_classes,)
        )

    def forward(self, X, mode):
        # Flatten the input data to matrix.
        X = np.reshape(X, (batch_size, flattened_input_size))
        # First affine layer (fully-connected layer).
        y1 = layers.affine(X, self.params["w1"], self.params["b1"])
        # ReLU activation.
        y2 = layers.relu(y1)
        # Second affine layer.
        y3 = layers.affine(y2, self.params["w2"], self.params["b2"])
        return y3

    def loss(self, predict, y):
        # Compute softmax loss between the output and the label.
        return layers.softmax_loss(predict, y)


class NetWithBatchNorm(ModelBase):
    def __init__(self):
        super(NetWithBatchNorm, self).__init__()  # noqa: UP008
        self.add_params(
            {
                "w1": {"shape": (flattened_input_size, hidden_size)},
                "b1": {"shape": (hidden_size,)},
                "w2": {"shape": (hidden_size, num_classes)},
                "b2": {"shape": (num_classes,)},
            }
        )
        self.add_param(
            name="gamma", shape=(hidden_size,), init_rule="constant", init_config={"value": 1.0}
        ).add_param(name="beta", shape=(hidden_size,), init_rule="constant").add_aux_param(
            name="running_mean", value=None
        ).add_aux_param(name="running_var", value=None)

    def forward(self, X, mode):
        X = np.reshape(X, (batch_size, flattened_input_size))
        y1 = layers.affine(X, self.params["w1"], self.params["b1"])
        y2 = layers.relu(y1)
        y3, self.aux_params["running_mean"], self.aux_params["running_var"] = layers.batchnorm(
            y2,
            self.params["gamma"],
            self.params["beta"],
            mode=mode,
            running_mean=self.aux_params["running_mean"],
            running_var=self.aux_params["running_var"],
        )
        y4 = layers.affine(y3, self.params["w2"], self.params["b2"])
        y5 = layers.dropout(y4, 0.1, mode=mode)
        return y5

    def loss(self, predict, y):
        return layers.softmax_loss(predict, y)


class BatchLevel(TwoLayerNet):
    def forward_batch(self, batch, mode):
        return self.forward(batch.data[0], mode)

    def loss_batch(self, batch, predict):
        return layers.softmax_loss(predict, batch.label[0])


@pytest.mark.parametrize("net", [TwoLayerNet, NetWithBatchNorm, BatchLevel])
def test_a_program_with_a_solver(net, capsys):
    numpy.random.seed(1)
    model = net()
    train_dataiter, test_dataiter = iterators()
    solver = Solver(
        model,
        train_dataiter,
        test_dataiter,
        num_epochs=10,
        init_rule="gaussian",
        init_config={"stdvar": 0.01},
        update_rule="sgd_momentum",
        optim_config={"learning_rate": 1e-2, "momentum": 0.9},
        lr_decay=0.95,
        verbose=True,
        print_every=20,
    )
    solver.init()
    assert 0 < numpy.std(model.params["w1"].asnumpy()) < 0.02
    solver.train()
    assert len(solver.loss_history) == 80
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 10
    assert solver.best_val_acc > 0.8
    assert solver.check_accuracy(test_dataiter) == solver.best_val_acc
    assert solver.check_accuracy(test_dataiter, num_samples=20) <= 1.0
    assert "(Iteration 20 / 80) loss: " in capsys.readouterr().out


def test_parameters_to_a_file_and_back(tmp_path):
    model = TwoLayerNet()
    train_dataiter, test_dataiter = iterators()
    solver = Solver(model, train_dataiter, test_dataiter, num_epochs=1, verbose=False)
    solver.init()
    solver.train()
    model.save(str(tmp_path / "two_layers"))
    other = TwoLayerNet()
    solver = Solver(other, train_dataiter, test_dataiter, num_epochs=1, verbose=False)
    solver.init()
    other.load(str(tmp_path / "two_layers"))
    X = next(iter(test_dataiter)).data[0]
    assert (other.forward(X, "test").asnumpy() == model.forward(X, "test").asnumpy()).all()


class ResNet(Model):
    def __init__(self, filter_numbers):
        super(ResNet, self).__init__(loss="softmax_loss")  # noqa: UP008

        self._shrinking_blocks = tuple(self._shrinking_block(f) for f in filter_numbers)
        self._residual_blocks = tuple(
            tuple(ResNet._residual_block(f) for i in range(2)) for f in filter_numbers
        )
        self._to_scores = Sequential(
            Pooling(pool_type="avg", kernel=(2, 2), stride=(1, 1)),
            BatchFlatten(),
            FullyConnected(num_hidden=num_classes),
        )

    def forward(self, data, mode="training"):
        if mode == "training":
            self.training()
        elif mode == "inference":
            self.inference()

        for shrink, residual in zip(self._shrinking_blocks, self._residual_blocks):
            data = shrink(data)
            for r in residual:
                data = data + r(data)

        return self._to_scores(data)

    @staticmethod
    def _convolution(**kwargs):
        defaults = {"kernel": (3, 3), "stride": (1, 1), "pad": (1, 1), "no_bias": True}
        defaults.update(kwargs)
        return Sequential(
            BatchNorm(fix_gamma=False),
            ReLU(),
            Convolution(**defaults),
        )

    @staticmethod
    def _residual_block(f):
        return Sequential(ResNet._convolution(num_filter=f), ResNet._convolution(num_filter=f))

    @staticmethod
    def _shrinking_block(f):
        return Sequential(
            Sequential(
                ResNet._convolution(num_filter=f, stride=(2, 2)),
                ResNet._convolution(num_filter=f),
            )
            + ResNet._convolution(num_filter=f, kernel=(1, 1), stride=(2, 2), pad=(0, 0))
        )


def unpack_batch(batch):
    return batch.data[0].asnumpy(), batch.label[0].asnumpy()


def test_a_program_with_a_model_of_modules_and_an_updater():
    numpy.random.seed(0)
    train_data_iter, val_data_iter = iterators()
    model = ResNet((8, 8))
    updater = Updater(model, update_rule="sgd_momentum", learning_rate=0.1, momentum=0.9)

    iteration_number = 0
    losses = []
    for _ in range(4):
        train_data_iter.reset()
        for batch in train_data_iter:
            iteration_number += 1
            if iteration_number in (20, 28):
                updater.learning_rate = updater.learning_rate * 0.1

            data, labels = unpack_batch(batch)
            grad_dict, loss = model.grad_and_loss(data, labels)
            updater(grad_dict)
            losses.append(loss)

    val_data_iter.reset()
    errors, samples = 0, 0
    for batch in val_data_iter:
        data, labels = unpack_batch(batch)
        scores = model.forward(data, "inference")
        predictions = np.argmax(scores, axis=1)
        errors += np.count_nonzero(predictions - labels)
        samples += len(data)

    assert samples == 40
    assert errors / float(samples) < 0.1
    assert updater.learning_rate == pytest.approx(0.001)
    assert "%f" % losses[-1] < "%f" % losses[0]  # noqa: UP031
