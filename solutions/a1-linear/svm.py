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
# # A linear classifier with the hinge loss
#
# **Goal.** Build the first classifier that *learns*: a support vector machine for several classes.
# You write its loss and the gradient, slowly and then fast, minimise it by stochastic gradient
# descent, choose its hyperparameters, and look at what it has learnt.
#
# **Time.** Three to four hours of work. On two CPU cores the training and the search take less than
# a minute in all.
#
# **What you need.** NumPy, matrix products and derivatives. The notebook `knn` is no requirement.
#
# **Points.** 20 in all.
#
# | section | you write | points |
# |---|---|---:|
# | 4 | `svm_loss_naive` | 4 |
# | 5 | `svm_loss_vectorized` | 5 |
# | 6 | `train_linear` | 3 |
# | 7 | `predict_linear` | 1 |
# | 8 | a search that finds good weights | 4 |
# | 4, 8 | answers to two questions, in words | 3 |
#
# **What is graded.** The functions, by checks like the ones you see here and by more of them on
# inputs that you do not see; the weights that you hand in as `svm.npz`; and your two answers, which
# a person reads. Write with NumPy alone. `minpy.grad` is switched off while a gradient is graded,
# and finite differences are detected: deriving it *is* the task. A Python loop in
# `svm_loss_vectorized` over the images earns nothing.

# %% [markdown]
# ## 1. Set-up
#
# A check follows each function that you write. It shows a card that says, for each result, how far
# it is from the expected one and, where it can, what kind of mistake that looks like. The value
# under the card is the number of points. Until you have written a function, its check says so.
#
# Stuck? `checks.hint("svm_loss_naive")` gives a hint for that function; call it again for the next one.
# No hint shows code.

# %%
try:
    import time

    import numpy as np
    from checks import svm as checks
    from IPython.display import display
    from tqdm.auto import tqdm

    from minpy import course, plotting
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
# The images are in three parts. The classifier learns from the *training* images. The *validation*
# images decide between classifiers. The *test* images are looked at once, at the very end, because
# whatever helps to make a decision can no longer measure how good it was.

# %%
settings = checks.settings[name, size]
data = course.load_images(name, settings)
print(data)

display(
    plotting.image_grid(
        data.x_train[:20], data.y_train[:20], class_names=data.classes, columns=10, title=data.name
    )
)

# %% [markdown]
# ## 3. One template for each class
#
# A *linear* classifier gives each class a score, which is a weighted sum of the pixels plus a
# number of its own:
#
# $$s_c = \sum_d x_d\, W_{dc} + b_c .$$
#
# Column $c$ of $W$ has a weight for each pixel, so it is itself an image: a *template*. The score is
# large where the image is bright and the template positive, and where the image is dark and the
# template negative. The class with the largest score is the answer.
#
# It is a nuisance to carry $b$ along. Give every image one more number which is always 1; then its
# weights are $b$, and the formula is just $s = x W$. This is the *bias trick*.


# %%
def with_ones(images):
    """Return images as rows of pixels, each with a 1 at its end; shape (N, D)."""
    rows = images.reshape(len(images), -1)
    return np.hstack([rows, np.ones((len(rows), 1), rows.dtype)])


X_train, y_train = with_ones(data.x_train), data.y_train
X_val, y_val = with_ones(data.x_val), data.y_val
D, C = X_train.shape[1], len(data.classes)
print(f"X_train {X_train.shape}, X_val {X_val.shape}: D = {D}, C = {C}")

# %% [markdown]
# | | shape | what it is |
# |---|---|---|
# | $X$ | $(N, D)$ | $N$ images, one in each row, with a 1 at its end |
# | $y$ | $(N,)$ | their classes, from $0$ to $C - 1$ |
# | $W$ | $(D, C)$ | one template in each column; the last row is the bias |
# | $S = X W$ | $(N, C)$ | the scores |

# %% [markdown]
# ## 4. The hinge loss
#
# Which $W$ is good? The *multiclass support vector machine* (Weston and Watkins, 1999) wants the
# score of the true class $y_n$ to be larger than that of every other class, and by a *margin*: by
# at least 1. A class $c$ that comes closer costs as much as it is too close:
#
# $$L_n = \sum_{c \ne y_n} \max\big(0,\; \underbrace{s_{nc} - s_{n y_n} + 1}_{m_{nc}}\big),
# \qquad
# L = \frac{1}{N} \sum_n L_n + \frac{\lambda}{2} \sum_{dc} W_{dc}^2 .$$
#
# Drawn over $m$, $\max(0, m)$ looks like an open door, hence *hinge* loss. The second term is the
# *L2 regularisation*. Twice the weights give twice the margins, so without it nothing would stop the
# weights from growing; $\lambda$, called `reg`, says how much we want them small. (The half is there
# to make the derivative pretty.)
#
# **What to expect.** With tiny weights all scores are nearly 0, so each of the $C - 1$ wrong classes
# costs 1. The first loss must be close to $C - 1$, which is 9 here.
#
# **The gradient.** Take one image $n$ and one wrong class $c$ with $m_{nc} > 0$. Its term is
# $s_{nc} - s_{n y_n} + 1$, where $s_{nc} = \sum_d x_{nd} W_{dc}$. Which weights occur in it? Those of
# column $c$, with the factor $+x_{nd}$; and those of column $y_n$, with the factor $-x_{nd}$:
#
# $$\frac{\partial\, m_{nc}}{\partial W_{dc}} = x_{nd}, \qquad
#   \frac{\partial\, m_{nc}}{\partial W_{d y_n}} = -x_{nd} .$$
#
# A class with $m_{nc} < 0$ costs nothing, and moving the weights a little changes nothing. At
# $m_{nc} = 0$ there is a kink, and no derivative. Everybody takes 0 there, and so shall we.
#
# In words: *every wrong class that is too close has the image added to its column; for each of
# them, the image is subtracted from the column of the true class.* Then comes the mean over the
# images, and the part of the regularisation, which you can derive yourself.
#
# **Your turn (4 points).** Write it with a loop over the images and a loop over the classes.


# %% nbgrader={"grade": false, "grade_id": "svm_loss_naive", "locked": false, "schema_version": 3, "solution": true}
def svm_loss_naive(W, X, y, reg):
    """Compute the hinge loss of a linear classifier and its gradient, with loops.

    Parameters
    ----------
    W : ndarray, shape (D, C)
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
        The true classes, from 0 to C - 1.
    reg : float
        How strong the L2 regularisation is.

    Returns
    -------
    loss : float
    dW : ndarray, shape (D, C)
        The gradient of the loss with respect to W.
    """
    loss, dW = 0.0, np.zeros_like(W)
    ### BEGIN SOLUTION
    for n in range(len(X)):
        scores = X[n] @ W
        for c in range(W.shape[1]):
            if c == y[n]:
                continue
            margin = scores[c] - scores[y[n]] + 1
            if margin > 0:
                loss += margin
                dW[:, c] += X[n]
                dW[:, y[n]] -= X[n]
    loss = loss / len(X) + reg / 2 * np.sum(W * W)
    dW = dW / len(X) + reg * W
    ### END SOLUTION
    return loss, dW


# %% nbgrader={"grade": true, "grade_id": "check_svm_loss_naive", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.svm_loss_naive()

# %% [markdown]
# How can the check know the right gradient? It moves each number of `W` a little, up and down, and
# watches your own loss:
#
# $$\frac{\partial L}{\partial W_i} \approx \frac{L(W_i + \epsilon) - L(W_i - \epsilon)}{2\epsilon} .$$
#
# Before anything is trained, climb the first step of the *sanity ladder*: is the first loss what it
# must be?

# %%
rng = np.random.default_rng(231)
W = 1e-4 * rng.standard_normal((D, C)).astype(X_train.dtype)
first_loss, _ = svm_loss_naive(W, X_train[:100], y_train[:100], 0.0)
print(f"first loss {first_loss:.4f}; expected {C - 1:.4f}")

# %% [markdown]
# **Question 1 (2 points).** Once in a while a gradient check of the hinge loss fails in one number,
# although the code is right. Explain how: take a single term $\max(0, m)$ whose $m$ is a little
# below 0, closer than the step $\epsilon$ by which the check moves it. What does the formula with
# $\epsilon$ give, and what is the true derivative? How large can the error get, as a multiple of
# the true slope on the other side? Does a smaller $\epsilon$ help?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_hinge", "locked": false, "points": 2, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# At m = 0 the loss has a kink: its slope is 0 on the left and 1 on the right. With -ε < m < 0 the
# true derivative is 0. The step up leads to max(0, m + ε) = m + ε, the step down to 0, and the
# formula gives (m + ε) / 2ε. That is a number between 0 (at m = -ε) and 1/2 (as m approaches 0).
# So the error of one term is at most half of the slope on the other side: half of x. It does not
# become smaller with ε; the *chance* that some m is within ε of 0 does, so a smaller ε helps, until
# rounding gets in its way. (A point for the two values, half a point for the bound of one half, and
# half a point for what a smaller ε does.)
# ### END SOLUTION

# %% [markdown]
# ## 5. The same without loops
#
# For thousands of images the loops are too slow. Let us think in whole matrices. The scores are one
# matrix product, $S = XW$. The margins are a matrix, too:
#
# $$M_{nc} = S_{nc} - S_{n y_n} + 1 \quad (c \ne y_n), \qquad M_{n y_n} = 0 .$$
#
# To pick $S_{n y_n}$ for all $n$ at once, index with two arrays: `S[np.arange(N), y]`.
#
# For the gradient, look at what the loops did with one image: they added it to some columns of `dW`
# and subtracted it from one. How *often* it was added to column $c$ is a number $G_{nc}$:
#
# $$G_{nc} = \begin{cases}
#     1 & c \ne y_n,\; M_{nc} > 0 \\
#     0 & c \ne y_n,\; M_{nc} \le 0 \\
#     -(\text{number of } c \text{ with } M_{nc} > 0) & c = y_n ,
# \end{cases}
# \qquad
# \frac{\partial L}{\partial W_{dc}} = \frac{1}{N} \sum_n x_{nd}\, G_{nc} + \lambda W_{dc} .$$
#
# The sum over $n$ is a matrix product again; the shapes tell which.
#
# **Your turn (5 points).** No loop over the images, and you need none over the classes.


# %% nbgrader={"grade": false, "grade_id": "svm_loss_vectorized", "locked": false, "schema_version": 3, "solution": true}
def svm_loss_vectorized(W, X, y, reg):
    """Compute the hinge loss of a linear classifier and its gradient, without loops.

    Parameters
    ----------
    W : ndarray, shape (D, C)
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    reg : float

    Returns
    -------
    loss : float
    dW : ndarray, shape (D, C)
    """
    ### BEGIN SOLUTION
    N = len(X)
    rows = np.arange(N)
    scores = X @ W
    margins = scores - scores[rows, y][:, None] + 1
    margins[rows, y] = 0
    loss = np.maximum(margins, 0).sum() / N + reg / 2 * np.sum(W * W)
    times = (margins > 0).astype(X.dtype)
    times[rows, y] = -times.sum(axis=1)
    dW = X.T @ times / N + reg * W
    ### END SOLUTION
    return loss, dW


# %% nbgrader={"grade": true, "grade_id": "check_svm_loss_vectorized", "locked": true, "points": 5, "schema_version": 3, "solution": false}
checks.svm_loss_vectorized()

# %% [markdown]
# Both compute the same numbers, and not in the same time.

# %%
few = X_train[:500], y_train[:500]
results = {}
for function in (svm_loss_naive, svm_loss_vectorized):
    start = time.perf_counter()
    results[function.__name__] = function(W, *few, 0.1)
    print(f"{function.__name__:20} {1000 * (time.perf_counter() - start):8.2f} ms")

(slow_loss, slow_dW), (fast_loss, fast_dW) = results.values()
print(f"difference of the losses: {abs(slow_loss - fast_loss):.0e}")
print(f"largest difference of dW: {abs(slow_dW - fast_dW).max():.0e}")

# %% [markdown]
# ## 6. Learning
#
# The gradient points uphill, so we take a step the other way, and again, and again:
#
# $$W \leftarrow W - \eta\, \nabla_W L .$$
#
# $\eta$ is the *learning rate*. To compute the gradient on all images for each step would be waste:
# a *batch* of some hundred images, drawn at random, gives nearly the same direction at a hundredth of
# the cost. This is *stochastic gradient descent* (Robbins and Monro, 1951). The function below cuts
# the training images into such batches, in a new order each time.


# %%
def draw_batches(N, batch_size, rng):
    """Return the numbers 0 to N - 1 in random order, cut into arrays of `batch_size`."""
    order = rng.permutation(N)
    return [order[start : start + batch_size] for start in range(0, N, batch_size)]


# %% [markdown]
# **Your turn (3 points).** Go through the batches in order, and make one step for each. Return the
# new weights, and the loss of each batch *before* its step. Leave the `W` you were given as it is.
# The loss function is an argument, so that other losses can use your function, too: call it as
# `loss_function(W, X, y, reg)`, with the images and classes of the batch.


# %% nbgrader={"grade": false, "grade_id": "train_linear", "locked": false, "schema_version": 3, "solution": true}
def train_linear(loss_function, W, X, y, batches, learning_rate, reg):
    """Make one step of gradient descent for each batch.

    Parameters
    ----------
    loss_function : callable
        Called as loss_function(W, X, y, reg), it returns the loss and its gradient, shape (D, C).
    W : ndarray, shape (D, C)
        Where to start.
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    batches : sequence of ndarray of int
        For each step, which images it uses.
    learning_rate, reg : float

    Returns
    -------
    W : ndarray, shape (D, C)
        The weights after the last step.
    losses : list of float
        The loss of each batch, before its step.
    """
    losses = []
    ### BEGIN SOLUTION
    for batch in batches:
        loss, dW = loss_function(W, X[batch], y[batch], reg)
        W = W - learning_rate * dW
        losses.append(loss)
    ### END SOLUTION
    return W, losses


# %% nbgrader={"grade": true, "grade_id": "check_train_linear", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.train_linear()

# %% [markdown]
# ## 7. Predict, and train
#
# To classify an image we need no loss, only its scores.
#
# **Your turn (1 point).** Return the class with the largest score.


# %% nbgrader={"grade": false, "grade_id": "predict_linear", "locked": false, "schema_version": 3, "solution": true}
def predict_linear(W, X):
    """Predict the class of each image: the one with the largest score.

    Parameters
    ----------
    W : ndarray, shape (D, C)
    X : ndarray, shape (N, D)

    Returns
    -------
    y_pred : ndarray of int, shape (N,)
    """
    ### BEGIN SOLUTION
    y_pred = (X @ W).argmax(axis=1)
    ### END SOLUTION
    return y_pred


# %% nbgrader={"grade": true, "grade_id": "check_predict_linear", "locked": true, "points": 1, "schema_version": 3, "solution": false}
checks.predict_linear()

# %% [markdown]
# The rest of the loop is given: it goes through the data several times, in *epochs*, with a learning
# rate that falls, and shows how it goes.


# %%
def train(X, y, *, learning_rate, reg, epochs, batch_size=200, seed=0, show=True):
    """Train a linear classifier, and show how it goes.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    learning_rate, reg : float
        The learning rate falls by 10% after each epoch.
    epochs, batch_size, seed : int
    show : bool
        Whether to show a progress bar and live curves.

    Returns
    -------
    W : ndarray, shape (D, C)
    history : dict of list
        "loss" of each step; "train" and "val", the accuracies after each epoch.
    """
    rng = np.random.default_rng(seed)
    W = 1e-4 * rng.standard_normal((X.shape[1], C)).astype(X.dtype)
    history = {"loss": [], "train": [], "val": []}
    live = course.LiveCurves()
    for epoch in tqdm(range(epochs), desc="epochs", disable=not show):
        batches = draw_batches(len(X), batch_size, rng)
        W, losses = train_linear(svm_loss_vectorized, W, X, y, batches, learning_rate, reg)
        history["loss"] += map(float, losses)
        history["train"].append(float((predict_linear(W, X[:1000]) == y[:1000]).mean()))
        history["val"].append(float((predict_linear(W, X_val) == y_val).mean()))
        learning_rate *= 0.9
        if show:
            live.show(history, last=epoch == epochs - 1)
    return W, history


# %% [markdown]
# **The next step of the ladder: overfit 50 images.** There are more weights than images, so a
# linear classifier can learn them by heart. Without regularisation the loss must fall to nearly 0.
# If it cannot do even that, there is no point in going on.

# %%
_, history = train(
    X_train[:50], y_train[:50], learning_rate=0.1, reg=0.0, epochs=100, batch_size=10
)
print(f"loss {history['loss'][0]:.3f} at first, {np.mean(history['loss'][-5:]):.4f} at last")
print(f"correct: {history['train'][-1]:.0%} of the 50 images, {history['val'][-1]:.0%} of others")

# %% [markdown]
# **Then train.** These numbers are a decent start for all the data sets, and no more than that.

# %% tags=["training"]
W, history = train(X_train, y_train, learning_rate=1e-3, reg=1e-2, epochs=settings["epochs"])
print(f"validation accuracy {history['val'][-1]:.1%}")

# %% [markdown]
# Does the loss still fall at the end? Then more epochs, or a larger learning rate, would help. Does
# it jump about? The learning rate is too large. Are the two accuracies close to each other, and both
# low? Then the classifier is too simple for the task, and no hyperparameter will change that.
#
# **What did it learn?** Each column of $W$, without its bias, is an image of the size of the others.
# In grey or white areas the weights are near 0.

# %% tags=["training"]
display(
    plotting.weight_images(
        W[:-1],
        data.x_train.shape[1:],
        labels=data.classes,
        columns=5,
        title="one template for each class",
    )
)

# %% [markdown]
# ## 8. Find good weights
#
# Learning rate and regularisation are *hyperparameters*: somebody has to choose them. Both act by
# factors, so try them on a logarithmic scale: $10^u$, with $u$ drawn uniformly (Bergstra and Bengio,
# *Random search for hyper-parameter optimization*, 2012) or from a grid. The range that works is
# wide for one of them and narrow for the other; you will soon see which.
#
# **Your turn (4 points).** In each round, choose a learning rate and a `reg`, train with
# `show=False`, and append `(learning_rate, reg, validation accuracy)` to `trials`. Keep the weights
# with the best validation accuracy in `best`. You may change the number of rounds and of epochs. The
# points are for the accuracy of `best` on images that it has not seen:
#
# | data | required accuracy |
# |---|---:|
# | digits | 90% |
# | Fashion-MNIST | 80% |
# | CIFAR-10 | 32% |
#
# At the size `tiny` it is 75%, whatever the data.

# %% nbgrader={"grade": false, "grade_id": "search", "locked": false, "schema_version": 3, "solution": true} tags=["training"]
rng = np.random.default_rng(0)
trials, best, best_accuracy = [], None, -1.0
for _ in tqdm(range(settings["rounds"]), desc="classifiers"):
    ### BEGIN SOLUTION
    drawn = {"learning_rate": 10 ** rng.uniform(-4, -1.5), "reg": 10 ** rng.uniform(-4, 0)}
    tried, history = train(X_train, y_train, **drawn, epochs=settings["epochs"], show=False)
    trials.append((drawn["learning_rate"], drawn["reg"], history["val"][-1]))
    if history["val"][-1] > best_accuracy:
        best, best_accuracy = tried, history["val"][-1]
    ### END SOLUTION

print(f"the best of {len(trials)} has a validation accuracy of {best_accuracy:.1%}")
display(course.draw_trials(trials))

# %% [markdown]
# Save the best ones. The file `svm.npz` is part of what you hand in; keep it beside this notebook.

# %% tags=["training"]
checks.weights_file.save(None if best is None else {"W": best}, name, size)

# %% nbgrader={"grade": true, "grade_id": "check_trained", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.trained()

# %% [markdown]
# Here are the templates of the weights you saved, and which classes they confuse.

# %% tags=["training"]
W_best = checks.weights_file.load(name).params["W"]
shape = data.x_train.shape[1:]
display(
    plotting.weight_images(
        W_best[:-1], shape, labels=data.classes, columns=5, title="the best templates"
    )
)
display(plotting.confusion_matrix(y_val, predict_linear(W_best, X_val), data.classes))

# %% [markdown]
# **Question 2 (1 point).** Describe two of the templates, and explain what you see: why do they look
# as they do, and not like one sharp picture of their class? Find two classes in the table that are
# often confused, and say what their templates have to do with it. Four sentences are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_templates", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# A template is a weighted sum of training images: those of its class are added, those of classes
# that came too close are subtracted. There is one for all pictures of a class, so it is a blurred
# average with what tells the class from others exaggerated: "car" is a red front, "ship" a blue
# frame, "horse" has two heads since horses face both ways; a 0 has a hole in its middle. Classes
# whose averages are alike (cat and dog, truck and car; shirt and coat; 8 and 1) have templates that
# are alike, so their scores rise together and are confused. (Half a point for what the templates
# show and why, half a point for a pair of classes with a reason.)
# ### END SOLUTION

# %% [markdown]
# ## 9. Hand in, and go on
#
# At the very end, and only once, look at the test images.

# %% tags=["training"]
y_pred = predict_linear(W_best, with_ones(data.x_test))
print(f"test accuracy {(y_pred == data.y_test).mean():.1%}")

# %% [markdown]
# **Hand in** this notebook and `svm.npz`. Before you do, restart the kernel and run all cells: what
# works only in the order in which you happened to run the cells does not work.
#
# **Further.** Square the hinge, $\max(0, m)^2$: the kink is gone, and what else changes? Let only
# the *worst* wrong class count (Crammer and Singer, 2001). Replace the margin of 1 by 10: what do
# the best learning rate and `reg` become, and why does the accuracy stay?
#
# **Sources.** Stanford's [CS231n](https://cs231n.github.io/linear-classify/), whose notes and first
# assignment go this way too. C. Cortes and V. Vapnik, *Support-vector networks* (1995). J. Weston
# and C. Watkins, *Support vector machines for multi-class pattern recognition* (1999). K. Crammer
# and Y. Singer, *On the algorithmic implementation of multiclass kernel-based vector machines*
# (2001). H. Robbins and S. Monro, *A stochastic approximation method* (1951). J. Bergstra and Y.
# Bengio, *Random search for hyper-parameter optimization* (2012).
