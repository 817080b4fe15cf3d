"""First steps with minpy: write NumPy, get the gradients.

A ball that bounces, whose velocity and acceleration are derivatives of a function with a loop;
then a small neural network, written in NumPy, that learns to tell three spirals apart.  The
spirals and the network follow the case study of Stanford's CS231n notes,
https://cs231n.github.io/neural-networks-case-study/.

    python examples/first_steps.py --help
"""

import argparse
import sys
from pathlib import Path

import minpy
import minpy.numpy as np

GRAVITY = 9.81  # metres per second squared


# ----- 1. a function with a loop, and its derivatives


def height(t, speed=5.0):
    """Return the height of a ball, in metres, `t` seconds after it was thrown upwards."""
    while t > 2 * speed / GRAVITY:  # back on the floor: it leaves again, slower
        t = t - 2 * speed / GRAVITY
        speed = 0.8 * speed
    return speed * t - GRAVITY * t**2 / 2


def bounce():
    """Print where a ball is, and how fast, from one function and its derivatives."""
    velocity = minpy.grad(height)
    acceleration = minpy.grad(velocity)
    print("1. A ball that bounces: a Python function with a loop, and its derivatives\n")
    print("   time     height    velocity   acceleration")
    for t in [0.5, 1.0, 1.5, 2.0, 2.5]:
        print(
            f"   {t:.1f} s  {height(t):6.2f} m  {velocity(t):6.2f} m/s  {acceleration(t):8.2f} m/s²"
        )


# ----- 2. a network


def spirals(rng, points, arms=3):
    """Return points on spirals, shape (points * arms, 2), and the arm of each."""
    radius = np.linspace(0.05, 1, points)
    xs = []
    for arm in range(arms):
        angle = 5.5 * radius + 2 * np.pi * arm / arms + rng.normal(0, 0.25, points)
        xs.append(radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1))
    return np.concatenate(xs), np.repeat(np.arange(arms), points)


def new_params(rng, hidden, classes=3):
    """Return the weights and biases of a network with one hidden layer."""
    return {
        "W1": rng.normal(0, 1, (2, hidden)),
        "b1": np.zeros(hidden),
        "W2": rng.normal(0, 1 / hidden**0.5, (hidden, classes)),
        "b2": np.zeros(classes),
    }


def scores(params, x):
    """Return the score of each class for each point, shape (N, classes)."""
    hidden = np.maximum(x @ params["W1"] + params["b1"], 0)
    return hidden @ params["W2"] + params["b2"]


def loss(params, x, y):
    """Return the mean softmax loss, plus a little weight decay."""
    s = scores(params, x)
    s -= s.max(axis=1, keepdims=True)  # in place, and the gradient is right
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    decay = (params["W1"] ** 2).sum() + (params["W2"] ** 2).sum()
    return -log_p[np.arange(len(y)), y].mean() + 1e-5 * decay


def accuracy(params, x, y):
    """Return the share of points that get the right class."""
    return float((scores(params, x).argmax(axis=1) == y).mean())


def train(params, x, y, steps, rate=0.3, momentum=0.9):
    """Change `params` in place by gradient descent with momentum; return the losses."""
    loss_and_grads = minpy.value_and_grad(loss)
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    losses = []
    for _ in progress(steps, losses):
        value, grads = loss_and_grads(params, x, y)
        losses.append(value.item())
        for name, grad in grads.items():
            velocity[name] = momentum * velocity[name] - rate * grad
            params[name] += velocity[name]
    return losses


def progress(steps, losses, width=30):
    """Count to `steps` and show how far it is: a bar in a terminal, a few lines in a file."""
    in_terminal = sys.stdout.isatty()
    shown = {round(steps * part / 5) for part in range(1, 6)}
    if in_terminal:
        shown = set(range(0, steps, max(1, steps // 200))) | {steps}
    for step in range(1, steps + 1):
        yield step
        if step in shown:
            bar = "#" * (width * step // steps)
            line = f"   [{bar:.<{width}}] step {step:>{len(str(steps))}}  loss {losses[-1]:.3f}"
            print(line, end="\r" if in_terminal and step < steps else "\n", flush=True)


def learn(rng, points, hidden, steps):
    """Train the network, and print how it goes; return all that the picture shows."""
    x, y = spirals(rng, points)
    x_test, y_test = spirals(rng, points)
    params = new_params(rng, hidden)

    print("\n2. A network for three spirals: is its gradient right?\n")
    few = slice(None, None, max(1, len(y) // 30))

    def loss_of_few(*weights):
        return loss(dict(zip(params, weights)), x[few], y[few])

    report = minpy.gradcheck(loss_of_few, *params.values())
    print("   " + str(report).replace("\n", "\n   "))

    size = sum(value.size for value in params.values())
    print(f"\n3. Training: {size} parameters, {len(y)} points, {steps} steps\n")
    losses = train(params, x, y, steps)
    print(f"\n   accuracy on the points it learnt from   {accuracy(params, x, y):6.1%}")
    print(f"   accuracy on points it never saw         {accuracy(params, x_test, y_test):6.1%}")
    return params, x, y, losses


# ----- 3. the picture


def draw(path, params, x, y, losses):
    """Save what was computed as one picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    colours = ["#4477aa", "#ee6677", "#228833"]
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")

    times = np.linspace(0, 3, 400)
    left.plot(times, [height(t) for t in times], color=colours[0], label="height (m)")
    velocity = [minpy.grad(height)(t) for t in times]
    left.plot(times, velocity, ".", markersize=2, color=colours[1], label="velocity (m/s)")
    left.axhline(0, color="grey", linewidth=0.7)
    left.set(title="A function with a loop, and its derivative", xlabel="time (s)")
    left.legend(loc="upper right", markerscale=4)

    middle.plot(losses, color=colours[0])
    middle.set(title="Training a network", xlabel="step", ylabel="loss", yscale="log")

    side = np.linspace(-1.25, 1.25, 300)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    best = scores(params, grid.reshape(-1, 2)).argmax(axis=1).reshape(300, 300)
    right.contourf(side, side, best, levels=[-0.5, 0.5, 1.5, 2.5], colors=colours, alpha=0.25)
    for arm, colour in enumerate(colours):
        right.scatter(*x[y == arm].T, s=12, color=colour, edgecolor="white", linewidth=0.4)
    right.set(title="What it has learnt", aspect="equal", xticks=[], yticks=[])
    for axes in (left, middle, right):
        axes.title.set_fontsize("medium")

    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path, dpi=100)
    plt.close(fig)


def main(arguments=None):
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--picture",
        type=Path,
        default=Path("build/first_steps.png"),
        metavar="FILE",
        help="where to save the picture (default: %(default)s)",
    )
    parser.add_argument("--points", type=int, default=150, help="on each spiral (%(default)s)")
    parser.add_argument("--hidden", type=int, default=100, help="hidden units (%(default)s)")
    parser.add_argument("--steps", type=int, default=1500, help="of training (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers (%(default)s)")
    options = parser.parse_args(arguments)
    for name in ("points", "hidden", "steps"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, but is {getattr(options, name)}")

    rng = np.random.default_rng(options.seed)
    bounce()
    learnt = learn(rng, options.points, options.hidden, options.steps)
    print()
    try:
        draw(options.picture, *learnt)
    except ModuleNotFoundError as error:
        print(f"No picture: it needs {error.name}, which is not installed.")
    else:
        print(f"The picture is in {options.picture}.")
    print("Next: `make lab` opens the notebooks; begin with 01_numpy_under_minpy.ipynb.")


if __name__ == "__main__":
    main()
