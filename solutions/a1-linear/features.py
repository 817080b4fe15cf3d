# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Better features than pixels
#
# **Goal.** A linear classifier is no better than the numbers it is given. Replace the pixels by
# *features*, which say something about colours and edges, standardise them without cheating, and see
# what the same classifiers reach with them.
#
# **Time.** Two hours of work. Everything here runs in about a minute on two CPU cores; computing the
# features takes half of it.
#
# **What you need.** NumPy. It helps to know what a linear classifier and a network with two layers
# are; the notebooks `softmax` and `two_layer` build them. Here minpy computes their gradients.
#
# **Points.** 15 in all.
#
# | section | you write | points |
# |---|---|---:|
# | 3 | `color_histogram` | 4 |
# | 5 | `standardize` | 3 |
# | 6 | a search that finds a good linear classifier | 3 |
# | 7 | a search that finds a good network | 3 |
# | 8 | an answer to a question, in words | 2 |
#
# **What is graded.** The two functions, by checks like the ones you see here and by more of them on
# inputs that you do not see; the classifiers that you hand in as `features_linear.npz` and
# `features_network.npz`; and your answer, which a person reads. Write the functions with NumPy alone.

# %% [markdown]
# ## 1. Set-up
#
# A check follows each function that you write. It shows a card that says, for each result, how far
# it is from the expected one and, where it can, what kind of mistake that looks like. The value
# under the card is the number of points. Until you have written a function, its check says so.
#
# Stuck? `checks.hint("color_histogram")` gives a hint for that function; call it again for the next one.
# No hint shows code.

# %%
try:
    import numpy as np
    from checks import features as checks
    from IPython.display import display
    from tqdm.auto import tqdm

    import minpy
    import minpy.numpy as mnp
    from minpy import course, plotting
    from minpy.nn.layers import softmax_loss
except ModuleNotFoundError as missing:  # says in one line what to do
    wheel = '%pip install "minpy_edu-0.1.0-py3-none-any.whl[course]"'
    beside = "put the folder `checks` of the assignment beside this notebook"
    line = f"{missing.name} is missing: {beside if missing.name == 'checks' else 'run ' + wheel}"
    missing._render_traceback_ = lambda: [line]
    raise

size = course.chosen_size()  # "default"; or "tiny" (to try things), or "full"
name = course.best_data(size)  # or "digits", "fashion-mnist", "cifar10"

# %% [markdown]
# The switch `size` says how many images are used, and how long the training takes. The data set is
# the largest one on this machine: CIFAR-10, else Fashion-MNIST, else the small digits that come with
# scikit-learn. You may name another one; the required accuracy depends on it.

# %% [markdown]
# ## 2. The data
#
# Pixels go from 0 (dark) to 1 (bright) here. Fashion-MNIST and the digits have one channel, and
# CIFAR-10 has three: red, green and blue.

# %%
settings = checks.settings[name, size]
data = checks.load_images(name, size)
print(data)

display(
    plotting.image_grid(
        data.x_train[:20], data.y_train[:20], class_names=data.classes, columns=10, title=data.name
    )
)

# %% [markdown]
# What is wrong with pixels? Move a picture by two pixels, and nearly all of its numbers change,
# though for us nothing has. A *feature* is a number that stays nearly the same when it should, and
# changes when what the picture shows does. Before networks learnt their features themselves, people
# invented them, and two inventions still teach something: one looks at colours and forgets where
# they are, the other looks at edges and forgets their colours.

# %% [markdown]
# ## 3. How much of each colour
#
# Cut the range of values from 0 to 1 into $B$ bins of equal width, and count for each channel which
# share of its pixels falls into which bin:
#
# $$h_{ncb} = \frac{1}{H W} \sum_{ij} \Big[\; \frac{b}{B} \le x_{ncij} < \frac{b + 1}{B} \;\Big],
# \qquad b = 0, \dots, B - 1 .$$
#
# The last bin also includes 1. Written one after another, the histograms of the channels are $C B$
# features for each image: first those of channel 0, then those of channel 1, and so on. Each
# histogram sums to 1.
#
# **Your turn (4 points).** The number of a pixel's bin is $\lfloor x B \rfloor$, or $B - 1$ if that
# would be $B$. A loop over the bins is fine; one over the images or the pixels would be slow.


# %% nbgrader={"grade": false, "grade_id": "color_histogram", "locked": false, "schema_version": 3, "solution": true}
def color_histogram(images, bins):
    """Compute which share of the pixels of each channel falls into each bin.

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
        Values from 0 to 1, both included.
    bins : int
        The number of bins of equal width, B.

    Returns
    -------
    features : ndarray, shape (N, C * B)
        First the B shares of channel 0, which sum to 1, then those of channel 1, and so on.
    """
    ### BEGIN SOLUTION
    N, C = images.shape[:2]
    which = np.minimum((images * bins).astype(int), bins - 1)
    shares = [(which == b).mean(axis=(2, 3)) for b in range(bins)]
    features = np.stack(shares, axis=2).reshape(N, C * bins)
    ### END SOLUTION
    return features


# %% nbgrader={"grade": true, "grade_id": "check_color_histogram", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.color_histogram()

# %% [markdown]
# Here are four images with their histograms.

# %%
display(checks.draw_histograms(data.x_train[:4], color_histogram(data.x_train[:4], 10)))

# %% [markdown]
# ## 4. Which way the edges run
#
# The *histogram of oriented gradients*, or HOG (Dalal and Triggs, *Histograms of oriented gradients
# for human detection*, 2005), looks at edges. It computes at each pixel how fast the brightness
# changes, and in which direction. Then it cuts the image into small *cells*, and counts for each cell
# how much of an edge runs in each of nine directions. At last neighbouring cells are scaled
# together, so that a shadow across the picture does not matter.
#
# scikit-image computes it for us. Below, each cell of an image is drawn as a star: a long ray means
# that the cell has strong edges in this direction.

# %%
display(checks.draw_hog(data.x_train[:6], name))

# %% [markdown]
# For each image the two kinds of features are put into one row.


# %%
def features_of(images):
    """Return the features of images: edges, then colours; shape (N, F)."""
    return np.hstack([checks.hog_features(images, name), color_histogram(images, checks.BINS)])


raw_train, raw_val = features_of(data.x_train), features_of(data.x_val)
print(f"{data.x_train[0].size} pixels become {raw_train.shape[1]} features")

# %% [markdown]
# ## 5. Put them on one scale
#
# The features have very different sizes: some vary by 0.5, others by 0.001. Gradient descent has one
# learning rate for all of them, so it would hardly use the small ones. *Standardise* them: subtract
# from each feature its mean $\mu_f$, and divide by its standard deviation $\sigma_f$,
#
# $$z_{nf} = \frac{x_{nf} - \mu_f}{\sigma_f}, \qquad
# \mu_f = \frac{1}{N} \sum_n x_{nf}, \qquad
# \sigma_f^2 = \frac{1}{N} \sum_n (x_{nf} - \mu_f)^2 .$$
#
# **Which images are $\mu$ and $\sigma$ computed from?** The training images alone, and the same two
# are used for all the others. If the validation and test images had a say in them, something about
# the test would *leak* into the training. Here it would be little, but the habit is what counts: with
# a feature that is rare, or with few images, leaks make results look better than they are. They
# would also be of no use, because in real life the images to be classified come one by one.
#
# A feature that is the same in all training images has $\sigma_f = 0$. Do not divide it by 0:
# subtract its mean, and leave it at that.
#
# **Your turn (3 points).**


# %% nbgrader={"grade": false, "grade_id": "standardize", "locked": false, "schema_version": 3, "solution": true}
def standardize(train, *others):
    """Shift and scale features such that those of the training images have mean 0 and deviation 1.

    Parameters
    ----------
    train : ndarray, shape (N, F)
        The features of the training images.
    *others : ndarray, shape (M, F)
        Those of other images, as many arrays as you like.

    Returns
    -------
    tuple of ndarray
        All the arrays, in their order, shifted and scaled alike: by the mean and the standard
        deviation of each feature over `train`. A feature that is constant there is only shifted.
    """
    ### BEGIN SOLUTION
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    scaled = [(features - mean) / deviation for features in (train, *others)]
    ### END SOLUTION
    return tuple(scaled)


# %% nbgrader={"grade": true, "grade_id": "check_standardize", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.standardize()

# %% [markdown]
# The grader will need the same shift and scale, to try your classifiers on images that you do not
# have. Standardising is the same for every image, $z = \text{scale} \cdot x + \text{shift}$, so what
# it does to a row of zeros and to a row of ones says everything about it.

# %%
ones = np.ones((1, raw_train.shape[1]), raw_train.dtype)
x_train, x_val, at_zero, at_one = standardize(raw_train, raw_val, 0 * ones, ones)
scaling = {"scale": (at_one - at_zero)[0], "shift": at_zero[0]}
print(f"training: mean {x_train.mean():.3f}, standard deviation {x_train.std():.3f}")
print(f"validation: mean {x_val.mean():.3f}, standard deviation {x_val.std():.3f}")

# %% [markdown]
# ## 6. A linear classifier on features
#
# The training is given. It minimises the cross-entropy of the softmax, plus $\frac{\lambda}{2} \sum
# W^2$, by gradient descent with momentum, and minpy differentiates the loss: the functions below
# have no backward pass.


# %%
def linear_scores(params, x):
    """Return the scores of a linear classifier, shape (N, C)."""
    return x @ params["W"] + params["b"]


def net_scores(params, x):
    """Return the scores of a network with a hidden layer, shape (N, C)."""
    active = mnp.maximum(0, x @ params["W1"] + params["b1"])
    return active @ params["W2"] + params["b2"]


def init(inputs, outputs, hidden=None, seed=0):
    """Return the parameters of a linear classifier, or of a network with `hidden` units."""
    rng = np.random.default_rng(seed)

    def layer(D, M):
        return rng.normal(0, np.sqrt(2 / D), (D, M)).astype(np.float32), np.zeros(M, np.float32)

    if hidden is None:
        W, b = layer(inputs, outputs)
        return {"W": W, "b": b}
    (W1, b1), (W2, b2) = layer(inputs, hidden), layer(hidden, outputs)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def accuracy(scores, params, x, y):
    """Return the share of images for which the class with the largest score is the true one."""
    return float((np.asarray(scores(params, x)).argmax(axis=1) == y).mean())


def train(scores, params, x, x_val, *, learning_rate, reg, epochs, batch_size=100, show=True):
    """Train a classifier on `x`, and show how it goes.

    Parameters
    ----------
    scores : callable
        `linear_scores` or `net_scores`.
    params : dict of ndarray
        Where to start.
    x, x_val : ndarray, shape (N, F)
        Features of the first N training images, and of the validation images.
    learning_rate, reg : float
        The learning rate falls by 10% after each epoch.
    epochs, batch_size : int
    show : bool
        Whether to show a progress bar and live curves.

    Returns
    -------
    params : dict of ndarray
    history : dict of list
        "loss" of each step; "train" and "val", the accuracies after each epoch.
    """

    def loss(params, x, y):
        weights = [value for name, value in params.items() if name.startswith("W")]
        return softmax_loss(scores(params, x), y) + reg / 2 * sum((w * w).sum() for w in weights)

    y = data.y_train[: len(x)]
    loss_and_gradients = minpy.value_and_grad(loss)
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    history = {"loss": [], "train": [], "val": []}
    rng = np.random.default_rng(0)
    live = course.LiveCurves()
    for epoch in tqdm(range(epochs), desc="epochs", disable=not show):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            value, grads = loss_and_gradients(params, x[batch], y[batch])
            for key in params:
                velocity[key] = 0.9 * velocity[key] - learning_rate * np.asarray(grads[key])
            params = {key: params[key] + velocity[key] for key in params}
            history["loss"].append(float(value))
        history["train"].append(accuracy(scores, params, x[:1000], y[:1000]))
        history["val"].append(accuracy(scores, params, x_val, data.y_val))
        learning_rate *= 0.9
        if show:
            live.show(history, last=epoch == epochs - 1)
    return params, history


# %% [markdown]
# First the step of the *sanity ladder* that catches most mistakes: a few images must be learnt by
# heart. All of the 50 must be correct in the end.

# %%
few = init(x_train.shape[1], len(data.classes))
for _ in range(3):
    few, history = train(
        linear_scores, few, x_train[:50], x_val, learning_rate=0.01, reg=0.0, epochs=20, show=False
    )
print(f"correct: {history['train'][-1]:.0%} of the 50 images, {history['val'][-1]:.0%} of others")

# %% [markdown]
# And once with all images, with numbers that are a decent start.

# %% tags=["training"]
start = init(x_train.shape[1], len(data.classes))
linear, history = train(
    linear_scores, start, x_train, x_val, learning_rate=0.003, reg=0.01, epochs=settings["epochs"]
)
print(f"validation accuracy {history['val'][-1]:.1%}")

# %% [markdown]
# **Your turn (3 points).** Search: in each round, choose a learning rate and a `reg`, train with
# `show=False`, and append `(learning_rate, reg, validation accuracy)` to `trials`. Keep the
# parameters with the best validation accuracy in `best_linear`. You may change the number of rounds
# and of epochs. The points here and in the next section are for the accuracy on images that the
# classifier has not seen:
#
# | data | linear | network |
# |---|---:|---:|
# | digits | 91% | 91% |
# | Fashion-MNIST | 82% | 83% |
# | CIFAR-10 | 45% | 47% |
#
# At the size `tiny` it is 75%, whatever the data.

# %% nbgrader={"grade": false, "grade_id": "search_linear", "locked": false, "schema_version": 3, "solution": true} tags=["training"]
rng = np.random.default_rng(0)
trials, best_linear, best_accuracy = [], None, -1.0
for _ in tqdm(range(settings["rounds"]), desc="classifiers"):
    ### BEGIN SOLUTION
    drawn = {"learning_rate": 10 ** rng.uniform(-3.5, -1.5), "reg": 10 ** rng.uniform(-4, -0.5)}
    fresh = init(x_train.shape[1], len(data.classes))
    tried, history = train(
        linear_scores, fresh, x_train, x_val, **drawn, epochs=settings["epochs"], show=False
    )
    trials.append((drawn["learning_rate"], drawn["reg"], history["val"][-1]))
    if history["val"][-1] > best_accuracy:
        best_linear, best_accuracy = tried, history["val"][-1]
    ### END SOLUTION

print(f"the best of {len(trials)} has a validation accuracy of {best_accuracy:.1%}")
display(course.draw_trials(trials))

# %% [markdown]
# Save it, with the scaling of its features. The file is part of what you hand in.

# %% tags=["training"]
checks.linear_file.save(best_linear and {**scaling, **best_linear}, name, size)

# %% nbgrader={"grade": true, "grade_id": "check_trained_linear", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.trained_linear()

# %% [markdown]
# ## 7. A network on features
#
# A hidden layer can combine features: an edge *here* together with that colour *there*.
#
# **Your turn (3 points).** Search again, now with `net_scores`, and with `init(..., hidden=...)`.
# The learning rates that work are others. Keep the best network in `best_network`.

# %% nbgrader={"grade": false, "grade_id": "search_network", "locked": false, "schema_version": 3, "solution": true} tags=["training"]
rng = np.random.default_rng(0)
trials, best_network, best_accuracy = [], None, -1.0
for _ in tqdm(range(settings["networks"]), desc="networks"):
    ### BEGIN SOLUTION
    drawn = {"learning_rate": 10 ** rng.uniform(-2.2, -1.4), "reg": 10 ** rng.uniform(-4, -2)}
    fresh = init(x_train.shape[1], len(data.classes), hidden=settings["hidden"])
    tried, history = train(
        net_scores, fresh, x_train, x_val, **drawn, epochs=settings["epochs"], show=False
    )
    trials.append((drawn["learning_rate"], drawn["reg"], history["val"][-1]))
    if history["val"][-1] > best_accuracy:
        best_network, best_accuracy = tried, history["val"][-1]
    ### END SOLUTION

print(f"the best of {len(trials)} has a validation accuracy of {best_accuracy:.1%}")
display(course.draw_trials(trials))

# %% tags=["training"]
checks.network_file.save(best_network and {**scaling, **best_network}, name, size)

# %% nbgrader={"grade": true, "grade_id": "check_trained_network", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.trained_network()

# %% [markdown]
# ## 8. What did the features gain?
#
# Train the same two classifiers on the pixels, with the hyperparameters from above, and compare
# them with those you saved.

# %% tags=["training"]
pixels_train, pixels_val = standardize(
    data.x_train.reshape(len(data.x_train), -1), data.x_val.reshape(len(data.x_val), -1)
)
linear_saved = checks.linear_file.load(name).params
network_saved = checks.network_file.load(name).params
reached = {}
for title, scores, hidden, best in (
    ("linear", linear_scores, None, linear_saved),
    ("network", net_scores, settings["hidden"], network_saved),
):
    start = init(pixels_train.shape[1], len(data.classes), hidden)
    _, history = train(
        scores,
        start,
        pixels_train,
        pixels_val,
        learning_rate=0.003,
        reg=0.01,
        epochs=settings["epochs"],
        show=False,
    )
    reached[title] = (max(history["val"]), accuracy(scores, best, x_val, data.y_val))
    print(f"{title:8} pixels {reached[title][0]:.1%}, features {reached[title][1]:.1%}")
display(checks.draw_reached(reached))

# %% [markdown]
# Look at the mistakes of the network on features. Each row has images that were given the class at
# its left and belong to another one, which is written above.

# %% tags=["training"]
y_pred = np.asarray(net_scores(network_saved, x_val)).argmax(axis=1)
display(checks.draw_wrong(data, y_pred))

# %% [markdown]
# **Question (2 points).** Do the mistakes make sense? Choose two of them, and explain each by what
# the features can see, edges in cells and shares of colours, and what they cannot. Then name one
# change to an image which leaves the colour histogram as it is and changes HOG, and one the other
# way round.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_mistakes", "locked": false, "points": 2, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# Many do. An aeroplane before the sky and a ship on the sea are both long dark things with
# horizontal edges on much blue; a deer and a horse have legs (vertical edges) on green and brown;
# a shirt and a coat have the same outline. The features do not see what is inside an outline, how
# parts belong together, or what is small. Turning an image by 180 degrees, or shuffling its blocks,
# leaves the histogram and changes HOG; a change of all colours, red for blue, say, with the same
# brightness, changes the histogram and leaves HOG, which looks at brightness alone. (Half a point for
# each mistake that is explained by the features, half a point for each change.)
# ### END SOLUTION

# %% [markdown]
# ## 9. Hand in, and go on
#
# At the very end, and only once, look at the test images.

# %% tags=["training"]
x_test = features_of(data.x_test) * scaling["scale"] + scaling["shift"]
for title, scores, best in (
    ("linear", linear_scores, linear_saved),
    ("network", net_scores, network_saved),
):
    print(f"{title}: test accuracy {accuracy(scores, best, x_test, data.y_test):.1%}")

# %% [markdown]
# **Hand in** this notebook, `features_linear.npz` and `features_network.npz`. Before you do, restart
# the kernel and run all cells: what works only in the order in which you happened to run the cells
# does not work.
#
# **Further.** Leave out the colours, then HOG: which of the two carries more? Compute the histograms
# in four quarters of the image, so that a blue sky counts only when it is above. Give the
# nearest-neighbour classifier of the notebook `knn` features in place of pixels. And then ask the
# question that started deep learning: why should *we* choose the features?
#
# **Sources.** Stanford's [CS231n](https://cs231n.github.io/), whose first assignment ends with this
# task. M. Swain and D. Ballard, *Color indexing* (1991). N. Dalal and B. Triggs, *Histograms of
# oriented gradients for human detection* (2005). scikit-image's
# [`hog`](https://scikit-image.org/docs/stable/api/skimage.feature.html#skimage.feature.hog).
