"""Other ways to write the functions of two_layer: correct ones, and what students get wrong.

None of this is released. CORRECT has whole functions that were written without a look at the
solution: one with loops, one with einsum, one that computes in float32. MISTAKES and FORBIDDEN are
edits of the solution. DEMO names those who make one of them in the demo class.
"""

from grading.variants import Mistake

CORRECT = {
    "affine_forward": {
        "loops": """
def affine_forward(x, w, b):
    out = np.zeros((len(x), w.shape[1]), np.result_type(x, w, b))
    for n in range(len(x)):
        for m in range(w.shape[1]):
            out[n, m] = b[m]
            for d, value in enumerate(x[n].ravel()):
                out[n, m] += value * w[d, m]
    return out, (x, w, b)
""",
        "einsum": """
def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x.reshape(x.shape[0], -1), w) + b[None], (x, w, b)
""",
        "float32": """
def affine_forward(x, w, b):
    flat = x.astype(np.float32).reshape(x.shape[0], w.shape[0])
    return np.dot(flat, w.astype(np.float32)) + b.astype(np.float32), (x, w, b)
""",
    },
    "affine_backward": {
        "loops": """
def affine_backward(dout, cache):
    x, w, b = cache
    rows = x.reshape(len(x), -1)
    dx, dw, db = np.zeros_like(rows), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        for m in range(len(b)):
            dx[n] += dout[n, m] * w[:, m]
            dw[:, m] += dout[n, m] * rows[n]
            db[m] += dout[n, m]
    return dx.reshape(x.shape), dw, db
""",
        "einsum": """
def affine_backward(dout, cache):
    x, w, _ = cache
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    dw = np.einsum("nd,nm->dm", x.reshape(x.shape[0], -1), dout)
    return dx, dw, np.einsum("nm->m", dout)
""",
        "float32": """
def affine_backward(dout, cache):
    x, w = cache[0].astype(np.float32), cache[1].astype(np.float32)
    dout = dout.astype(np.float32)
    return (
        np.dot(dout, w.T).reshape(x.shape),
        np.dot(x.reshape(x.shape[0], w.shape[0]).T, dout),
        np.ones(len(dout), np.float32) @ dout,
    )
""",
    },
    "relu": {
        "loops": """
def relu_forward(x):
    out = [value if value > 0 else 0.0 for value in x.ravel()]
    return np.array(out, x.dtype).reshape(x.shape), x

def relu_backward(dout, cache):
    dx = dout.copy()
    for place in np.ndindex(dx.shape):
        if cache[place] <= 0:
            dx[place] = 0
    return dx
""",
        "a mask": """
def relu_forward(x):
    out = x.copy()
    out[x < 0] = 0
    return out, x > 0

def relu_backward(dout, cache):
    return np.where(cache, dout, 0)
""",
        "float32": """
def relu_forward(x):
    return x.astype(np.float32).clip(min=0), x

def relu_backward(dout, cache):
    return dout.astype(np.float32) * np.heaviside(cache, 0).astype(np.float32)
""",
    },
    "softmax_loss": {
        "loops": """
def softmax_loss(scores, y):
    N, C = scores.shape
    loss, dscores = 0.0, np.zeros_like(scores)
    for n in range(N):
        top = max(scores[n])
        total = sum(np.exp(s - top) for s in scores[n])
        loss += (np.log(total) + top - scores[n, y[n]]) / N
        for c in range(C):
            dscores[n, c] = (np.exp(scores[n, c] - top) / total - (c == y[n])) / N
    return loss, dscores
""",
        "one-hot": """
def softmax_loss(scores, y):
    one_hot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
    total = np.logaddexp.reduce(scores, axis=1)
    loss = np.mean(total - np.einsum("nc,nc->n", scores, one_hot))
    return loss, (np.exp(scores - total[:, None]) - one_hot) / scores.shape[0]
""",
        "float32": """
def softmax_loss(scores, y):
    s = scores.astype(np.float32)
    s = s - s.max(1, keepdims=True)
    p = np.exp(s)
    total = p.sum(1)
    loss = (np.log(total) - s[np.arange(len(s)), y]).mean()
    p /= total[:, None]
    p[range(len(s)), y] -= 1
    return loss, p / np.float32(len(s))
""",
    },
    "two_layer_loss": {
        "without the bricks": """
def two_layer_loss(params, x, y, reg=0.0):
    W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
    N, rows = len(x), x.reshape(len(x), -1)
    hidden = (rows @ W1 + b1).clip(0)
    scores = hidden @ W2 + b2
    total = np.logaddexp.reduce(scores, axis=1)
    loss = np.mean(total - scores[np.arange(N), y])
    ds = np.exp(scores - total[:, None])
    ds[np.arange(N), y] -= 1
    ds = ds / N
    dh = np.where(hidden > 0, ds @ W2.T, 0)
    loss = loss + reg / 2 * (np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2)
    return loss, {
        "b2": ds.sum(0),
        "W2": hidden.T @ ds + reg * W2,
        "b1": dh.sum(0),
        "W1": rows.T @ dh + reg * W1,
    }
""",
        "einsum": """
def two_layer_loss(params, x, y, reg=0.0):
    p = params
    rows = x.reshape(x.shape[0], -1)
    hidden = np.maximum(0, np.einsum("nd,dh->nh", rows, p["W1"]) + p["b1"])
    scores = np.einsum("nh,hc->nc", hidden, p["W2"]) + p["b2"]
    shifted = scores - scores.max(1)[:, None]
    e = np.exp(shifted)
    q = e / np.einsum("nc->n", e)[:, None]
    hot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
    d = (q - hot) / len(x)
    dh = np.einsum("nc,hc,nh->nh", d, p["W2"], (hidden > 0).astype(d.dtype))
    data = (np.log(e.sum(1)) - (hot * shifted).sum(1)).mean()
    weights = sum(np.einsum("ij,ij->", p[n], p[n]) for n in ("W1", "W2"))
    grads = {
        "W1": np.einsum("nd,nh->dh", rows, dh) + reg * p["W1"],
        "b1": np.einsum("nh->h", dh),
        "W2": np.einsum("nh,nc->hc", hidden, d) + reg * p["W2"],
        "b2": np.einsum("nc->c", d),
    }
    return data + 0.5 * reg * weights, grads
""",
        "loops over examples": """
def two_layer_loss(params, x, y, reg=0.0):
    loss, grads = 0.0, {name: np.zeros_like(value) for name, value in params.items()}
    for n in range(len(x)):
        row = x[n].ravel()
        before = row @ params["W1"] + params["b1"]
        hidden = np.maximum(before, 0)
        scores = hidden @ params["W2"] + params["b2"]
        p = np.exp(scores - scores.max())
        loss += (np.log(p.sum()) + scores.max() - scores[y[n]]) / len(x)
        d = p / p.sum()
        d[y[n]] -= 1
        d = d / len(x)
        dbefore = (params["W2"] @ d) * (before > 0)
        grads["W2"] += np.outer(hidden, d)
        grads["b2"] += d
        grads["W1"] += np.outer(row, dbefore)
        grads["b1"] += dbefore
    for name in ("W1", "W2"):
        loss += reg * np.vdot(params[name], params[name]) / 2
        grads[name] += reg * params[name]
    return loss, grads
""",
    },
    "sgd_momentum": {
        "loops": """
def sgd_momentum(w, dw, v, learning_rate, momentum=0.9):
    new_w, new_v = w.copy(), v.copy()
    for i in np.ndindex(w.shape):
        new_v[i] = momentum * v[i] - learning_rate * dw[i]
        new_w[i] = w[i] + new_v[i]
    return new_w, new_v
""",
        "in another order": """
def sgd_momentum(w, dw, v, learning_rate, momentum=0.9):
    step = -learning_rate * dw
    return w + momentum * v + step, step + v * momentum
""",
        "float32": """
def sgd_momentum(w, dw, v, learning_rate, momentum=0.9):
    w, dw, v = (a.astype(np.float32) for a in (w, dw, v))
    v = momentum * v - learning_rate * dw
    return w + v, v
""",
    },
    "predict_scores": {
        "loops": """
def predict_scores(params, x):
    rows = []
    for image in x:
        hidden = [max(0, image.ravel() @ w + b) for w, b in zip(params["W1"].T, params["b1"])]
        rows.append(np.array(hidden) @ params["W2"] + params["b2"])
    return np.array(rows)
""",
        "einsum": """
def predict_scores(params, x):
    hidden = np.einsum("nd,dh->nh", x.reshape(x.shape[0], -1), params["W1"]) + params["b1"]
    return np.einsum("nh,hc->nc", hidden.clip(0), params["W2"]) + params["b2"]
""",
        "float32": """
def predict_scores(params, x):
    p = {name: value.astype(np.float32) for name, value in params.items()}
    hidden = np.fmax(x.reshape(len(x), -1).astype(np.float32) @ p["W1"] + p["b1"], 0)
    return hidden @ p["W2"] + p["b2"]
""",
    },
}

MISTAKES = {
    "affine_forward": {
        "no bias": Mistake("rows @ w + b", "rows @ w"),
        "bias subtracted": Mistake("rows @ w + b", "rows @ w - b"),
        "axes swapped": Mistake("x.reshape(len(x), -1)", "x.T.reshape(-1, len(x)).T"),
        "input flattened in place": Mistake("out = rows", "x *= 1.5\n    out = rows / 1.5"),
        "one row": Mistake("rows @ w + b", "(rows @ w + b)[:1]"),
    },
    "affine_backward": {
        "sign of dw": Mistake("dw = x.resh", "dw = -x.resh"),
        "no bias gradient": Mistake("dout.sum(axis=0)", "np.zeros(dout.shape[1])"),
        "sign of dx": Mistake("(dout @ w.T)", "(-dout @ w.T)"),
        "dx not in its shape": Mistake(".reshape(x.shape)", ""),
        "mean for a sum": Mistake("dout.sum(axis=0)", "dout.mean(axis=0)"),
        "bias of one example": Mistake("dout.sum(axis=0)", "dout[0]"),
        "bias not summed": Mistake("dout.sum(axis=0)", "dout"),
        "dw transposed": Mistake(
            "x.reshape(len(x), -1).T @ dout", "dout.T @ x.reshape(len(x), -1)"
        ),
        "dw divided by N": Mistake(".T @ dout", ".T @ dout / len(x)"),
        "dout taken for ones": Mistake("dw = x", "dout = np.ones_like(dout)\n    dw = x"),
        "dout changed": Mistake("dout.sum(axis=0)", "dout.sum(axis=0)\n    dout *= 2"),
    },
    "relu": {
        "leaky": Mistake("np.maximum(x, 0)", "np.maximum(x, 0.01 * x)"),
        "absolute value": Mistake("np.maximum(x, 0)", "np.abs(x)"),
        "one at zero": Mistake("dout * (x > 0)", "dout * (x >= 0)"),
        "sign of dout": Mistake("dout * (x > 0)", "np.maximum(dout, 0)"),
        "no dout": Mistake("dout * (x > 0)", "(x > 0) * 1.0"),
        "written into x": Mistake("out = np.maximum(x, 0)", "x[x < 0] = 0\n    out = x"),
        "written into dout": Mistake("dx = dout * (x > 0)", "dout[x <= 0] = 0\n    dx = dout"),
    },
    "softmax_loss": {
        "overflow": Mistake("scores - scores.max(axis=1, keepdims=True)", "scores * 1.0"),
        "one shift for all": Mistake("scores.max(axis=1, keepdims=True)", "scores.max()"),
        "log of a rounded p": Mistake("loss = -log_p", "loss = -np.log(np.exp(log_p) + 1e-12)"),
        "sum for a mean": Mistake("[rows, y].mean()", "[rows, y].sum()"),
        "gradient without 1/N": Mistake("    dscores /= len(scores)\n", ""),
        "gradient over C": Mistake("dscores /= len(scores)", "dscores /= scores.shape[1]"),
        "all columns": Mistake("dscores[rows, y] -= 1", "dscores[:, y] -= 1"),
        "nothing subtracted": Mistake("    dscores[rows, y] -= 1\n", ""),
        "scores shifted in place": Mistake(
            "shifted = scores - scores.max(axis=1, keepdims=True)",
            "scores -= scores.max(axis=1, keepdims=True)\n    shifted = scores",
        ),
    },
    "two_layer_loss": {
        "no regularisation of W1": Mistake('(params["W1"] ** 2).sum() + ', ""),
        "no regularisation in a gradient": Mistake(
            'grads["W1"] + reg * params["W1"]', 'grads["W1"]'
        ),
        "no regularisation in the gradients": Mistake(
            '    grads["W1"] = grads["W1"] + reg * params["W1"]\n'
            '    grads["W2"] = grads["W2"] + reg * params["W2"]\n',
            "",
        ),
        "twice the regularisation": Mistake("0.5 * reg", "reg"),
        "its gradient halved": Mistake('+ reg * params["W2"]', '+ 0.5 * reg * params["W2"]'),
        "no ReLU on the way back": Mistake("relu_backward(dhidden, relu_cache)", "dhidden"),
        "no ReLU at all": Mistake("relu_forward(before)", "(before, np.ones_like(before))"),
        "biases regularised": Mistake(
            "return loss, grads", 'grads["b1"] += reg\n    return loss, grads'
        ),
        "gradients swapped": Mistake(
            "return loss, grads", 'grads["b1"] = grads["b1"] * 2\n    return loss, grads'
        ),
        "float32 inside": Mistake("scores, y)", "scores.astype(np.float16), y)"),
        "parameters changed": Mistake(
            "    grads = {}\n", '    grads = {}\n    params["b2"] += 1\n'
        ),
    },
    "sgd_momentum": {
        "uphill": Mistake("- learning_rate", "+ learning_rate"),
        "old velocity": Mistake("new_w = w + new_v", "new_w = w + v"),
        "no momentum": Mistake("momentum * v - ", "-"),
        "momentum in place": Mistake(
            "new_v = momentum * v - learning_rate * dw",
            "v *= momentum\n    v -= learning_rate * dw\n    new_v = v",
        ),
        "momentum swapped": Mistake("momentum * v - ", "(1 - momentum) * v - "),
    },
    "predict_scores": {
        "no ReLU": Mistake(
            'relu_forward(affine_forward(x, params["W1"], params["b1"])[0])',
            'affine_forward(x, params["W1"], params["b1"])',
        ),
        "wrong bias": Mistake('params["W2"], params["b2"]', 'params["W2"], 0 * params["b2"]'),
        "labels": Mistake("return scores", "return scores.argmax(axis=1)"),
    },
}

BACKWARD = """
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
"""

# Right gradients that were not derived.
FORBIDDEN = {
    "affine_backward": {
        "the engine's gradients": Mistake(
            BACKWARD,
            """
    import minpy

    def total(x, w, b):
        return (affine_forward(x, w, b)[0] * dout).sum()

    dx, dw, db = (minpy.grad(total, place)(*cache) for place in range(3))
""",
        ),
        "finite differences": Mistake(
            BACKWARD,
            """
    found = []
    for value in cache:
        gradient = np.zeros_like(value)
        for i in np.ndindex(value.shape):
            old = value[i]
            value[i] = old + 1e-5
            above = (affine_forward(*cache)[0] * dout).sum()
            value[i] = old - 1e-5
            gradient[i] = (above - (affine_forward(*cache)[0] * dout).sum()) / 2e-5
            value[i] = old
        found.append(gradient)
    dx, dw, db = found
""",
        ),
    },
}

DEMO = {
    "no 1-over-N": ("softmax_loss", "gradient without 1/N"),
    "wrong sign": ("affine_backward", "sign of dw"),
    "transposed": ("affine_backward", "dw transposed"),
    "no regularisation": ("two_layer_loss", "no regularisation in the gradients"),
    "no bias gradient": ("affine_backward", "no bias gradient"),
    "minpy.grad": ("affine_backward", "the engine's gradients"),
    "finite differences": ("affine_backward", "finite differences"),
}
