"""The classic models in examples/ run, learn, and compute what they say."""

import re

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

ON_IMAGES = ["mlp", "cnn", "resnet", "rnn"]
OTHERS = ["lstm", "gru", "policy_gradient", "gan", "distillation", "actor_critic"]
SMALL = {
    "lstm": ["--samples", "60", "--length", "6", "--hidden", "4"],
    "gru": ["--letters", "1000", "--hidden", "8", "--length", "20"],
    "policy_gradient": ["--batch", "3", "--hidden", "4"],
    "gan": ["--batch", "8", "--hidden", "4"],
    "distillation": ["--hidden", "8"],
    "actor_critic": ["--batch", "3", "--hidden", "4"],
}


def accuracy(text):
    return float(re.search(r"test accuracy ([\d.]+)%", text)[1])


@pytest.mark.parametrize("name", ON_IMAGES + OTHERS)
def test_a_few_steps(name, example, capsys, tmp_path):
    if name in [*ON_IMAGES, "distillation"]:
        pytest.importorskip("sklearn", reason="scikit-learn brings the digits")
    pytest.importorskip("matplotlib", reason="the picture needs it")
    picture = tmp_path / "new" / "picture.png"
    example(name).main([*SMALL.get(name, []), "--steps", "3", "--picture", str(picture)])
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in capsys.readouterr().out


@pytest.mark.parametrize("name", ON_IMAGES + OTHERS)
def test_help_names_every_option(name, example, capsys):
    with pytest.raises(SystemExit) as ended:
        example(name).main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for option in ("--epochs", "--steps", "--seed", "--picture"):
        assert option in text


@pytest.mark.parametrize("name", ["mlp", "policy_gradient"])
def test_as_a_user_runs_it(name, run_example):
    if name == "mlp":
        pytest.importorskip("sklearn", reason="scikit-learn brings the digits")
        assert accuracy(run_example(name, "--epochs", "3")) > 85
    else:
        assert "of 500" in run_example(name, "--steps", "2", "--batch", "2")


def test_wrong_options_are_refused(example, capsys):
    for arguments, message in {
        ("--epochs", "0"): "must be at least 1, but is 0",
        ("--batch", "many"): "invalid whole number value: 'many'",
    }.items():
        with pytest.raises(SystemExit):
            example("mlp").main(list(arguments))
        assert message in capsys.readouterr().err


def test_a_seed_gives_the_same_again(example, capsys):
    main = example("lstm").main
    results = []
    for seed in ("1", "1", "2"):
        main([*SMALL["lstm"], "--steps", "5", "--seed", seed])
        results.append(re.search(r"mean squared error ([\d.]+)", capsys.readouterr().out)[1])
    assert results[0] == results[1] != results[2]


def test_without_matplotlib_it_says_so(example, capsys, tmp_path):
    def draw():
        raise ModuleNotFoundError("minpy.plotting draws with Matplotlib")

    example("command").save(draw, tmp_path / "picture.png")
    assert "No picture: minpy.plotting draws with Matplotlib" in capsys.readouterr().out


# ----- models


@pytest.mark.parametrize("name, least", [("cnn", 90), ("resnet", 90), ("rnn", 90)])
def test_it_learns_digits(name, least, example, capsys):
    pytest.importorskip("sklearn", reason="scikit-learn brings the digits")
    example(name).main(["--epochs", "4"])
    assert accuracy(capsys.readouterr().out) > least


def test_an_mlp_is_its_formula(example):
    model = example("mlp").MLP(3, [4], 2)
    model.init_params("gaussian", {"stdvar": 1.0})
    x = onp.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    w0, b0, w1, b1 = (model.params[name].asnumpy() for name in ("w0", "b0", "w1", "b1"))
    expected = onp.maximum(x @ w0 + b0, 0) @ w1 + b1
    onp.testing.assert_allclose(model.forward(np.array(x), "test").asnumpy(), expected, rtol=1e-5)


def test_a_residual_network_has_the_blocks_it_is_asked_for(example):
    resnet = example("resnet")
    network = resnet.network(blocks=2, filters=4, classes=3)
    assert network(np.zeros((2, 3, 16, 16), np.float32)).shape == (2, 3)
    sums = [module for module in network.walk() if type(module).__name__ == "Add"]
    assert len(sums) == 6


def test_a_residual_block_of_zeros_passes_its_input_on(example):
    block = example("resnet").block(3)
    x = np.abs(np.random.randn(2, 3, 4, 4)).astype(np.float32)
    block(x)  # finds out the shapes
    for module in block.walk():
        if type(module).__name__ == "BatchNorm":
            module.param("gamma")[:] = 0
    onp.testing.assert_allclose(block(x).asnumpy(), x.asnumpy())


def test_rows_are_read_one_after_another(example):
    model = example("rnn").RowReader(row=4, hidden=3, classes=2)
    model.init_params("gaussian", {"stdvar": 0.5})
    images = onp.random.default_rng(0).normal(size=(2, 1, 5, 4)).astype("float32")
    p = {name: value.asnumpy() for name, value in model.params.items()}
    h = onp.zeros((2, 3), "float32")
    for t in range(5):
        h = onp.tanh(images[:, 0, t] @ p["Wx"] + h @ p["Wh"] + p["b"])
    got = model.forward(np.array(images), "test")
    onp.testing.assert_allclose(got.asnumpy(), h @ p["w"] + p["c"], rtol=1e-5)


def test_the_adding_problem(example):
    x, y = example("lstm").adding_problem(50, 11, onp.random.default_rng(0))
    marks = x[:, :, 1].asnumpy()
    assert set(onp.unique(marks)) == {0, 1}
    assert (marks[:, :5].sum(axis=1) == 1).all() and (marks[:, 5:].sum(axis=1) == 1).all()
    expected = [sum(row[row[:, 1] == 1, 0]) for row in x.asnumpy()]
    onp.testing.assert_allclose(y.asnumpy()[:, 0], expected, rtol=1e-6)
    assert ((y - 1) ** 2).mean().item() == pytest.approx(1 / 6, rel=0.5)


def test_what_follows_a_letter(example):
    gru = example("gru")
    x, y = gru.pieces(onp.arange(10), 3)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert y.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    with pytest.raises(SystemExit, match="the text has 3 letters, but a piece needs 4"):
        gru.pieces(onp.arange(3), 3)


def test_a_writer_writes_what_it_expects(example):
    model = example("gru").Writer(letters=3, hidden=4)
    model.init_params("constant", {"value": 0.0})
    model.params["c"] = np.array([0.0, 50.0, 0.0])  # it always expects the letter 1
    rng = onp.random.default_rng(0)
    assert model.write([0, 2], 5, 1.0, rng) == [0, 2, 1, 1, 1, 1, 1]


# ----- the pole on the cart


def test_the_physics_is_that_of_the_equations(example):
    """The two equations of motion, solved as a linear system for both accelerations."""
    pg = example("policy_gradient")
    world = pg.CartPoles(8, onp.random.default_rng(0))
    before = onp.random.default_rng(1).normal(size=(8, 4))
    world.state = np.array(before)
    pushes = onp.array([0, 1] * 4)
    world.push(np.array(pushes))
    after = world.state.asnumpy()
    for (place, velocity, angle, turning), push, end in zip(before, pushes, after, strict=True):
        # (M + m) x'' + m l cos(a) a'' = F + m l a'^2 sin(a);  cos(a) x'' + 4/3 l a'' = g sin(a)
        ml = pg.POLE * pg.HALF_LENGTH
        left = [
            [pg.CART + pg.POLE, ml * onp.cos(angle)],
            [onp.cos(angle), 4 / 3 * pg.HALF_LENGTH],
        ]
        force = pg.FORCE if push else -pg.FORCE
        right = [force + ml * turning**2 * onp.sin(angle), pg.GRAVITY * onp.sin(angle)]
        faster, turning_faster = onp.linalg.solve(left, right)
        change = onp.array([velocity, faster, turning, turning_faster]) * 0.02
        onp.testing.assert_allclose(end, [place, velocity, angle, turning] + change, rtol=1e-9)


@pytest.mark.parametrize("place, angle, stands", [(0, 0, True), (2.5, 0, False), (0, 0.3, False)])
def test_when_it_has_failed(place, angle, stands, example):
    world = example("policy_gradient").CartPoles(1, onp.random.default_rng(0))
    world.state = np.array([[place, 0, angle, 0]])
    assert bool(world.push(np.array([1]))[0]) == stands


def test_advantages_are_discounted_and_compared(example):
    ran = onp.array([[1, 1], [1, 0], [1, 0]], bool)
    got = example("policy_gradient").advantages(np.array(ran), 0.5).asnumpy()
    raw = onp.array([[0.375, -0.375], [0.75, 0], [0.5, 0]])  # 1.75 and 1; 1.5 and 0; 1 and 0
    onp.testing.assert_allclose(got, raw / raw.std(), rtol=1e-6)


def test_the_policys_gradient(example):
    pg = example("policy_gradient")
    rng = onp.random.default_rng(0)
    states, pushes = rng.normal(size=(6, 4)), rng.integers(0, 2, 6)
    report = minpy.gradcheck(pg.loss, pg.new_params(3, rng), states, pushes, rng.normal(size=6))
    assert report, report


def test_it_learns_to_balance(example, capsys):
    pg = example("policy_gradient")
    options = ["--epochs", "25", "--enough", "150"]
    pg.main(options)
    text = capsys.readouterr().out
    first = float(re.search(r"step +1  mean length +([\d.]+)", text)[1])
    last = float(re.search(r"of 100 new episodes: ([\d.]+) of 500", text)[1])
    assert first < 40 and last > 100


# ----- what is reached


def test_digits_are_reached(example, capsys):
    pytest.importorskip("sklearn", reason="scikit-learn brings the digits")
    reach = example("reach")
    accuracy, _ = reach.reached(reach.ROWS["digits"], seed=0, verbose=False)
    assert accuracy >= reach.ROWS["digits"]["accuracy"]


def test_a_target_that_is_missed_is_said(example, capsys, monkeypatch):
    reach = example("reach")
    found = {"digits": (0.98, 1.0), "fashion": (0.5, 1.0), "cifar10-cnn": (0.9, 1000.0)}
    rows = {id(reach.ROWS[name]): result for name, result in found.items()}
    monkeypatch.setattr(reach, "reached", lambda row, seed, verbose: rows[id(row)])
    assert reach.main(["digits", "fashion", "cifar10-cnn"]) == 1
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.endswith("missed") for line in lines] == [False, True, True]
    assert reach.main(["digits"]) == 0
    with pytest.raises(SystemExit):
        reach.main(["digit"])
    assert "there is no row digit; rows are digits, fashion" in capsys.readouterr().err


def test_a_row_without_data_is_left_out_and_the_others_run(example, monkeypatch, capsys):
    reach = example("reach")

    def reached(row, seed, verbose):
        if row["data"] != "digits":
            raise SystemExit("Fashion-MNIST is not on this machine.")
        return 0.98, 3.0

    monkeypatch.setattr(reach, "reached", reached)
    assert reach.main(["fashion", "digits"]) == 0
    said = capsys.readouterr().out
    assert "fashion is left out: Fashion-MNIST is not on this machine." in said
    left_out, run = said.splitlines()[-2:]
    assert left_out.split()[:3] == ["fashion", "left", "out,"]
    assert run.split()[:2] == ["digits", "98.0%"]


# ---------------------------------------------------------------------------- two networks


def test_points_that_are_drawn_come_near_the_ring(example):
    gan = example("gan")
    options = gan.options_of(
        gan.__doc__, ["--steps", "150"], [("--hidden", {"default": 32})], batch=64, rate=3e-3
    )
    generator, losses = gan.learn(options, np.random.default_rng(0))
    noise = onp.random.default_rng(1).standard_normal((200, gan.NOISE)).astype("float32")
    distance = onp.sqrt((generator.forward(noise).asnumpy() ** 2).sum(axis=1))
    assert len(losses) == 150
    assert abs(distance.mean() - 1) < 0.4


def test_a_student_comes_near_its_teacher(example):
    distillation = example("distillation")
    net = distillation.Sequential(distillation.BatchFlatten(), distillation.FullyConnected(3))
    teacher = distillation.Model(net, input_shape=(4,))
    other = distillation.Sequential(distillation.BatchFlatten(), distillation.FullyConnected(3))
    student = distillation.Model(other, input_shape=(4,))
    x, y = drawn_images(), onp.zeros(16, int)
    loss = distillation.by_teacher(student, teacher, 2.0)
    before = {name: p.asnumpy().copy() for name, p in teacher.params.items()}
    value, gradients = student.value_and_grad(loss)(student.params, x, y)
    assert set(gradients) == set(student.params)
    student.set_params(teacher.params, teacher.aux_params)
    assert loss(x, y) < value
    for name, p in teacher.params.items():
        onp.testing.assert_array_equal(p.asnumpy(), before[name])


def drawn_images():
    return onp.random.default_rng(0).standard_normal((16, 4)).astype("float32")


def test_the_returns_of_an_episode(example):
    ran = onp.array([[True, True], [True, False], [True, False]])
    found = example("actor_critic").returns(ran, 0.5).asnumpy()
    onp.testing.assert_allclose(found[ran], [1.75, 1, 1.5, 1])
