"""Other ways to write the functions of two_layer: right ones that must pass, wrong ones that must not.

RIGHT has, for each check, whole functions that were written without a look at the reference: one with
loops, one with einsum, one that computes in float32. WRONG has what students get wrong, each as a
change to the reference solution: a line of it, and what stands there instead.
"""

RIGHT = {
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

WRONG = {
    "affine_forward": {
        "no bias": ("rows @ w + b", "rows @ w"),
        "bias subtracted": ("rows @ w + b", "rows @ w - b"),
        "axes swapped": ("x.reshape(len(x), -1)", "x.T.reshape(-1, len(x)).T"),
        "input flattened in place": ("out = rows", "x *= 1.5\n    out = rows / 1.5"),
        "one row": ("rows @ w + b", "(rows @ w + b)[:1]"),
    },
    "affine_backward": {
        "sign of dx": ("(dout @ w.T)", "(-dout @ w.T)"),
        "dx not in its shape": (".reshape(x.shape)", ""),
        "mean for a sum": ("dout.sum(axis=0)", "dout.mean(axis=0)"),
        "bias of one example": ("dout.sum(axis=0)", "dout[0]"),
        "bias not summed": ("dout.sum(axis=0)", "dout"),
        "dw transposed": ("x.reshape(len(x), -1).T @ dout", "dout.T @ x.reshape(len(x), -1)"),
        "dw divided by N": (".T @ dout", ".T @ dout / len(x)"),
        "dout taken for ones": ("dw = x", "dout = np.ones_like(dout)\n    dw = x"),
        "dout changed": ("dout.sum(axis=0)", "dout.sum(axis=0)\n    dout *= 2"),
    },
    "relu": {
        "leaky": ("np.maximum(x, 0)", "np.maximum(x, 0.01 * x)"),
        "absolute value": ("np.maximum(x, 0)", "np.abs(x)"),
        "one at zero": ("dout * (x > 0)", "dout * (x >= 0)"),
        "sign of dout": ("dout * (x > 0)", "np.maximum(dout, 0)"),
        "no dout": ("dout * (x > 0)", "(x > 0) * 1.0"),
        "written into x": ("out = np.maximum(x, 0)", "x[x < 0] = 0\n    out = x"),
        "written into dout": ("dx = dout * (x > 0)", "dout[x <= 0] = 0\n    dx = dout"),
    },
    "softmax_loss": {
        "overflow": ("scores - scores.max(axis=1, keepdims=True)", "scores * 1.0"),
        "one shift for all": ("scores.max(axis=1, keepdims=True)", "scores.max()"),
        "log of a rounded p": ("loss = -log_p", "loss = -np.log(np.exp(log_p) + 1e-12)"),
        "sum for a mean": ("[rows, y].mean()", "[rows, y].sum()"),
        "gradient without 1/N": ("    dscores /= len(scores)\n", ""),
        "gradient over C": ("dscores /= len(scores)", "dscores /= scores.shape[1]"),
        "all columns": ("dscores[rows, y] -= 1", "dscores[:, y] -= 1"),
        "nothing subtracted": ("    dscores[rows, y] -= 1\n", ""),
        "scores shifted in place": (
            "shifted = scores - scores.max(axis=1, keepdims=True)",
            "scores -= scores.max(axis=1, keepdims=True)\n    shifted = scores",
        ),
    },
    "two_layer_loss": {
        "no regularisation of W1": ('(params["W1"] ** 2).sum() + ', ""),
        "no regularisation in a gradient": ('grads["W1"] + reg * params["W1"]', 'grads["W1"]'),
        "twice the regularisation": ("0.5 * reg", "reg"),
        "its gradient halved": ('+ reg * params["W2"]', '+ 0.5 * reg * params["W2"]'),
        "no ReLU on the way back": ("relu_backward(dhidden, relu_cache)", "dhidden"),
        "no ReLU at all": ("relu_forward(before)", "(before, np.ones_like(before))"),
        "biases regularised": ("return loss, grads", 'grads["b1"] += reg\n    return loss, grads'),
        "gradients swapped": ("return loss, grads", 'grads["b1"] = grads["b1"] * 2\n    return loss, grads'),
        "float32 inside": ("scores, y)", "scores.astype(np.float16), y)"),
        "parameters changed": ("    grads = {}\n", '    grads = {}\n    params["b2"] += 1\n'),
    },
    "sgd_momentum": {
        "uphill": ("- learning_rate", "+ learning_rate"),
        "old velocity": ("new_w = w + new_v", "new_w = w + v"),
        "no momentum": ("momentum * v - ", "-"),
        "momentum in place": ("new_v = momentum * v - learning_rate * dw", "v *= momentum\n    v -= learning_rate * dw\n    new_v = v"),
        "momentum swapped": ("momentum * v - ", "(1 - momentum) * v - "),
    },
    "predict_scores": {
        "no ReLU": ("relu_forward(affine_forward(x, params[\"W1\"], params[\"b1\"])[0])", "affine_forward(x, params[\"W1\"], params[\"b1\"])"),
        "wrong bias": ('params["W2"], params["b2"]', 'params["W2"], 0 * params["b2"]'),
        "labels": ("return scores", "return scores.argmax(axis=1)"),
    },
}  # fmt: skip
