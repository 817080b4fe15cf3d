"""A GAN: one network draws points, another tells them from real ones, and both learn.

The real points lie on a ring.  The critic learns to tell real points from drawn ones, and the
generator learns to draw points that the critic takes for real (I. Goodfellow et al., "Generative
adversarial nets", 2014).  Two networks in one loop are two models, each with an updater, and
``model.value_and_grad(f)`` asks for the gradients of one of them, whatever else `f` calls.

    python examples/gan.py --picture build/gan.png
"""

from command import at_least, options_of, save

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import FullyConnected, LeakyReLU, ReLU
from minpy.nn.updater import Updater

NOISE = 8  # numbers from which a point is drawn


def ring(count, rng):
    """Return real points, (count, 2): at a distance of about 1 from the middle."""
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = 1 + 0.05 * rng.standard_normal(count)
    return (radius * np.array([np.cos(angle), np.sin(angle)])).T.astype("float32")


def networks(hidden):
    """Return the generator and the critic."""
    generator = Sequential(
        FullyConnected(hidden), ReLU(), FullyConnected(hidden), ReLU(), FullyConnected(2)
    )
    critic = Sequential(
        FullyConnected(hidden), LeakyReLU(0.2), FullyConnected(hidden), LeakyReLU(0.2),
        FullyConnected(1),
    )  # fmt: skip
    return Model(generator, input_shape=(NOISE,)), Model(critic, input_shape=(2,))


def learn(options, rng):
    """Train both, in turns; return them and their losses."""
    generator, critic = networks(options.hidden)

    def looks(points, real):
        """Return how far the critic is from saying that points are real, or that they are not."""
        score = critic.forward(points)
        return layers.bce_with_logits(score, np.full(score.shape, float(real)))

    judge = critic.value_and_grad(lambda real, drawn: looks(real, True) + looks(drawn, False))
    fool = generator.value_and_grad(lambda noise: looks(generator.forward(noise), True))
    rate = {"learning_rate": options.rate, "beta1": 0.5}
    update_generator = Updater(generator, "adam", **rate)
    update_critic = Updater(critic, "adam", **rate)

    losses = []
    for step in range(1, (options.steps or 100 * options.epochs) + 1):
        noise = rng.standard_normal((2, options.batch, NOISE)).astype("float32")
        drawn = generator.forward(noise[0])
        judged, gradients = judge(critic.params, ring(options.batch, rng), drawn)
        update_critic(gradients)
        fooled, gradients = fool(generator.params, noise[1])
        update_generator(gradients)
        losses.append((judged.item(), fooled.item()))
        if step % 200 == 0:
            print(f"step {step:5}  critic {losses[-1][0]:.3f}  generator {losses[-1][1]:.3f}")
    return generator, losses


def main(arguments=None):
    """Run the example."""
    more = [("--hidden", {"type": at_least(1), "default": 64, "help": "hidden units"})]
    options = options_of(__doc__, arguments, more, epochs=20, batch=128, rate=1e-3)
    rng = np.random.default_rng(options.seed)
    generator, losses = learn(options, rng)
    points = generator.forward(rng.standard_normal((500, NOISE)).astype("float32"))
    distance = np.sqrt((points**2).sum(axis=1))
    print(f"distance from the middle: {distance.mean():.2f} +- {distance.std():.2f}")
    print("of real points:           1.00 +- 0.05")
    save(lambda: picture(points, losses, rng), options.picture)


def picture(points, losses, rng):
    """Draw real points and drawn ones, and the losses."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.scatter(*ring(500, rng).T, s=4, color="#bbbbbb", label="real")
    left.scatter(*points.asnumpy().T, s=4, color="#4477aa", label="drawn")
    left.set(title="points", aspect="equal")
    left.legend()
    for name, values, color in zip(("critic", "generator"), zip(*losses), ("#ee6677", "#4477aa")):
        right.plot(values, color=color, label=name)
    right.set(title="losses", xlabel="step")
    right.legend()
    return figure


if __name__ == "__main__":
    main()
