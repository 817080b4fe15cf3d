"""Other ways to write the functions of svm: correct ones, and what students get wrong.

None of this is released. CORRECT has whole functions that were written without a look at the
solution. MISTAKES and FORBIDDEN are edits of the solution.
"""

from grading.variants import Mistake

CORRECT = {
    "svm_loss_naive": {
        "counted first": """
def svm_loss_naive(W, X, y, reg):
    N, C = len(X), W.shape[1]
    total, dW = 0.0, np.zeros(W.shape)
    for x, label in zip(X, y):
        s = W.T @ x
        count = 0
        for c in range(C):
            if c != label and s[c] - s[label] + 1 > 0:
                total += s[c] - s[label] + 1
                dW[:, c] += x / N
                count += 1
        dW[:, label] -= count * x / N
    return total / N + 0.5 * reg * (W**2).sum(), dW + reg * W
""",
        "every number by itself": """
def svm_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    N, D, C = len(X), W.shape[0], W.shape[1]
    for n in range(N):
        scores = [sum(X[n, d] * W[d, c] for d in range(D)) for c in range(C)]
        for c in range(C):
            margin = scores[c] - scores[y[n]] + 1
            if c == y[n] or margin <= 0:
                continue
            loss += margin / N
            for d in range(D):
                dW[d, c] += X[n, d] / N
                dW[d, y[n]] -= X[n, d] / N
    for d in range(D):
        for c in range(C):
            loss += reg / 2 * W[d, c] ** 2
            dW[d, c] += reg * W[d, c]
    return loss, dW
""",
        "without loops": """
def svm_loss_naive(W, X, y, reg):
    S = X @ W
    picked = np.eye(W.shape[1], dtype=bool)[y]
    M = np.where(picked, 0, S - S[picked][:, None] + 1).clip(0)
    G = np.sign(M)
    G = G - picked * G.sum(axis=1, keepdims=True)
    loss = M.sum(axis=1).mean() + reg * np.vdot(W, W) / 2
    return loss, np.einsum("nd,nc->dc", X, G) / len(y) + reg * W
""",
        "lists": """
def svm_loss_naive(W, X, y, reg):
    losses, columns = [], [[] for _ in range(W.shape[1])]
    for x, label in zip(X, y):
        scores = np.dot(x, W)
        for c, score in enumerate(scores):
            margin = max(0, score - scores[label] + 1)
            if c != label and margin:
                losses.append(margin)
                columns[c].append(x)
                columns[label].append(-x)
    nothing = np.zeros(len(W))
    dW = np.stack([sum(column, nothing) for column in columns], axis=1)
    return sum(losses) / len(X) + np.sum(reg * W**2) / 2, dW / len(X) + reg * W
""",
        "float32": """
def svm_loss_naive(W, X, y, reg):
    W, X = W.astype(np.float32), X.astype(np.float32)
    loss, dW = np.float32(0), np.zeros_like(W)
    for n in range(len(X)):
        s = X[n] @ W
        for c in range(len(s)):
            m = s[c] - s[y[n]] + 1
            if c != y[n] and m > 0:
                loss += m
                dW[:, c] += X[n]
                dW[:, y[n]] -= X[n]
    loss = np.float32(loss / len(X) + reg / 2 * (W * W).sum())
    return loss, dW / len(X) + np.float32(reg) * W
""",
    },
    "svm_loss_vectorized": {
        "one-hot": """
def svm_loss_vectorized(W, X, y, reg):
    true = np.eye(W.shape[1])[y]
    S = X.dot(W)
    M = np.maximum(0, S - (S * true).sum(1, keepdims=True) + 1 - true)
    on = (M > 0) * 1.0
    on -= true * on.sum(axis=1, keepdims=True)
    loss = M.sum() / len(X) + 0.5 * reg * (W**2).sum()
    return loss, X.T.dot(on) / len(X) + reg * W
""",
        "einsum": """
def svm_loss_vectorized(W, X, y, reg):
    n = np.arange(X.shape[0])
    S = np.einsum("nd,dc->nc", X, W)
    M = S - S[n, y].reshape(-1, 1) + 1
    M[n, y] = 0
    active = M > 0
    G = active.astype(float)
    np.subtract.at(G, (n, y), active.sum(axis=1))
    loss = np.einsum("nc,nc->", M, active) / len(n) + reg / 2 * np.einsum("dc,dc->", W, W)
    return loss, np.einsum("nd,nc->dc", X, G) / len(n) + reg * W
""",
        "minus one class": """
def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X @ W
    margins = np.maximum(0, scores - scores[range(N), y][:, np.newaxis] + 1)
    loss = (margins.sum() - N) / N + reg * np.sum(np.square(W)) / 2
    mask = np.where(margins > 0, 1.0, 0.0)
    mask[range(N), y] = 1.0 - np.sum(mask, axis=1)
    return loss, np.matmul(X.T, mask) / N + reg * W
""",
        "a loop over the classes": """
def svm_loss_vectorized(W, X, y, reg):
    rows, dW, total = np.arange(len(X)), reg * W, 0.0
    S = X @ W
    right = S[rows, y]
    counts = np.zeros(len(X))
    for c in range(W.shape[1]):
        margin = np.where(y == c, 0, S[:, c] - right + 1)
        active = margin > 0
        total += margin[active].sum()
        counts += active
        dW[:, c] += active.astype(X.dtype) @ X / len(X)
    for c in range(W.shape[1]):
        dW[:, c] -= (counts * (y == c)) @ X / len(X)
    return total / len(X) + reg / 2 * (W * W).sum(), dW
""",
        "take_along_axis": """
def svm_loss_vectorized(W, X, y, reg):
    scores = X @ W
    true = np.take_along_axis(scores, y[:, None], axis=1)
    other = np.ones_like(scores)
    np.put_along_axis(other, y[:, None], 0, axis=1)
    margins = (scores - true + 1) * other
    weights = np.heaviside(margins, 0)
    np.put_along_axis(weights, y[:, None], -weights.sum(1, keepdims=True), axis=1)
    loss = margins.clip(min=0).sum(1).mean() + reg / 2 * np.linalg.norm(W) ** 2
    return loss, (weights.T @ X).T / len(X) + reg * W
""",
        "float32": """
def svm_loss_vectorized(W, X, y, reg):
    W, X = W.astype("f4"), X.astype("f4")
    S = X @ W
    M = S - S[np.arange(len(S)), y][:, None] + 1
    M[np.arange(len(S)), y] = 0
    G = (M > 0).astype("f4")
    G[np.arange(len(S)), y] -= G.sum(1)
    loss = np.float32(np.maximum(M, 0).sum() / len(S) + reg / 2 * (W * W).sum())
    return loss, X.T @ G / np.float32(len(S)) + np.float32(reg) * W
""",
    },
    "train_linear": {
        "by number": """
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    losses, W = [], W.copy()
    for t in range(len(batches)):
        x, labels = X[batches[t]], y[batches[t]]
        found = loss_function(W, x, labels, reg)
        losses.append(found[0])
        W -= learning_rate * found[1]
    return W, losses
""",
        "an array of losses": """
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    losses = np.zeros(len(batches))
    weights = np.array(W)
    for t, batch in enumerate(batches):
        losses[t], gradient = loss_function(weights, np.take(X, batch, 0), np.take(y, batch), reg)
        weights = weights + -learning_rate * gradient
    return weights, losses
""",
        "recursion": """
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    if len(batches) == 0:
        return W, []
    first, rest = batches[0], batches[1:]
    loss, dW = loss_function(W, X[first], y[first], reg)
    W, losses = train_linear(loss_function, W - learning_rate * dW, X, y, rest, learning_rate, reg)
    return W, [loss, *losses]
""",
        "steps kept": """
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    steps, losses = [W], []
    for batch in batches:
        rows = [int(i) for i in batch]
        loss, dW = loss_function(steps[-1], X[rows], y[rows], reg)
        losses += [float(loss)]
        steps.append(steps[-1] - dW * learning_rate)
    return steps[-1], losses
""",
        "keywords": """
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    losses = []
    for batch in list(batches):
        loss, dW = loss_function(W=W, X=X[batch, :], y=y[batch], reg=reg)
        W = np.subtract(W, np.multiply(learning_rate, dW))
        losses.append(loss)
    return W, losses
""",
    },
    "predict_linear": {
        "loops": """
def predict_linear(W, X):
    y_pred = []
    for x in X:
        scores = [x @ W[:, c] for c in range(W.shape[1])]
        y_pred.append(scores.index(max(scores)))
    return np.array(y_pred)
""",
        "sorted": """
def predict_linear(W, X):
    return np.argsort(np.einsum("nd,dc->nc", X, W), axis=1)[:, -1]
""",
        "transposed": """
def predict_linear(W, X):
    return np.argmax(W.T @ X.T, axis=0)
""",
        "float32": """
def predict_linear(W, X):
    return np.argmax(X.astype(np.float32) @ W.astype(np.float32), axis=-1)
""",
        "the smallest of the negative": """
def predict_linear(W, X):
    return (-np.dot(X, W)).argmin(1)
""",
    },
}

MISTAKES = {
    "svm_loss_naive": {
        "the true class counts, too": Mistake("if c == y[n]:", "if False:"),
        "no margin": Mistake("scores[y[n]] + 1", "scores[y[n]]"),
        "a margin of 2": Mistake("scores[y[n]] + 1", "scores[y[n]] + 2"),
        "the wrong way round": Mistake("scores[c] - scores[y[n]] + 1", "scores[y[n]] - scores[c] + 1"),
        "no mean of the loss": Mistake("loss = loss / len(X) +", "loss = loss +"),
        "no mean of the gradient": Mistake("dW = dW / len(X) + reg * W", "dW = dW + reg * W", "The mean over the examples is missing"),
        "no true column": Mistake("                dW[:, y[n]] -= X[n]\n", ""),
        "the true column added": Mistake("dW[:, y[n]] -= X[n]", "dW[:, y[n]] += X[n]"),
        "the true column always": Mistake(
            "            if margin > 0:\n", "            dW[:, y[n]] -= X[n]\n            if margin > 0:\n"
        ),
        "no regularisation in the gradient": Mistake(" + reg * W\n", "\n", "gradient of regularization is missing"),
        "no regularisation in the loss": Mistake(" + reg / 2 * np.sum(W * W)", ""),
        "half the regularisation in the gradient": Mistake("+ reg * W\n", "+ reg / 2 * W\n", "gradient of regularization has the wrong factor"),
        "twice the regularisation in the loss": Mistake("reg / 2 *", "reg *"),
        "the regularisation of one column": Mistake("np.sum(W * W)", "np.sum(W[:, 0] ** 2)"),
        "the largest margin alone": Mistake(
            "            if margin > 0:", "            if margin > 0 and c == np.argmax(np.where(np.arange(len(scores)) == y[n], -np.inf, scores)):"
        ),
        "squared": Mistake("loss += margin", "loss += margin**2"),
        "a slope at the kink": Mistake("if margin > 0:", "if margin >= 0:"),
        "rows for columns": Mistake("dW[:, c] += X[n]", "dW[:, c] += X[0]"),
        "assigned": Mistake("dW[:, c] += X[n]", "dW[:, c] = X[n]"),
        "averaged over the classes": Mistake("loss = loss / len(X)", "loss = loss / len(X) / (W.shape[1] - 1)"),
        "W scaled in place": Mistake("    loss = loss /", "    W *= 0.5\n    loss = loss /"),
    },
    "svm_loss_vectorized": {
        "the true class counts, too": Mistake("    margins[rows, y] = 0\n", ""),
        "no margin": Mistake("[:, None] + 1", "[:, None]"),
        "the wrong way round": Mistake("scores - scores[rows, y][:, None] + 1", "scores[rows, y][:, None] - scores + 1"),
        "the best score for the true one": Mistake("scores[rows, y][:, None] + 1", "scores.max(axis=1, keepdims=True) + 1"),
        "all columns": Mistake("margins[rows, y] = 0", "margins[:, y] = 0"),
        "no maximum": Mistake("np.maximum(margins, 0)", "margins"),
        "no mean of the loss": Mistake(".sum() / N +", ".sum() +"),
        "no mean of the gradient": Mistake("X.T @ times / N", "X.T @ times", "The mean over the examples is missing"),
        "divided by the classes": Mistake("X.T @ times / N", "X.T @ times / W.shape[1]"),
        "margins for counts": Mistake("(margins > 0).astype(X.dtype)", "np.maximum(margins, 0)"),
        "no true column": Mistake("    times[rows, y] = -times.sum(axis=1)\n", ""),
        "the true column added": Mistake("-times.sum(axis=1)", "times.sum(axis=1)"),
        "the true column once": Mistake("-times.sum(axis=1)", "-1"),
        "counted over the images": Mistake("-times.sum(axis=1)", "-times.sum(axis=0)[y]"),
        "a slope at the kink": Mistake("(margins > 0)", "(margins >= 0)"),
        "no regularisation in the gradient": Mistake(" / N + reg * W", " / N", "gradient of regularization is missing"),
        "twice the regularisation in the gradient": Mistake("/ N + reg * W", "/ N + 2 * reg * W", "gradient of regularization has the wrong factor"),
        "no half": Mistake("reg / 2 *", "reg *"),
        "the sign of the regularisation": Mistake("/ N + reg * W", "/ N - reg * W"),
        "the norm, not its square": Mistake("np.sum(W * W)", "np.sqrt(np.sum(W * W))"),
        "absolute weights": Mistake("np.sum(W * W)", "np.sum(np.abs(W))"),
        "transposed": Mistake("return loss, dW", "return loss, dW.T", "transposed"),
        "X centred in place": Mistake("    N = len(X)\n", "    N = len(X)\n    X -= X.mean(axis=0)\n"),
    },
    "train_linear": {
        "uphill": Mistake("W - learning_rate", "W + learning_rate"),
        "no learning rate": Mistake("learning_rate * dW", "dW"),
        "all images": Mistake("X[batch], y[batch]", "X, y"),
        "labels of the first images": Mistake("y[batch]", "y[: len(batch)]"),
        "images of the first": Mistake("X[batch]", "X[: len(batch)]"),
        "no regularisation": Mistake("y[batch], reg)", "y[batch], 0.0)"),
        "regularised twice": Mistake("W - learning_rate * dW", "W - learning_rate * (dW + reg * W)"),
        "the first batch again": Mistake("in batches:\n", "in [batches[0]] * len(batches):\n"),
        "the last left out": Mistake("in batches:\n", "in batches[:-1]:\n"),
        "backwards": Mistake("in batches:\n", "in batches[::-1]:\n"),
        "sorted batches without repeats": Mistake("X[batch], y[batch]", "X[np.unique(batch)], y[np.unique(batch)]"),
        "loss after the step": Mistake("        losses.append(loss)", "        losses.append(loss_function(W, X[batch], y[batch], reg)[0])"),
        "the last loss alone": Mistake("losses.append(loss)", "losses = [loss]"),
        "losses summed": Mistake("losses.append(loss)", "losses.append(loss + sum(losses))"),
        "one step too many": Mistake("    return W, losses", "    return W - learning_rate * dW, losses"),
        "in place": Mistake("W = W - learning_rate * dW", "W -= learning_rate * dW"),
        "a falling learning rate": Mistake("        losses.append", "        learning_rate *= 0.9\n        losses.append"),
        "divided by the batch": Mistake("learning_rate * dW", "learning_rate * dW / len(batch)"),
    },
    "predict_linear": {
        "the smallest score": Mistake("argmax", "argmin"),
        "over the images": Mistake("axis=1", "axis=0"),
        "one for all": Mistake(".argmax(axis=1)", ".argmax()"),
        "the score itself": Mistake("argmax", "max"),
        "scores": Mistake(".argmax(axis=1)", ""),
        "the largest in size": Mistake("(X @ W)", "np.abs(X @ W)"),
        "labels from 1": Mistake(".argmax(axis=1)", ".argmax(axis=1) + 1"),
        "without the last class": Mistake("(X @ W)", "(X @ W[:, :-1])"),
        "without the last pixel": Mistake("(X @ W)", "(X[:, :-1] @ W[:-1])"),
    },
}  # fmt: skip

FORBIDDEN = {
    "svm_loss_naive": {
        "the engine's gradients": Mistake(
            "    dW = dW / len(X) + reg * W",
            """
    import minpy

    def hinge(W):
        S = X @ W
        M = S - S[range(len(X)), y][:, None] + 1
        return (M * (M > 0)).sum() / len(X) - 1 + reg / 2 * (W * W).sum()

    dW = minpy.grad(hinge)(W).asnumpy()
""",
        ),
        "finite differences": Mistake(
            "    dW = dW / len(X) + reg * W",
            """
    def of(V):
        S = X @ V
        M = np.maximum(S - S[range(len(X)), y][:, None] + 1, 0)
        return M.sum() / len(X) - 1 + reg / 2 * (V * V).sum()

    for place in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[place] = 1e-5
        dW[place] = (of(W + step) - of(W - step)) / 2e-5
""",
        ),
    },
    "svm_loss_vectorized": {
        "a loop over the images": Mistake(
            "    dW = X.T @ times / N + reg * W",
            """
    dW = reg * W
    for n in range(N):
        dW = dW + np.outer(X[n], times[n]) / N
""",
        ),
    },
}
