"""Other ways to write the functions of features: correct ones, and what students get wrong.

None of this is released. CORRECT has whole functions that were written without a look at the
solution. MISTAKES are edits of the solution.
"""

from grading.variants import Mistake

CORRECT = {
    "color_histogram": {
        "np.histogram": """
def color_histogram(images, bins):
    rows = []
    for image in images:
        row = [np.histogram(channel, bins=bins, range=(0, 1))[0] for channel in image]
        rows.append(np.concatenate(row) / image[0].size)
    return np.array(rows)
""",
        "loops": """
def color_histogram(images, bins):
    N, C, H, W = images.shape
    features = np.zeros((N, C * bins))
    for n in range(N):
        for c in range(C):
            for value in images[n, c].ravel():
                b = min(int(value * bins), bins - 1)
                features[n, c * bins + b] += 1 / (H * W)
    return features
""",
        "one-hot": """
def color_histogram(images, bins):
    which = np.floor(images * bins).astype(int).clip(max=bins - 1)
    hot = np.eye(bins)[which]
    return hot.mean(axis=(2, 3)).reshape(len(images), -1)
""",
        "bincount": """
def color_histogram(images, bins):
    N, C, H, W = images.shape
    b = np.minimum(images * bins, bins - 1).astype(int).reshape(N * C, H * W)
    places = b + bins * np.arange(N * C)[:, None]
    counts = np.bincount(places.ravel(), minlength=N * C * bins)
    return counts.reshape(N, C * bins) / (H * W)
""",
        "edges": """
def color_histogram(images, bins):
    features = []
    for b in range(bins):
        inside = images >= b / bins
        if b < bins - 1:
            inside = inside & (images < (b + 1) / bins)
        features.append(inside.sum(axis=(2, 3)) / (images.shape[2] * images.shape[3]))
    return np.moveaxis(np.array(features), 0, -1).reshape(len(images), -1)
""",
        "float32": """
def color_histogram(images, bins):
    which = np.minimum((images * bins).astype(np.int32), bins - 1)
    found = [(which == b).mean(axis=(2, 3), dtype=np.float32) for b in range(bins)]
    return np.stack(found, axis=-1).reshape(len(images), -1)
""",
    },
    "standardize": {
        "in loops": """
def standardize(train, *others):
    out = [np.array(a, dtype=np.float64) for a in (train, *others)]
    for f in range(train.shape[1]):
        m, s = np.mean(train[:, f]), np.std(train[:, f])
        for a in out:
            a[:, f] -= m
            if s > 0:
                a[:, f] /= s
    return tuple(out)
""",
        "by hand": """
def standardize(train, *others):
    m = train.sum(axis=0) / len(train)
    v = ((train - m) ** 2).sum(axis=0) / len(train)
    scale = np.ones_like(v)
    scale[v > 0] = 1 / np.sqrt(v[v > 0])
    return tuple((a - m) * scale for a in [train, *others])
""",
        "a function inside": """
def standardize(train, *others):
    middle = np.average(train, axis=0)
    spread = np.sqrt(np.var(train, axis=0))
    spread = spread + (spread == 0)

    def scaled(a):
        return np.divide(np.subtract(a, middle), spread)

    return (scaled(train), *map(scaled, others))
""",
        "a list": """
def standardize(train, *others):
    centred = train - train.mean(0)
    s = np.sqrt(np.einsum("nf,nf->f", centred, centred) / train.shape[0])
    s[s == 0] = 1.0
    return [(a - train.mean(0)) / s for a in (train,) + others]
""",
        "float32": """
def standardize(train, *others):
    arrays = [a.astype(np.float32) for a in (train, *others)]
    m, s = arrays[0].mean(axis=0), arrays[0].std(axis=0)
    s = np.where(s == 0, np.float32(1), s)
    return tuple((a - m) / s for a in arrays)
""",
    },
}

MISTAKES = {
    "color_histogram": {
        "1 beyond the last bin": Mistake("np.minimum((images * bins).astype(int), bins - 1)", "(images * bins).astype(int)"),
        "rounded": Mistake("(images * bins).astype(int)", "np.round(images * bins).astype(int)"),
        "rounded up": Mistake("(images * bins).astype(int)", "np.maximum(np.ceil(images * bins).astype(int) - 1, 0)"),
        "one bin less": Mistake("images * bins", "images * (bins - 1)"),
        "counts": Mistake(".mean(axis=(2, 3))", ".sum(axis=(2, 3))"),
        "over the channels, too": Mistake("(which == b).mean(axis=(2, 3))", "(which == b).mean(axis=(1, 2, 3))[:, None] * np.ones((1, C))"),
        "shares of all channels": Mistake(".mean(axis=(2, 3))", ".mean(axis=(2, 3)) / C"),
        "bins first": Mistake("axis=2)", "axis=1)"),
        "averaged over the images": Mistake("return features", "return np.tile(features.mean(axis=0), (N, 1))"),
        "the first channel alone": Mistake("return features", "return np.tile(features[:, :bins], (1, C))"),
        "images scaled by their largest": Mistake("(images * bins)", "(images / images.max() * bins)"),
        "each image scaled": Mistake("(images * bins)", "(images / images.max(axis=(1, 2, 3), keepdims=True) * bins)"),
        "values of 255": Mistake("(images * bins)", "(images / 255 * bins)"),
        "cumulative": Mistake("(which == b)", "(which <= b)"),
        "bins reversed": Mistake("for b in range(bins)]", "for b in range(bins)[::-1]]"),
        "one axis": Mistake(".mean(axis=(2, 3))", ".mean(axis=2).max(axis=2)"),
        "not in rows": Mistake(".reshape(N, C * bins)", ""),
        "scaled in place": Mistake("    which =", "    images *= 0.999\n    which ="),
        "normalised to length 1": Mistake("return features", "return features / np.linalg.norm(features, axis=1, keepdims=True)"),
        "a channel lost": Mistake("(which == b).mean(axis=(2, 3))", "(which[:, ::-1] == b).mean(axis=(2, 3))"),
    },
    "standardize": {
        "each by its own": Mistake(
            "(features - mean) / deviation for features",
            "(features - features.mean(axis=0)) / np.where(features.std(axis=0) == 0, 1, features.std(axis=0)) for features",
        ),
        "mean of all": Mistake("train.mean(axis=0), ", "np.concatenate((train, *others)).mean(axis=0), "),
        "deviation of all": Mistake("train.std(axis=0)", "np.concatenate((train, *others)).std(axis=0)"),
        "others by their own mean": Mistake("(features - mean)", "(features - features.mean(axis=0))"),
        "others left alone": Mistake("return tuple(scaled)", "return (scaled[0], *others)"),
        "division by 0": Mistake("    deviation = np.where(deviation == 0, 1, deviation)\n", ""),
        "a small number added": Mistake("np.where(deviation == 0, 1, deviation)", "deviation + 1e-3"),
        "constants lost": Mistake("np.where(deviation == 0, 1, deviation)", "np.where(deviation == 0, np.inf, deviation)"),
        "one mean": Mistake("train.mean(axis=0)", "train.mean()"),
        "one deviation": Mistake("train.std(axis=0)", "train.std()"),
        "over the features": Mistake("train.mean(axis=0), train.std(axis=0)", "train.mean(axis=1).mean() * np.ones(train.shape[1]), train.std(axis=0)"),
        "variance": Mistake("train.std(axis=0)", "train.var(axis=0)"),
        "divided by N - 1": Mistake("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
        "no mean": Mistake("(features - mean) / deviation", "features / deviation"),
        "no deviation": Mistake("(features - mean) / deviation", "(features - mean)"),
        "plus": Mistake("features - mean", "features + mean"),
        "from 0 to 1": Mistake("train.mean(axis=0), train.std(axis=0)", "train.min(axis=0), np.ptp(train, axis=0)"),
        "the median": Mistake("train.mean(axis=0)", "np.median(train, axis=0)"),
        "only the first of the others": Mistake("return tuple(scaled)", "return tuple(scaled[:2]) + others[1:]"),
        "in place": Mistake("    scaled =", "    train -= mean\n    mean = 0\n    scaled ="),
        "others swapped": Mistake("(train, *others)]", "(train, *others[::-1])]"),
    },
}  # fmt: skip
