"""One solution for each exercise of the notebooks: the exercise's cell id, and the code for it."""

SOLUTIONS = {
    "01_numpy_under_minpy": {
        "exercise-chessboard-code": """
def chessboard(n):
    return (np.arange(n)[:, None] + np.arange(n)) % 2
""",
        "exercise-standard-scores-code": """
def standard_scores(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)
""",
        "exercise-one-hot-code": """
def one_hot(labels, classes):
    out = np.zeros((len(labels), classes))
    out[np.arange(len(labels)), labels] = 1
    return out
""",
        "exercise-edges-code": """
def edges(image):
    corner = image[:-1, :-1]
    return np.abs(image[:-1, 1:] - corner) + np.abs(image[1:, :-1] - corner)
""",
    },
    "02_automatic_gradients": {
        "exercise-heron-code": """
def heron(x):
    guess = x
    for _ in range(20):
        guess = (guess + x / guess) / 2
    return guess
""",
        "exercise-numeric-gradient-code": """
def numeric_gradient(f, x, h=1e-5):
    x = x.copy()
    out = np.zeros_like(x)
    for i in range(len(x)):
        kept = x[i].copy()
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        out[i] = (above - f(x)) / (2 * h)
        x[i] = kept
    return out
""",
        "exercise-momentum-code": """
def momentum(steps, rate=0.002):
    x, u = start, np.zeros(2)
    for _ in range(steps):
        u = 0.9 * u - rate * slope(x)
        x = x + u
    return x
""",
        "exercise-straight-through-round-code": """
def straight_through_round(x):
    return x + (np.round(x) - x).detach()
""",
    },
    "03_backends": {
        "exercise-operations-code": """
def operations(program):
    np.policy.reset_op_stat()
    program()
    return sum(np.policy.op_stat().ran.values())
""",
        "exercise-best-device-code": """
def best_device():
    try:
        with gpu(0):
            return gpu(0)
    except minpy.DeviceError:
        return cpu(0)
""",
        "exercise-disagreement-code": """
def disagreement(program, policies):
    results = []
    for policy in policies:
        with minpy.use_policy(policy):
            results.append(program().asnumpy())
    return max(abs(result - results[0]).max() for result in results)
""",
        "exercise-sharpened-code": """
def sharpened(picture):
    f = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    return conv2d(picture[None, None], f[None, None], padding="same")[0, 0]
""",
    },
    "04_symbols": {
        "exercise-how-many-code": """
def how_many(function, input_shapes):
    shapes = [config["shape"] for config in function.get_params(input_shapes).values()]
    return sum(numpy.prod(shape) for shape in shapes)
""",
        "exercise-swish-code": """
def swish():
    x = mx.sym.Variable("x")
    return minpy.Function(x * mx.sym.sigmoid(x))
""",
        "exercise-last-state-code": """
def last_state(step, numbers):
    h = np.zeros((1, 1))
    for number in numbers:
        h = step(x=np.full((1, 1), number), h=h)
    return h[0, 0]
""",
        "exercise-saliency-code": """
def saliency(scores_of, pictures):
    return np.abs(minpy.grad(lambda x: np.sum(np.max(scores_of(x), axis=1)))(pictures))
""",
    },
    "05_train_a_net": {
        "exercise-top-k-code": """
def top_k(scores, labels, k):
    best = np.argsort(scores, axis=1)[:, -k:]
    return (best == labels[:, None]).any(axis=1).mean()
""",
        "exercise-best-guess-code": """
def best_guess(labels, classes):
    shares = numpy.bincount(labels, minlength=classes) / len(labels)
    shares = shares[shares > 0]
    return -(shares * numpy.log(shares)).sum()
""",
        "exercise-momentum-code": """
def momentum(w, dw, config):
    velocity = 0.9 * config.get("velocity", 0) - config["learning_rate"] * dw
    return w + velocity, {**config, "velocity": velocity}
""",
        "exercise-dropout-code": """
def dropout(x, p, u):
    return x * (u >= p) / (1 - p)
""",
    },
    "06_recurrent_nets": {
        "exercise-gru-code": """
def gru_step(x, h, Wx, Wh, b, Wxh, Whh, bh):
    r, z = np.split(sigmoid(x @ Wx + h @ Wh + b), 2, axis=1)
    candidate = np.tanh(x @ Wxh + (r * h) @ Whh + bh)
    return z * h + (1 - z) * candidate
""",
        "exercise-clip-code": """
def clip(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
    scale = min(1, limit / norm)
    return {name: scale * g for name, g in gradients.items()}
""",
        "exercise-ends-code": """
def ends(states, lengths):
    return states[np.arange(len(lengths)), lengths - 1]
""",
        "exercise-half-life-code": """
def half_life(bias):
    return np.log(0.5) / np.log(sigmoid(bias))
""",
    },
}
