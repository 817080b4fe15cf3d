"""Policy gradient: a network learns to balance a pole on a cart by trying.

The cart is pushed left or right fifty times a second.  It fails when the pole leans by more than 12
degrees or the cart leaves the track; each step before counts one, up to 500.  The physics and its
constants are those of Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve
difficult learning control problems" (1983); the learning rule is REINFORCE, of Williams, "Simple
statistical gradient-following algorithms" (1992).

    python examples/policy_gradient.py --picture build/cartpole.png
"""

import math
import time

from command import at_least, options_of, save

import minpy
import minpy.numpy as np
from minpy.nn import layers, optim
from minpy.nn.functional import log_softmax

GRAVITY = 9.8  # metres per second squared
CART, POLE = 1.0, 0.1  # kilograms
HALF_LENGTH = 0.5  # of the pole, in metres
FORCE = 10.0  # of a push, in newtons
STEP = 0.02  # seconds
TRACK = 2.4  # metres to each side
LEAN = math.radians(12)
LONGEST = 500  # steps of an episode


class CartPoles:
    """Many carts at once; `state` is (carts, 4): place, velocity, angle, angular velocity."""

    def __init__(self, carts, rng):
        self.state = rng.uniform(-0.05, 0.05, (carts, 4))

    def push(self, right):
        """Push each cart, to the right where `right` is 1, and return who is still balanced."""
        place, velocity, angle, turning = self.state.T
        force = FORCE * (2 * right - 1)
        mass = CART + POLE
        thrust = (force + POLE * HALF_LENGTH * turning**2 * np.sin(angle)) / mass
        leverage = HALF_LENGTH * (4 / 3 - POLE * np.cos(angle) ** 2 / mass)
        turning_faster = (GRAVITY * np.sin(angle) - np.cos(angle) * thrust) / leverage
        faster = thrust - POLE * HALF_LENGTH * turning_faster * np.cos(angle) / mass
        self.state = np.stack(
            [
                place + STEP * velocity,
                velocity + STEP * faster,
                angle + STEP * turning,
                turning + STEP * turning_faster,
            ],
            axis=1,
        )
        return (abs(self.state[:, 0]) <= TRACK) & (abs(self.state[:, 2]) <= LEAN)


def new_params(hidden, rng):
    """Return the weights of a network with one hidden layer."""
    return {
        "w1": rng.normal(0, 1, (4, hidden)),
        "b1": np.zeros(hidden),
        "w2": rng.normal(0, 0.1, (hidden, 2)),
        "b2": np.zeros(2),
    }


def scores(params, states):
    """Return a score for a push to the left and one to the right, shape (N, 2)."""
    hidden = layers.tanh(layers.affine(states, params["w1"], params["b1"]))
    return layers.affine(hidden, params["w2"], params["b2"])


def episodes(params, carts, rng):
    """Let carts run until all have failed; return states (T, N, 4), pushes and who ran (T, N)."""
    world = CartPoles(carts, rng)
    running = np.ones(carts, bool)
    states, pushes, ran = [], [], []
    for _ in range(LONGEST):
        states.append(world.state)
        s = scores(params, world.state)
        right = (rng.random(carts) < 1 / (1 + np.exp(s[:, 0] - s[:, 1]))).astype(int)
        pushes.append(right)
        ran.append(running)
        running = running & world.push(right)
        if not running.any():
            break
    return np.stack(states), np.stack(pushes), np.stack(ran)


def advantages(ran, discount):
    """Return how much better than usual it went from each step on, shape (T, N).

    The reward to come, discounted, less its mean over the carts at the same step, and scaled.
    """
    rewards = ran.astype(float)
    to_come = np.zeros_like(rewards)
    after = np.zeros(rewards.shape[1])
    for t in range(len(rewards) - 1, -1, -1):
        after = rewards[t] + discount * after
        to_come[t] = after
    usual = to_come.mean(axis=1, keepdims=True)
    better = (to_come - usual) * rewards
    return better / (better.std() + 1e-8)


def loss(params, states, pushes, weights):
    """Return what has the policy's gradient: weighted log-probabilities of what was done."""
    log_p = log_softmax(scores(params, states))
    return -(log_p[np.arange(len(pushes)), pushes] * weights).mean()


def learn(options, rng):
    """Return the parameters and the mean length of each batch of episodes."""
    params = new_params(options.hidden, rng)
    configs = {name: {"learning_rate": options.rate} for name in params}
    gradient = minpy.grad(loss)
    lengths = []
    started = time.perf_counter()
    for step in range(1, (options.steps or options.epochs) + 1):
        states, pushes, ran = episodes(params, options.batch, rng)
        weights = advantages(ran, options.discount)
        grads = gradient(params, states[ran], pushes[ran], weights[ran])
        for name, g in grads.items():
            params[name], configs[name] = optim.adam(params[name], g, configs[name])
        lengths.append(ran.sum(axis=0).mean().item())
        if step % 10 == 0 or step == 1:
            seconds = time.perf_counter() - started
            print(f"step {step:3}  mean length {lengths[-1]:5.1f}  {seconds:5.1f} s", flush=True)
        if np.mean(lengths[-5:]) >= options.enough:
            break
    return params, lengths


def main(arguments=None):
    """Run the example."""
    more = [
        ("--hidden", {"type": at_least(1), "default": 32, "help": "hidden units"}),
        ("--discount", {"type": float, "default": 0.99, "help": "of rewards, for each step"}),
        ("--enough", {"type": float, "default": 490.0, "help": "mean length to stop at"}),
    ]
    options = options_of(__doc__, arguments, more, epochs=100, batch=24, rate=1e-2)
    rng = np.random.default_rng(options.seed)
    params, lengths = learn(options, rng)
    _, _, ran = episodes(params, 100, rng)
    print(f"mean length of 100 new episodes: {ran.sum(axis=0).mean():.1f} of {LONGEST}")
    save(lambda: picture(params, lengths, rng), options.picture)


def picture(params, lengths, rng):
    """Draw how long episodes became, and one of them."""
    from matplotlib.figure import Figure

    states, _, ran = episodes(params, 1, rng)
    path = states[:, 0][ran[:, 0]]
    seconds = STEP * np.arange(len(path))
    figure = Figure(figsize=(10, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(range(1, len(lengths) + 1), lengths, color="#4477aa")
    left.set(title="learning", xlabel="step", ylabel="mean length of an episode")
    right.plot(seconds, path[:, 0], color="#4477aa", label="place of the cart (m)")
    right.plot(seconds, path[:, 2], "--", color="#ee6677", label="angle of the pole (rad)")
    right.set(title="one episode afterwards", xlabel="seconds")
    right.legend()
    return figure


if __name__ == "__main__":
    main()
