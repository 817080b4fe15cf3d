"""`ModelBase`: parameters by name, gradients by name, and files."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn.model import ModelBase
from minpy.nn.parameters import ParameterFileError

from .networks import Line, TwoLayers, values


def test_parameters_are_added_in_a_chain_or_a_dict():
    chained = ModelBase().add_param("w", (2, 3)).add_param(name="b", shape=3, init_rule="constant")
    at_once = ModelBase().add_params({"w": (2, 3), "b": {"shape": (3,), "init_rule": "constant"}})
    assert chained.param_configs == at_once.param_configs
    assert chained.param_configs["b"] == {"shape": (3,), "init_rule": "constant"}
    assert chained.params == {}


def test_a_name_is_given_once():
    model = ModelBase().add_param("w", (2,)).add_aux_param("mean", None)
    with pytest.raises(ValueError, match="there is a parameter 'w' already"):
        model.add_param("w", (3,))
    with pytest.raises(ValueError, match="there is an auxiliary parameter 'mean' already"):
        model.add_aux_param("mean", np.zeros(1))


def test_an_unknown_option_of_a_parameter_is_refused():
    message = "the parameter w has no option init_rul; did you mean init_rule"
    with pytest.raises(TypeError, match=message):
        ModelBase().add_param("w", (2,), init_rul="xavier")


def test_each_parameter_is_initialised_by_its_own_rule_or_the_models():
    model = ModelBase()
    model.add_param("a", (2, 2), init_rule="constant", init_config={"value": 2.0})
    model.add_param("b", (2, 2)).add_param(
        "c", (3,), init_rule=lambda shape, config: np.ones(shape)
    )
    model.init_params("constant", {"value": 5.0})
    assert [model.params[name].sum().item() for name in "abc"] == [8.0, 20.0, 3.0]
    assert model.params["b"].dtype == minpy.get_default_dtype()


def test_auxiliary_parameters_start_anew_with_the_others():
    model = ModelBase().add_aux_param("mean", np.zeros(2)).add_aux_param("var", None)
    model.aux_params["mean"] += 1
    model.aux_params["var"] = np.ones(2)
    model.init_params()
    assert model.aux_params["mean"].tolist() == [0, 0]
    assert model.aux_params["var"] is None


def test_gradients_come_by_name_and_as_by_hand():
    model = Line()
    model.init_params()
    x, y = np.ones((4, 3)), np.zeros((4, 1))
    value, gradients = model.value_and_grad(lambda x: model.loss(model.forward(x, "train"), y))(
        model.params, x
    )
    out = x @ model.params["w"] + model.params["b"]
    onp.testing.assert_allclose(value.asnumpy(), (out**2).mean().asnumpy())
    onp.testing.assert_allclose(gradients["w"].asnumpy(), (2 / 4 * x.T @ out).asnumpy(), rtol=1e-5)
    assert gradients.keys() == {"w", "b"}
    assert not minpy.is_recorded(model.params["w"])


def test_a_dict_that_was_kept_elsewhere_is_recorded_too():
    model = ModelBase().add_param("w", (2,), init_rule="constant", init_config={"value": 3.0})
    model.init_params()
    kept = model.params
    _, gradients = model.value_and_grad(lambda: np.sum(kept["w"] ** 2))(model.params)
    assert gradients["w"].tolist() == [6.0, 6.0]


@pytest.mark.parametrize("method", ["forward", "loss"])
def test_what_a_model_lacks_is_named(method):
    with pytest.raises(NotImplementedError, match=f"ModelBase needs a method {method}\\(self"):
        getattr(ModelBase(), method)(None, "train")


def test_the_summary_lists_shapes_and_counts():
    text = str(TwoLayers(inputs=1000, hidden=20).summary())
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["w1", "(1000,", "20)", "20,000"],
        ["b1", "(20,)", "20"],
        ["w2", "(20,", "2)", "40"],
        ["b2", "(2,)", "2"],
        ["---------", "----------", "------"],
        ["all", "20,062"],
    ]


# ---------------------------------------------------------------------------- files


def initialised(**sizes):
    model = TwoLayers(**sizes)
    model.init_params()
    return model


@pytest.mark.parametrize("ending", ["", ".npz", ".h5"])
def test_parameters_go_to_a_file_and_come_back(tmp_path, ending):
    if ending == ".h5":
        pytest.importorskip("h5py", reason="needs h5py")
    model = initialised().add_aux_param("mean", np.arange(3.0)).add_aux_param("var", None)
    name = model.save(tmp_path / f"net{ending}")
    assert name == str(tmp_path / f"net{ending or '.npz'}")
    other = initialised()
    assert values(other.params) != values(model.params)
    assert other.load(tmp_path / f"net{ending}") is other
    assert values(other.params) == values(model.params)
    assert other.aux_params["mean"].tolist() == [0, 1, 2]


def test_what_is_loaded_can_be_trained_although_nothing_was_initialised(tmp_path):
    model = initialised()
    model.save(tmp_path / "net")
    assert values(TwoLayers().load(tmp_path / "net").params) == values(model.params)


def test_another_model_is_refused_and_stays_as_it_was(tmp_path):
    initialised().save(tmp_path / "net")
    other = initialised(hidden=9).add_param("w3", (2, 2))
    before = values(other.params)
    with pytest.raises(ValueError) as caught:
        other.load(tmp_path / "net")
    message = str(caught.value)
    assert "net.npz do not fit TwoLayers: w3 is missing; w1 has shape (4, 8)" in message
    assert "the model's has (4, 9)" in message
    assert values(other.params) == before
    with pytest.raises(ValueError, match="w2 is not the model's"):
        ModelBase().add_param("w1", (4, 8)).load(tmp_path / "net")


def test_a_file_of_something_else_is_refused(tmp_path):
    from minpy.nn import parameters

    parameters.save(tmp_path / "x.npz", [1, 2])
    with pytest.raises(ParameterFileError, match=r"x\.npz holds no parameters of a model"):
        initialised().load(tmp_path / "x")


def test_a_file_of_the_minpy_of_2017_is_read(tmp_path):
    h5py = pytest.importorskip("h5py", reason="needs h5py")
    model = initialised().add_aux_param("mean", np.zeros(2))
    with h5py.File(tmp_path / "net.params", "w") as file:
        for name, x in model.params.items():
            file.create_dataset(f"param_{name}", data=x.asnumpy() + 1)
        file.create_dataset("aux_param_mean", data=onp.array([5.0, 6.0]))
    other = initialised().load(tmp_path / "net")
    for name, x in model.params.items():
        onp.testing.assert_array_equal(other.params[name].asnumpy(), x.asnumpy() + 1)
    assert other.aux_params["mean"].tolist() == [5, 6]
