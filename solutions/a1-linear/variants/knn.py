"""Other ways to write the functions of knn: correct ones, and what students get wrong.

None of this is released. CORRECT has whole functions that were written without a look at the
solution. MISTAKES and FORBIDDEN are edits of the solution.
"""

from grading.variants import Mistake

CORRECT = {
    "distances_two_loops": {
        "three loops": """
def distances_two_loops(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for i, x in enumerate(X):
        for j, t in enumerate(X_train):
            total = 0.0
            for a, b in zip(x, t):
                total += (a - b) * (a - b)
            dists[i, j] = total**0.5
    return dists
""",
        "the norm": """
def distances_two_loops(X, X_train):
    return np.array([[np.linalg.norm(x - t) for t in X_train] for x in X])
""",
        "a dot product": """
def distances_two_loops(X, X_train):
    dists = np.zeros((X.shape[0], X_train.shape[0]))
    for j in range(X_train.shape[0]):
        for i in range(X.shape[0]):
            difference = X_train[j] - X[i]
            dists[i, j] = np.sqrt(difference.dot(difference))
    return dists
""",
        "float32": """
def distances_two_loops(X, X_train):
    dists = np.zeros((len(X), len(X_train)), np.float32)
    for i in range(len(X)):
        for j in range(len(X_train)):
            dists[i, j] = np.sqrt(((X[i] - X_train[j]).astype(np.float32) ** 2).sum())
    return dists
""",
        "absolute values": """
def distances_two_loops(X, X_train):
    dists = np.empty((len(X), len(X_train)))
    for place in np.ndindex(dists.shape):
        gap = np.abs(X[place[0]] - X_train[place[1]])
        dists[place] = np.power(np.sum(np.power(gap, 2)), 0.5)
    return dists
""",
    },
    "distances_one_loop": {
        "over the training images": """
def distances_one_loop(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for j, t in enumerate(X_train):
        dists[:, j] = np.sqrt(((X - t) ** 2).sum(axis=1))
    return dists
""",
        "the norm": """
def distances_one_loop(X, X_train):
    return np.stack([np.linalg.norm(X_train - x, axis=1) for x in X])
""",
        "einsum": """
def distances_one_loop(X, X_train):
    rows = []
    for x in X:
        difference = x[None, :] - X_train
        rows.append(np.sqrt(np.einsum("md,md->m", difference, difference)))
    return np.vstack(rows)
""",
        "float32": """
def distances_one_loop(X, X_train):
    dists = np.zeros((len(X), len(X_train)), np.float32)
    for i in range(len(X)):
        dists[i] = np.sqrt(np.square((X_train - X[i]).astype(np.float32)).sum(1))
    return dists
""",
        "tiled": """
def distances_one_loop(X, X_train):
    dists = np.zeros((X.shape[0], X_train.shape[0]))
    for i in range(X.shape[0]):
        same = np.tile(X[i], (X_train.shape[0], 1))
        dists[i, :] = np.sum((same - X_train) ** 2, 1) ** 0.5
    return dists
""",
    },
    "distances_no_loops": {
        "einsum": """
def distances_no_loops(X, X_train):
    a = np.einsum("nd,nd->n", X, X)
    b = np.einsum("md,md->m", X_train, X_train)
    squares = a[:, np.newaxis] + b[np.newaxis, :] - 2 * np.dot(X, X_train.T)
    squares[squares < 0] = 0
    return squares**0.5
""",
        "einsum for the products, too": """
def distances_no_loops(X, X_train):
    squares = -2 * np.einsum("nd,md->nm", X, X_train)
    squares += np.square(X).sum(1).reshape(-1, 1)
    squares += np.square(X_train).sum(1)
    return np.sqrt(np.clip(squares, 0, None))
""",
        "centred": """
def distances_no_loops(X, X_train):
    middle = X_train.mean(axis=0)
    A, B = X - middle, X_train - middle
    total = np.add.outer((A * A).sum(axis=1), (B * B).sum(axis=1))
    total -= 2 * A @ B.T
    return np.sqrt(np.abs(total))
""",
        "norms": """
def distances_no_loops(X, X_train):
    of_x = np.linalg.norm(X, axis=-1) ** 2
    of_t = np.linalg.norm(X_train, axis=-1) ** 2
    products = X_train.dot(X.T).T
    return np.sqrt(np.where((d := of_x[:, None] - 2 * products + of_t) > 0, d, 0.0))
""",
        "float32": """
def distances_no_loops(X, X_train):
    X, T = X.astype(np.float32), X_train.astype(np.float32)
    squares = (X**2).sum(1, keepdims=True) + (T**2).sum(1)[None] - 2 * X @ T.T
    return np.sqrt(np.maximum(squares, np.float32(0)))
""",
        "one product": """
def distances_no_loops(X, X_train):
    left = np.hstack([X, np.ones((len(X), 1)), (X**2).sum(axis=1)[:, None]])
    right = np.hstack([-2 * X_train, (X_train**2).sum(axis=1)[:, None], np.ones((len(X_train), 1))])
    return np.sqrt(np.maximum(left @ right.T, 0))
""",
    },
    "predict_labels": {
        "loops": """
def predict_labels(dists, y_train, k=1):
    y_pred = np.zeros(len(dists), dtype=int)
    for i in range(len(dists)):
        counts = {}
        for j in np.argsort(dists[i])[:k]:
            counts[y_train[j]] = counts.get(y_train[j], 0) + 1
        best = max(counts.values())
        y_pred[i] = min(label for label, count in counts.items() if count == best)
    return y_pred
""",
        "unique": """
def predict_labels(dists, y_train, k=1):
    y_pred = []
    for row in dists:
        labels, counts = np.unique(y_train[np.argsort(row)[:k]], return_counts=True)
        y_pred.append(labels[np.argmax(counts)])
    return np.array(y_pred)
""",
        "argpartition": """
def predict_labels(dists, y_train, k=1):
    nearest = np.argpartition(dists, k - 1, axis=1)[:, :k]
    return np.array([np.argmax(np.bincount(y_train[row])) for row in nearest])
""",
        "one-hot votes": """
def predict_labels(dists, y_train, k=1):
    order = np.argsort(dists, axis=1)
    one_hot = np.eye(y_train.max() + 1, dtype=int)[y_train]
    return one_hot[order[:, :k]].sum(axis=1).argmax(axis=1)
""",
        "a counter": """
def predict_labels(dists, y_train, k=1):
    from collections import Counter

    y_pred = np.zeros(dists.shape[0], dtype=y_train.dtype)
    for i, row in enumerate(dists):
        counter = Counter(sorted(y_train[np.argsort(row)[:k]].tolist()))
        y_pred[i] = counter.most_common(1)[0][0]
    return y_pred
""",
        "a mask": """
def predict_labels(dists, y_train, k=1):
    kth = np.sort(dists, axis=1)[:, k - 1 : k]
    votes = np.stack([((dists <= kth) & (y_train == c)).sum(1) for c in range(y_train.max() + 1)])
    return votes.argmax(axis=0)
""",
    },
    "cross_validate": {
        "masks": """
def cross_validate(X, y, ks, folds=5):
    fold_of = np.concatenate([[f] * len(p) for f, p in enumerate(np.array_split(y, folds))])
    accuracies = {}
    for k in ks:
        accuracies[k] = []
        for f in range(folds):
            out = fold_of == f
            guess = predict_labels(distances_no_loops(X[out], X[~out]), y[~out], k)
            accuracies[k].append(np.mean(guess == y[out]))
    return accuracies
""",
        "all distances first": """
def cross_validate(X, y, ks, folds=5):
    dists = distances_no_loops(X, X)
    accuracies = {k: np.zeros(folds) for k in ks}
    for f, held_out in enumerate(np.array_split(np.arange(len(X)), folds)):
        rest = np.delete(np.arange(len(X)), held_out)
        for k in ks:
            y_pred = predict_labels(dists[np.ix_(held_out, rest)], y[rest], k)
            accuracies[k][f] = (y_pred == y[held_out]).sum() / len(held_out)
    return accuracies
""",
        "lists that lose one": """
def cross_validate(X, y, ks, folds=5):
    Xs, ys = np.array_split(X, folds), np.array_split(y, folds)
    accuracies = {}
    for f in range(folds):
        X_rest, y_rest = list(Xs), list(ys)
        X_out, y_out = X_rest.pop(f), y_rest.pop(f)
        dists = distances_two_loops(X_out, np.vstack(X_rest))
        for k in ks:
            right = predict_labels(dists, np.hstack(y_rest), k) == y_out
            accuracies.setdefault(k, []).append(right.mean())
    return accuracies
""",
        "its own distances": """
def cross_validate(X, y, ks, folds=5):
    parts = np.array_split(range(len(X)), folds)
    accuracies = {k: [] for k in ks}
    for part in parts:
        rest = [i for i in range(len(X)) if i not in set(part.tolist())]
        dists = np.sqrt(((X[part][:, None] - X[rest][None]) ** 2).sum(-1))
        for k in ks:
            accuracies[k].append(float(np.mean(predict_labels(dists, y[rest], k) == y[part])))
    return accuracies
""",
        "float32": """
def cross_validate(X, y, ks, folds=5):
    X = X.astype(np.float32)
    sizes = [len(X) // folds + (f < len(X) % folds) for f in range(folds)]
    ends = np.cumsum(sizes)
    accuracies = {int(k): [] for k in ks}
    for size, end in zip(sizes, ends):
        rest = np.r_[0 : end - size, end : len(X)]
        dists = distances_one_loop(X[end - size : end], X[rest])
        for k in ks:
            y_pred = predict_labels(dists, y[rest], k)
            accuracies[k].append(np.float32((y_pred == y[end - size : end]).mean()))
    return accuracies
""",
    },
}

MISTAKES = {
    "distances_two_loops": {
        "no root": Mistake("np.sqrt(np.sum((X[i] - X_train[j]) ** 2))", "np.sum((X[i] - X_train[j]) ** 2)"),
        "L1": Mistake("np.sqrt(np.sum((X[i] - X_train[j]) ** 2))", "np.sum(np.abs(X[i] - X_train[j]))"),
        "mean": Mistake("np.sum((X[i]", "np.mean((X[i]"),
        "sum before the square": Mistake("np.sum((X[i] - X_train[j]) ** 2)", "np.sum(X[i] - X_train[j]) ** 2"),
        "plus": Mistake("X[i] - X_train[j]", "X[i] + X_train[j]"),
        "the same image": Mistake("- X_train[j])", "- X_train[i])"),
        "indices swapped": Mistake("X[i] - X_train[j]", "X[min(j, len(X) - 1)] - X_train[i]"),
        "the last column left out": Mistake("range(len(X_train))", "range(len(X_train) - 1)"),
        "square": Mistake("range(len(X_train))", "range(len(X))"),
        "rounded": Mistake("np.sqrt(np.sum((X[i] - X_train[j]) ** 2))", "int(np.sqrt(np.sum((X[i] - X_train[j]) ** 2)))"),
        "the largest difference": Mistake("np.sqrt(np.sum((X[i] - X_train[j]) ** 2))", "np.max(np.abs(X[i] - X_train[j]))"),
        "the power 3": Mistake("** 2", "** 3"),
        "written into X": Mistake("            dists[i, j]", "            X[i] -= 0.5\n            dists[i, j]"),
        "one pixel": Mistake("(X[i] - X_train[j])", "(X[i, :1] - X_train[j, :1])"),
        "transposed": Mistake("return dists", "return dists.T"),
        "cosine": Mistake("np.sqrt(np.sum((X[i] - X_train[j]) ** 2))", "1 - X[i] @ X_train[j] / np.sqrt((X[i] @ X[i]) * (X_train[j] @ X_train[j]) + 1e-12)"),
    },
    "distances_one_loop": {
        "no root": Mistake("np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))", "np.sum((X_train - X[i]) ** 2, axis=1)"),
        "the wrong axis": Mistake("axis=1", "axis=0"),
        "no axis": Mistake(", axis=1", ""),
        "mean": Mistake("np.sum((X_train", "np.mean((X_train"),
        "L1": Mistake("np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))", "np.sum(np.abs(X_train - X[i]), axis=1)"),
        "plus": Mistake("X_train - X[i]", "X_train + X[i]"),
        "the first image": Mistake("- X[i])", "- X[0])"),
        "all images": Mistake("X_train - X[i]", "X_train - X.mean(axis=0)"),
        "a row too few": Mistake("range(len(X))", "range(len(X) - 1)"),
        "the root of each": Mistake("np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))", "np.sum(np.sqrt((X_train - X[i]) ** 2), axis=1)"),
        "a column": Mistake("dists[i] =", "dists[:, i] ="),
        "transposed": Mistake("return dists", "return dists.T"),
        "the largest difference": Mistake("np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))", "np.abs(X_train - X[i]).max(axis=1)"),
        "X_train changed": Mistake("        dists[i] = np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))", "        X_train -= X[i]\n        dists[i] = np.sqrt(np.sum(X_train**2, axis=1))"),
        "no last pixel": Mistake("(X_train - X[i])", "(X_train - X[i])[:, :-1]"),
    },
    "distances_no_loops": {
        "no clip": Mistake("np.maximum(squared, 0)", "squared"),
        "plus 2": Mistake("- 2 *", "+ 2 *"),
        "no 2": Mistake("- 2 *", "-"),
        "no root": Mistake("np.sqrt(np.maximum(squared, 0))", "np.maximum(squared, 0)"),
        "no test norms": Mistake("of_test - 2", "-2"),
        "no training norms": Mistake(" + of_train", ""),
        "norms without squares": Mistake("np.sum(X_train**2, axis=1)", "np.sum(X_train, axis=1)"),
        "rooted norms": Mistake("np.sum(X_train**2, axis=1)", "np.sqrt(np.sum(X_train**2, axis=1))"),
        "norms squared as a sum": Mistake("np.sum(X**2, axis=1, keepdims=True)", "np.sum(X, axis=1, keepdims=True) ** 2"),
        "training norms of the whole set": Mistake("np.sum(X_train**2, axis=1)", "np.sum(X_train**2)"),
        "the wrong way round": Mistake("X @ X_train.T", "(X_train @ X.T).reshape(len(X), -1)"),
        "transposed": Mistake("return dists", "return dists.T"),
        "absolute before adding": Mistake("- 2 * (X @ X_train.T)", "- 2 * np.abs(X @ X_train.T)"),
        "clip too high": Mistake("np.maximum(squared, 0)", "np.maximum(squared, 0.5)"),
        "a small number added": Mistake("np.maximum(squared, 0)", "np.maximum(squared, 0) + 1e-3"),
        "mean": Mistake("np.sum(X_train**2, axis=1)", "np.mean(X_train**2, axis=1)"),
        "X scaled in place": Mistake("    of_test =", "    X *= 1.0 + 1e-9\n    of_test ="),
    },
    "predict_labels": {
        "the farthest": Mistake("np.argsort(dists, axis=1)[:, :k]", "np.argsort(dists, axis=1)[:, -k:]"),
        "always one": Mistake("[:, :k]", "[:, :1]"),
        "one too many": Mistake("[:, :k]", "[:, : k + 1]"),
        "without the nearest": Mistake("[:, :k]", "[:, 1 : k + 1]"),
        "sorted over the images": Mistake("np.argsort(dists, axis=1)", "np.argsort(dists, axis=0)"),
        "indices for labels": Mistake("votes = y_train[nearest]", "votes = nearest"),
        "the mean label": Mistake("np.bincount(row).argmax()", "int(round(row.mean()))"),
        "the median label": Mistake("np.bincount(row).argmax()", "int(np.median(row))"),
        "the largest label wins": Mistake("np.bincount(row).argmax()", "np.flatnonzero(np.bincount(row) == np.bincount(row).max())[-1]"),
        "the nearest wins a tie": Mistake("np.bincount(row).argmax()", "max(row, key=list(row).count)"),
        "the count": Mistake("np.bincount(row).argmax()", "np.bincount(row).max()"),
        "the rarest": Mistake("np.bincount(row).argmax()", "np.bincount(row).argmin()"),
        "the smallest label": Mistake("np.bincount(row).argmax()", "row.min()"),
        "k fixed": Mistake("[:, :k]", "[:, :4]"),
        "dists sorted in place": Mistake("    nearest = np.argsort(dists, axis=1)[:, :k]", "    nearest = np.argsort(dists, axis=1)[:, :k]\n    dists.sort(axis=1)"),
        "one-hot": Mistake("return y_pred", "return np.eye(y_train.max() + 1)[y_pred]"),
        "labels from 1": Mistake("np.bincount(row).argmax()", "np.bincount(row)[1:].argmax() + 1 if row.max() else 0"),
        "one vote for all images": Mistake("for row in votes", "for row in [votes.ravel()] * len(votes)"),
    },
    "cross_validate": {
        "the held-out fold trains, too": Mistake("X_folds[:f] + X_folds[f + 1 :]", "X_folds"),
        "trained on the fold": Mistake(
            "        to_rest = distances_no_loops(X_folds[f], X_rest)",
            "        X_rest, y_rest = X_folds[f], y_folds[f]\n        to_rest = distances_no_loops(X_folds[f], X_rest)",
        ),
        "labels of all folds": Mistake("np.concatenate(y_folds[:f] + y_folds[f + 1 :])", "y[: len(X_rest)]"),
        "only the folds before": Mistake("X_folds[:f] + X_folds[f + 1 :]", "X_folds[:f] or X_folds[1:]"),
        "a fold lost": Mistake("range(folds)", "range(folds - 1)"),
        "shuffled": Mistake(
            "    X_folds, y_folds =",
            "    order = np.random.default_rng(0).permutation(len(X))\n    X, y = X[order], y[order]\n    X_folds, y_folds =",
        ),
        "every other one": Mistake(
            "np.array_split(X, folds), np.array_split(y, folds)",
            "[X[f::folds] for f in range(folds)], [y[f::folds] for f in range(folds)]",
        ),
        "the first k for all": Mistake("predict_labels(to_rest, y_rest, k)", "predict_labels(to_rest, y_rest, ks[0])"),
        "k left out": Mistake("predict_labels(to_rest, y_rest, k)", "predict_labels(to_rest, y_rest)"),
        "wrong ones counted": Mistake("== y_folds[f]", "!= y_folds[f]"),
        "counts, no shares": Mistake("right.mean()", "right.sum()"),
        "divided by all": Mistake("right.mean()", "right.sum() / len(X)"),
        "the mean alone": Mistake("return accuracies", "return {k: [float(np.mean(a))] * folds for k, a in accuracies.items()}"),
        "in percent": Mistake("float(right.mean())", "100 * float(right.mean())"),
        "accuracies of the last k": Mistake("accuracies[k].append", "accuracies[max(ks)].append"),
        "five folds always": Mistake("np.array_split(X, folds), np.array_split(y, folds)", "np.array_split(X, 5), np.array_split(y, 5)"),
        "one list for all": Mistake("{k: [] for k in ks}", "dict.fromkeys(ks, [])"),
        "the remainder cut off": Mistake("np.array_split(X, folds), np.array_split(y, folds)", "list(X[: len(X) // folds * folds].reshape(folds, -1, X.shape[1])), list(y[: len(X) // folds * folds].reshape(folds, -1))"),
        "folds reversed": Mistake("return accuracies", "return {k: a[::-1] for k, a in accuracies.items()}"),
    },
}  # fmt: skip

FORBIDDEN = {
    "distances_no_loops": {
        "loops": Mistake(
            "    dists = np.sqrt(np.maximum(squared, 0))",
            "    dists = np.array([[np.sqrt(((x - t) ** 2).sum()) for t in X_train] for x in X])",
        ),
        "one loop": Mistake(
            "    dists = np.sqrt(np.maximum(squared, 0))",
            "    dists = np.array([np.sqrt(((X_train - x) ** 2).sum(axis=1)) for x in X])",
        ),
        "all differences": Mistake(
            "    dists = np.sqrt(np.maximum(squared, 0))",
            "    dists = np.sqrt(((X[:, None] - X_train[None]) ** 2).sum(axis=2))",
        ),
        "scikit-learn": Mistake(
            "    dists = np.sqrt(np.maximum(squared, 0))",
            """
    from sklearn.metrics.pairwise import euclidean_distances

    dists = euclidean_distances(X, X_train)
""",
        ),
        "SciPy": Mistake(
            "    dists = np.sqrt(np.maximum(squared, 0))",
            """
    from scipy.spatial.distance import cdist

    dists = cdist(X, X_train)
""",
        ),
    },
    "predict_labels": {
        "scikit-learn": Mistake(
            "    y_pred = np.array([np.bincount(row).argmax() for row in votes])",
            """
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(k, metric="precomputed")
    y_pred = classifier.fit(np.zeros((len(y_train), len(y_train))), y_train).predict(dists)
""",
        ),
    },
}
