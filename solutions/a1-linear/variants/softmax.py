"""Other ways to write the functions of softmax: correct ones, and what students get wrong.

None of this is released. CORRECT has whole functions that were written without a look at the
solution. MISTAKES and FORBIDDEN are edits of the solution.
"""

from grading.variants import Mistake

CORRECT = {
    "softmax_probabilities": {
        "loops": """
def softmax_probabilities(scores, temperature=1.0):
    rows = []
    for row in scores:
        top = max(row)
        e = [np.exp((s - top) / temperature) for s in row]
        rows.append([value / sum(e) for value in e])
    return np.array(rows)
""",
        "logaddexp": """
def softmax_probabilities(scores, temperature=1.0):
    s = scores / temperature
    return np.exp(s - np.logaddexp.reduce(s, axis=1, keepdims=True))
""",
        "divided first": """
def softmax_probabilities(scores, temperature=1.0):
    z = np.divide(scores, temperature)
    z = z - np.max(z, 1)[:, None]
    e = np.exp(z)
    return np.einsum("nc,n->nc", e, 1 / e.sum(1))
""",
        "float32": """
def softmax_probabilities(scores, temperature=1.0):
    z = scores.astype(np.float32)
    z = np.exp((z - z.max(-1, keepdims=True)) / np.float32(temperature))
    return z / z.sum(-1, keepdims=True)
""",
        "transposed": """
def softmax_probabilities(scores, temperature=1.0):
    columns = scores.T - scores.T.max(axis=0)
    e = np.exp(columns / temperature)
    return (e / e.sum(axis=0)).T
""",
    },
    "softmax_loss_naive": {
        "every number by itself": """
def softmax_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    N, D, C = len(X), W.shape[0], W.shape[1]
    for n in range(N):
        s = [sum(X[n, d] * W[d, c] for d in range(D)) for c in range(C)]
        e = [np.exp(value - max(s)) for value in s]
        loss += (np.log(sum(e)) + max(s) - s[y[n]]) / N
        for c in range(C):
            p = e[c] / sum(e)
            for d in range(D):
                dW[d, c] += (p - (1 if c == y[n] else 0)) * X[n, d] / N
    return loss + reg * (W**2).sum() / 2, dW + reg * W
""",
        "outer products": """
def softmax_loss_naive(W, X, y, reg):
    losses, dW = [], reg * W
    for x, label in zip(X, y):
        s = W.T @ x
        log_p = s - np.logaddexp.reduce(s)
        losses.append(-log_p[label])
        p = np.exp(log_p)
        p[label] -= 1
        dW = dW + np.outer(x, p) / len(X)
    return np.mean(losses) + reg / 2 * np.vdot(W, W), dW
""",
        "without loops": """
def softmax_loss_naive(W, X, y, reg):
    S = X @ W
    L = S - np.logaddexp.reduce(S, axis=1)[:, None]
    Q = np.eye(W.shape[1])[y]
    loss = -np.einsum("nc,nc->", Q, L) / len(X) + 0.5 * reg * np.einsum("dc,dc->", W, W)
    return loss, np.einsum("nd,nc->dc", X, np.exp(L) - Q) / len(X) + reg * W
""",
        "the true column first": """
def softmax_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros(W.shape)
    for n in range(X.shape[0]):
        s = X[n].dot(W)
        s = s - np.max(s)
        e = np.exp(s)
        loss -= s[y[n]] - np.log(np.sum(e))
        dW[:, y[n]] -= X[n]
        for c in range(W.shape[1]):
            dW[:, c] += e[c] / np.sum(e) * X[n]
    loss /= X.shape[0]
    dW /= X.shape[0]
    loss += reg / 2 * np.linalg.norm(W) ** 2
    dW += reg * W
    return loss, dW
""",
        "float32": """
def softmax_loss_naive(W, X, y, reg):
    W, X = W.astype(np.float32), X.astype(np.float32)
    loss, dW = 0.0, np.zeros_like(W)
    for n in range(len(X)):
        s = X[n] @ W
        e = np.exp(s - s.max())
        loss += np.log(e.sum()) + s.max() - s[y[n]]
        p = e / e.sum()
        p[y[n]] -= 1
        dW += np.outer(X[n], p)
    loss = np.float32(loss / len(X) + reg / 2 * (W * W).sum())
    return loss, dW / np.float32(len(X)) + np.float32(reg) * W
""",
    },
    "softmax_loss_vectorized": {
        "one-hot": """
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    C = W.shape[1]
    Q = (1 - smoothing) * np.eye(C)[y] + smoothing / C
    S = X @ W
    L = S - np.logaddexp.reduce(S, axis=1, keepdims=True)
    loss = -np.sum(Q * L, axis=1).mean() + reg / 2 * (W**2).sum()
    return loss, X.T @ ((np.exp(L) - Q) / len(X)) + reg * W
""",
        "einsum": """
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    N, C = X.shape[0], W.shape[1]
    S = np.einsum("nd,dc->nc", X, W)
    S = S - np.max(S, axis=-1)[:, np.newaxis]
    E = np.exp(S)
    Z = np.einsum("nc->n", E)
    G = E / Z[:, None] - smoothing / C
    G[range(N), y] -= 1 - smoothing
    each = np.log(Z) - (1 - smoothing) * S[range(N), y] - smoothing * S.mean(axis=1)
    loss = each.sum() / N + 0.5 * reg * np.einsum("dc,dc", W, W)
    return loss, np.einsum("nd,nc->dc", X, G) / N + reg * W
""",
        "two losses mixed": """
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    n, c = np.arange(len(X)), W.shape[1]
    S = X @ W
    top = S.max(axis=1)
    log_p = S - (top + np.log(np.exp(S - top[:, None]).sum(axis=1)))[:, None]
    hard, soft = -log_p[n, y].mean(), -log_p.mean()
    p = np.exp(log_p)
    of_hard = p.copy()
    of_hard[n, y] -= 1
    d = (1 - smoothing) * of_hard + smoothing * (p - 1 / c)
    loss = (1 - smoothing) * hard + smoothing * soft + reg / 2 * np.vdot(W, W)
    return loss, (d.T @ X).T / len(X) + reg * W
""",
        "put along an axis": """
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    scores = X.dot(W)
    Q = np.zeros(scores.shape)
    np.put_along_axis(Q, y[:, None], 1.0, axis=1)
    Q += smoothing * (1 / Q.shape[1] - Q)
    scores -= np.amax(scores, axis=1, keepdims=True)
    sums = np.exp(scores).sum(axis=1, keepdims=True)
    loss = np.sum(Q * (np.log(sums) - scores)) / Q.shape[0]
    dS = (np.exp(scores) / sums - Q) / Q.shape[0]
    return loss + reg * np.square(W).sum() / 2, np.dot(X.T, dS) + reg * W
""",
        "float32": """
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    W, X = W.astype("f4"), X.astype("f4")
    S = X @ W
    S = S - S.max(1, keepdims=True)
    L = S - np.log(np.exp(S).sum(1, keepdims=True))
    Q = np.full_like(L, smoothing / L.shape[1])
    Q[np.arange(len(L)), y] += np.float32(1 - smoothing)
    loss = np.float32(-(Q * L).sum() / len(L) + reg / 2 * (W * W).sum())
    return loss, X.T @ (np.exp(L) - Q) / np.float32(len(L)) + np.float32(reg) * W
""",
    },
    "fit_temperature": {
        "loops": """
def fit_temperature(scores, y, temperatures):
    losses, best = [], 0
    for i, t in enumerate(temperatures):
        total = 0.0
        for row, label in zip(scores, y):
            z = row / t
            total += np.log(np.exp(z - z.max()).sum()) + z.max() - z[label]
        losses.append(total / len(y))
        if losses[i] < losses[best]:
            best = i
    return temperatures[best], np.array(losses)
""",
        "all at once": """
def fit_temperature(scores, y, temperatures):
    z = scores[None] / np.asarray(temperatures)[:, None, None]
    losses = np.logaddexp.reduce(z, axis=2) - z[:, np.arange(len(y)), y]
    losses = losses.mean(axis=1)
    return temperatures[losses.argmin()], losses
""",
        "inverse temperatures": """
def fit_temperature(scores, y, temperatures):
    gaps = scores - scores[np.arange(len(scores)), y][:, None]
    top = gaps.max(axis=1, keepdims=True)
    losses = np.array(
        [(np.log(np.exp((gaps - top) / t).sum(1)) + top[:, 0] / t).mean() for t in temperatures]
    )
    return float(temperatures[int(losses.argmin())]), losses
""",
        "float32": """
def fit_temperature(scores, y, temperatures):
    s = (scores - scores.max(1, keepdims=True)).astype(np.float32)
    losses = []
    for t in temperatures:
        z = s / np.float32(t)
        losses.append((np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).mean())
    losses = np.array(losses, np.float32)
    return np.float32(temperatures[losses.argmin()]), losses
""",
        "a dict": """
def fit_temperature(scores, y, temperatures):
    found = {}
    for t in temperatures:
        z = (scores - scores.max(axis=1, keepdims=True)) / t
        log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
        found[t] = -np.take_along_axis(log_p, y[:, None], axis=1).mean()
    return min(found, key=found.get), np.array([found[t] for t in temperatures])
""",
    },
}

MISTAKES = {
    "softmax_probabilities": {
        "no shift": Mistake("(scores - scores.max(axis=1, keepdims=True))", "scores"),
        "one shift for all": Mistake("scores.max(axis=1, keepdims=True)", "scores.max()"),
        "shifted by the mean": Mistake("scores.max(axis=1, keepdims=True)", "scores.mean(axis=1, keepdims=True)"),
        "shifted by the smallest": Mistake("scores.max(axis=1", "scores.min(axis=1"),
        "shift over the images": Mistake("scores.max(axis=1", "scores.max(axis=0"),
        "sum over the images": Mistake("p.sum(axis=1", "p.sum(axis=0"),
        "sum of all": Mistake("p.sum(axis=1, keepdims=True)", "p.sum()"),
        "no division": Mistake("    p = p / p.sum(axis=1, keepdims=True)\n", ""),
        "divided by the largest": Mistake("p.sum(axis=1", "p.max(axis=1"),
        "no temperature": Mistake(" / temperature", ""),
        "times the temperature": Mistake("/ temperature", "* temperature"),
        "the temperature outside": Mistake("np.exp(shifted)", "np.exp(shifted * temperature) ** temperature"),
        "logarithms": Mistake("return p", "return np.log(p)"),
        "base 2": Mistake("np.exp(shifted)", "np.exp2(shifted)"),
        "squares": Mistake("np.exp(shifted)", "shifted**2 + 1"),
        "a small number in the sum": Mistake("p.sum(axis=1, keepdims=True)", "(p.sum(axis=1, keepdims=True) + 1e-3)"),
        "into scores": Mistake("    shifted = (scores - scores.max(axis=1, keepdims=True)) / temperature", "    scores -= scores.max(axis=1, keepdims=True)\n    shifted = scores / temperature"),
        "the sign": Mistake("np.exp(shifted)", "np.exp(-shifted)"),
    },
    "softmax_loss_naive": {
        "overflow": Mistake("scores - scores.max()", "scores"),
        "log of a rounded p": Mistake("np.log(total) - shifted[y[n]]", "-np.log(np.exp(shifted[y[n]]) / total + 1e-12)"),
        "the sign of the loss": Mistake("loss += np.log(total) - shifted[y[n]]", "loss -= np.log(total) - shifted[y[n]]"),
        "no logarithm": Mistake("np.log(total)", "total"),
        "the first class": Mistake("shifted[y[n]]", "shifted[0]"),
        "shift forgotten in the loss": Mistake("- shifted[y[n]]", "- scores[y[n]]"),
        "no mean of the loss": Mistake("loss = loss / len(X) +", "loss = loss +"),
        "no mean of the gradient": Mistake("dW = dW / len(X) + reg * W", "dW = dW + reg * W", "The mean over the examples is missing"),
        "no label in the gradient": Mistake(" - (c == y[n])", ""),
        "label added": Mistake("- (c == y[n])", "+ (c == y[n])"),
        "the sign of the gradient": Mistake("dW[:, c] += error", "dW[:, c] -= error"),
        "not normalised": Mistake("np.exp(shifted[c]) / total", "np.exp(shifted[c])"),
        "assigned": Mistake("dW[:, c] += error", "dW[:, c] = error"),
        "no input": Mistake("error * X[n]", "error"),
        "no regularisation in the gradient": Mistake(" + reg * W\n", "\n", "gradient of regularization is missing"),
        "no regularisation in the loss": Mistake(" + reg / 2 * np.sum(W * W)", ""),
        "half the regularisation in the gradient": Mistake("+ reg * W\n", "+ reg / 2 * W\n", "gradient of regularization has the wrong factor"),
        "no half": Mistake("reg / 2 *", "reg *"),
        "base 2": Mistake("np.log(total)", "np.log2(total)"),
        "W changed": Mistake("    loss = loss /", "    W *= 0.5\n    loss = loss /"),
    },
    "softmax_loss_vectorized": {
        "overflow": Mistake("scores - scores.max(axis=1, keepdims=True)", "scores * 1.0"),
        "one shift for all": Mistake("scores.max(axis=1, keepdims=True)", "scores.max()"),
        "sum over the images": Mistake("np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0"),
        "no smoothing": Mistake("targets = np.full_like(scores, smoothing / classes)", "smoothing = 0\n    targets = np.zeros_like(scores)"),
        "smoothing among the others": Mistake("smoothing / classes)", "smoothing / (classes - 1))"),
        "smoothing not divided": Mistake("smoothing / classes)", "smoothing)"),
        "the label kept whole": Mistake("+= 1 - smoothing", "+= 1"),
        "the label overwritten": Mistake("+= 1 - smoothing", "= 1 - smoothing"),
        "divided by the images": Mistake("smoothing / classes)", "smoothing / N)"),
        "smoothing in the loss alone": Mistake("(np.exp(log_p) - targets)", "(np.exp(log_p) - np.eye(classes)[y])"),
        "all columns": Mistake("targets[np.arange(N), y]", "targets[:, y]"),
        "no mean of the loss": Mistake(".sum() / N +", ".sum() +"),
        "no mean of the gradient": Mistake("targets) / N", "targets)", "The mean over the examples is missing"),
        "mean over all": Mistake(".sum() / N +", ".mean() +"),
        "the sign of the gradient": Mistake("np.exp(log_p) - targets", "targets - np.exp(log_p)"),
        "logarithms for probabilities": Mistake("np.exp(log_p) - targets", "log_p - targets"),
        "no regularisation in the gradient": Mistake("/ N + reg * W", "/ N", "gradient of regularization is missing"),
        "twice the regularisation in the gradient": Mistake("/ N + reg * W", "/ N + 2 * reg * W", "gradient of regularization has the wrong factor"),
        "no half": Mistake("reg / 2 *", "reg *"),
        "no square": Mistake("np.sum(W * W)", "np.sum(np.abs(W))"),
        "transposed": Mistake("return loss, dW", "return loss, dW.T", "transposed"),
        "X scaled in place": Mistake("    N, classes", "    X *= 0.5\n    N, classes"),
    },
    "fit_temperature": {
        "the largest loss": Mistake("np.argmin", "np.argmax"),
        "the index": Mistake("temperatures[np.argmin(losses)]", "np.argmin(losses)"),
        "the best loss": Mistake("temperatures[np.argmin(losses)]", "np.min(losses)"),
        "times": Mistake("/ temperature\n", "* temperature\n"),
        "no shift": Mistake("(scores - scores.max(axis=1, keepdims=True))", "scores"),
        "the sum": Mistake("surprise.mean()", "surprise.sum()"),
        "the median": Mistake("surprise.mean()", "np.median(surprise)"),
        "probabilities": Mistake("surprise.mean()", "np.exp(-surprise).mean()"),
        "the sign": Mistake("surprise.mean()", "-surprise.mean()"),
        "accuracy": Mistake("surprise.mean()", "(scaled.argmax(axis=1) != y).mean()"),
        "the first class": Mistake("scaled[np.arange(len(y)), y]", "scaled[:, 0]"),
        "the winner": Mistake("scaled[np.arange(len(y)), y]", "scaled.max(axis=1)"),
        "sum over the images": Mistake("np.exp(scaled).sum(axis=1)", "np.exp(scaled).sum(axis=0).sum()"),
        "the last": Mistake("temperatures[np.argmin(losses)]", "temperatures[-1]"),
        "swapped": Mistake("return best, losses", "return losses, best"),
        "only the first": Mistake("in temperatures:", "in temperatures[:1]:"),
        "sorted": Mistake("np.array(losses)", "np.sort(losses)"),
        "label after the division": Mistake("- scaled[np.arange(len(y)), y]", "- scores[np.arange(len(y)), y]"),
        "scores changed": Mistake("    losses = []", "    scores -= scores.max(axis=1, keepdims=True)\n    losses = []"),
    },
}  # fmt: skip

FORBIDDEN = {
    "softmax_loss_vectorized": {
        "a loop over the images": Mistake(
            "    dW = X.T @ (np.exp(log_p) - targets) / N + reg * W",
            """
    dW = reg * W
    for n in range(N):
        dW = dW + np.outer(X[n], np.exp(log_p[n]) - targets[n]) / N
""",
        ),
        "the engine's gradients": Mistake(
            "    dW = X.T @ (np.exp(log_p) - targets) / N + reg * W",
            """
    import minpy
    from minpy.nn.layers import softmax_loss

    data = minpy.grad(lambda W: softmax_loss(X @ W, targets))(W).asnumpy()
    dW = data + reg * W
""",
        ),
    },
}
