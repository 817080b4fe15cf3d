"""Actor and critic: one network acts, another predicts what comes of it.

It is `policy_gradient.py` with a second network.  The critic predicts the sum of the rewards to
come from each state, and the actor learns by how much an action turned out better than that, which
says more than the rewards alone (V. Konda and J. Tsitsiklis, "Actor-critic algorithms", 1999).
Each of the two has its loss, its gradients and its updater, and takes what the other one says as
plain numbers.

    python examples/actor_critic.py --picture build/actor_critic.png
"""

from command import at_least, options_of, save
from policy_gradient import LONGEST, CartPoles

import minpy.numpy as np
from minpy.nn import layers
from minpy.nn.functional import log_softmax, softmax
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import FullyConnected, Tanh
from minpy.nn.updater import Updater

SCALE = np.array([1.0, 0.3, 0.1, 0.3])  # what is usual of a state's four numbers


def network(hidden, outputs):
    """Return a network for states of a cart."""
    return Model(
        Sequential(FullyConnected(hidden), Tanh(), FullyConnected(outputs)), input_shape=(4,)
    )


def episodes(actor, count, rng):
    """Let carts run; return states (T, N, 4), pushes (T, N), and who was still running (T, N)."""
    carts = CartPoles(count, rng)
    running = np.ones(count, dtype=bool)
    states, pushes, ran = [], [], []
    while running.any() and len(ran) < LONGEST:
        state = (carts.state / SCALE).astype("float32")
        right = rng.random(count) < softmax(actor.forward(state))[:, 1]
        states.append(state)
        pushes.append(right.astype(int))
        ran.append(running)
        running = running & carts.push(right)
    return np.stack(states), np.stack(pushes), np.stack(ran)


def returns(ran, discount):
    """Return the discounted sum of the rewards from each step on, (T, N)."""
    total, sums = np.zeros(ran.shape[1]), []
    for alive in ran[::-1]:
        total = alive + discount * total
        sums.append(total)
    return np.stack(sums[::-1]).astype("float32")


def learn(options, rng):
    """Train both; return the actor and the mean length of episodes at each step."""
    actor, critic = network(options.hidden, 2), network(options.hidden, 1)

    def act(states, pushes, better):
        chosen = log_softmax(actor.forward(states))[np.arange(len(pushes)), pushes]
        return -np.mean(chosen * better)

    def predict(states, sums):
        return layers.huber_loss(critic.forward(states)[:, 0], sums)

    better_actor, better_critic = actor.value_and_grad(act), critic.value_and_grad(predict)
    update_actor = Updater(actor, "adam", learning_rate=options.rate)
    update_critic = Updater(critic, "adam", learning_rate=3 * options.rate)
    lengths = []
    for step in range(1, (options.steps or options.epochs) + 1):
        states, pushes, ran = episodes(actor, options.batch, rng)
        sums = returns(ran, options.discount)[ran] * (1 - options.discount)
        states, pushes = states[ran], pushes[ran]
        better = sums - critic.forward(states)[:, 0]
        update_actor(better_actor(actor.params, states, pushes, better / (better.std() + 1e-6))[1])
        for _ in range(5):
            update_critic(better_critic(critic.params, states, sums)[1])
        lengths.append(ran.sum(axis=0).mean().item())
        if step % 10 == 0:
            print(f"step {step:3}  mean length {lengths[-1]:5.1f}", flush=True)
    return actor, lengths


def main(arguments=None):
    """Run the example."""
    more = [
        ("--hidden", {"type": at_least(1), "default": 32, "help": "hidden units"}),
        ("--discount", {"type": float, "default": 0.98, "help": "of rewards, for each step"}),
    ]
    options = options_of(__doc__, arguments, more, epochs=60, batch=24, rate=1e-2)
    rng = np.random.default_rng(options.seed)
    actor, lengths = learn(options, rng)
    _, _, ran = episodes(actor, 100, rng)
    print(f"mean length of 100 new episodes: {ran.sum(axis=0).mean():.1f} of {LONGEST}")
    save(lambda: picture(lengths), options.picture)


def picture(lengths):
    """Draw how long episodes became."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(lengths) + 1), lengths, color="#4477aa")
    axes.set(title="learning", xlabel="step", ylabel="mean length of an episode")
    return figure


if __name__ == "__main__":
    main()
