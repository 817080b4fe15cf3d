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
# # A linear classifier that gives probabilities
#
# **Goal.** Turn scores into probabilities, derive the cross-entropy loss and its gradient, and train
# a linear classifier with it. Then ask a question that accuracy does not answer: when it says "80%
# sure", is it right in 80 of 100 cases?
#
# **Time.** Three to four hours of work. On two CPU cores the training and the search take less than
# a minute in all.
#
# **What you need.** NumPy, matrix products, derivatives and logarithms. If you have done the
# notebook `svm`, much will look familiar; it is no requirement.
#
# **Points.** 20 in all.
#
# | section | you write | points |
# |---|---|---:|
# | 3 | `softmax_probabilities` | 3 |
# | 4 | `softmax_loss_naive` | 4 |
# | 5 | `softmax_loss_vectorized` | 5 |
# | 7 | a search that finds good weights | 3 |
# | 8 | `fit_temperature` | 2 |
# | 4, 7 | answers to two questions, in words | 3 |
#
# **What is graded.** The functions, by checks like the ones you see here and by more of them on
# inputs that you do not see; the weights that you hand in as `softmax.npz`; and your two answers,
# which a person reads. Write with NumPy alone. `minpy.grad` is switched off while a gradient is
# graded, and finite differences are detected: deriving it *is* the task. A Python loop in
# `softmax_loss_vectorized` over the images earns nothing.

# %% [markdown]
# ## 1. Set-up
#
# A check follows each function that you write. It shows a card that says, for each result, how far
# it is from the expected one and, where it can, what kind of mistake that looks like. The value
# under the card is the number of points. Until you have written a function, its check says so.
#
# Stuck? `checks.hint("softmax_probabilities")` gives a hint for that function; call it again for the next one.
# No hint shows code.

# %%
try:
    import numpy as np
    from checks import softmax as checks
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
# ## 2. The data, and the scores
#
# The classifier learns from the *training* images, the *validation* images decide between
# classifiers, and the *test* images are looked at once, at the very end.

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
# A linear classifier gives each class a score, $s = x W$. Column $c$ of $W$ is the *template* of
# class $c$: it has a weight for each pixel. Each image gets one more number, which is always 1, so
# that the last row of $W$ is a bias.


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
# ## 3. From scores to probabilities
#
# Scores may be any numbers. To read them as probabilities, make them positive, by $e^s$, and divide
# by their sum. That is the *softmax*:
#
# $$p_c = \frac{e^{s_c / T}}{\sum_k e^{s_k / T}} .$$
#
# $T > 0$ is the *temperature*, and is usually 1. A low one makes the largest score win all; a high
# one makes all classes alike. It changes how sure the classifier is, and never which class it
# prefers.
#
# **Large scores.** $e^{1000}$ is too large for a computer, and the formula gives $\infty / \infty$,
# which is NaN. Now subtract the same number $m$ from all scores of an image:
#
# $$\frac{e^{(s_c - m) / T}}{\sum_k e^{(s_k - m) / T}}
#   = \frac{e^{-m/T}\; e^{s_c / T}}{e^{-m/T} \sum_k e^{s_k / T}} = p_c .$$
#
# Nothing changes. Take for $m$ the largest score of the image: then no exponent is above 0, and at
# least one is 0, so the sum is at least 1.
#
# **Your turn (3 points).** Do this for all images at once, each with its own largest score. Do not
# write into `scores`: they are not yours.


# %% nbgrader={"grade": false, "grade_id": "softmax_probabilities", "locked": false, "schema_version": 3, "solution": true}
def softmax_probabilities(scores, temperature=1.0):
    """Compute the softmax of each row of scores.

    Parameters
    ----------
    scores : ndarray, shape (N, C)
        Of any size: 10,000 and -10,000 are scores too.
    temperature : float
        The scores are divided by it.

    Returns
    -------
    p : ndarray, shape (N, C)
        Each row sums to 1.
    """
    ### BEGIN SOLUTION
    shifted = (scores - scores.max(axis=1, keepdims=True)) / temperature
    p = np.exp(shifted)
    p = p / p.sum(axis=1, keepdims=True)
    ### END SOLUTION
    return p


# %% nbgrader={"grade": true, "grade_id": "check_softmax_probabilities", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.softmax_probabilities()

# %% [markdown]
# Here is what the temperature does to the scores 2, 1, 0 and -1.

# %%
scores = np.array([[2.0, 1.0, 0.0, -1.0]])
for temperature in (0.1, 0.5, 1.0, 2.0, 10.0):
    print(f"T = {temperature:4}: {softmax_probabilities(scores, temperature)[0].round(3)}")

# %% [markdown]
# ## 4. The cross-entropy loss
#
# A good classifier gives the true class $y_n$ a large probability. *Maximum likelihood* asks for the
# weights that make the probability of all the training labels together, $\prod_n p_{n y_n}$, as
# large as possible. Products of thousands of small numbers are no fun, so take the logarithm, change
# the sign, and divide by $N$:
#
# $$L = \frac{1}{N} \sum_n L_n + \frac{\lambda}{2} \sum_{dc} W_{dc}^2,
# \qquad L_n = -\log p_{n y_n} = -s_{n y_n} + \log \sum_k e^{s_{nk}} .$$
#
# $L_n$ is the *surprise* at the true class: 0 if it was certain, and without bound if it was held
# impossible. The second term is the L2 regularisation, and $\lambda$ is called `reg`.
#
# **What to expect.** A classifier that knows nothing gives each class $1/C$, and its loss is $\log
# C$. For ten classes that is 2.303.
#
# **Large scores, again.** Use the right-hand formula, with shifted scores, and take no logarithm of
# a probability: one that is rounded to 0 has the logarithm $-\infty$.
#
# **The gradient.** Differentiate $L_n$ with respect to the score $s_c$. The second term gives
#
# $$\frac{\partial}{\partial s_c} \log \sum_k e^{s_k} = \frac{e^{s_c}}{\sum_k e^{s_k}} = p_c ,$$
#
# and the first one $-1$ if $c$ is the true class, and else 0. So
#
# $$\frac{\partial L_n}{\partial s_{nc}} = p_{nc} - [c = y_n] :$$
#
# *what is predicted, minus what is true.* Then the chain rule: score $s_{nc} = \sum_d x_{nd} W_{dc}$
# depends on the weights of column $c$ alone, and $\partial s_{nc} / \partial W_{dc} = x_{nd}$.
#
# **Your turn (4 points).** Write it with a loop over the images and a loop over the classes.


# %% nbgrader={"grade": false, "grade_id": "softmax_loss_naive", "locked": false, "schema_version": 3, "solution": true}
def softmax_loss_naive(W, X, y, reg):
    """Compute the cross-entropy of a linear classifier and its gradient, with loops.

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
        shifted = scores - scores.max()
        total = np.exp(shifted).sum()
        loss += np.log(total) - shifted[y[n]]
        for c in range(W.shape[1]):
            error = np.exp(shifted[c]) / total - (c == y[n])
            dW[:, c] += error * X[n]
    loss = loss / len(X) + reg / 2 * np.sum(W * W)
    dW = dW / len(X) + reg * W
    ### END SOLUTION
    return loss, dW


# %% nbgrader={"grade": true, "grade_id": "check_softmax_loss_naive", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.softmax_loss_naive()

# %% [markdown]
# The check computes the gradient a second time: it moves each number of `W` a little, up and down,
# and watches your own loss. The first step of the *sanity ladder* is yours to see: is the first loss
# what it must be?

# %%
rng = np.random.default_rng(231)
W = 1e-4 * rng.standard_normal((D, C)).astype(X_train.dtype)
first_loss, _ = softmax_loss_naive(W, X_train[:100], y_train[:100], 0.0)
print(f"first loss {first_loss:.4f}; expected {np.log(C):.4f}")

# %% [markdown]
# **Question 1 (2 points).** The *hinge loss* of a support vector machine is $\sum_{c \ne y} \max(0,
# s_c - s_y + 1)$: a wrong class costs nothing once its score is lower than that of the true class by
# 1. Take a set of images, and add one more image that both classifiers get right with room to spare:
# the true score is larger than all others by 5. Does the *sum* of the losses over the images change
# for the hinge loss? Does it for the cross-entropy? Say for each whether the new image has a say in
# where the weights go, and what that means after long training.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_whose_loss", "locked": false, "points": 2, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# The hinge loss stays as it was: all margins are 5 > 1, so the new term is 0, and so is its
# gradient; the image has no say at all. (Only images near or beyond the margin, the support
# vectors, have.) The cross-entropy grows by log(1 + sum of e^(s_c - s_y)), which is small, at most
# log(1 + 9 e^-5) = 0.06, but never 0; its gradient p - [c = y] is small and not 0, so the image goes on
# asking for a larger lead. After long training the hinge loss is content when all leads are 1; the
# cross-entropy never is, and without regularisation its weights grow for ever. (A point for the two
# losses with reasons, a point for the gradients and what follows.)
# ### END SOLUTION

# %% [markdown]
# ## 5. Without loops, and with smoother labels
#
# In matrices: $P$ is the softmax of $S = XW$, shape $(N, C)$; $Q$ is a matrix of the same shape that
# says what is true. Row $n$ of it is 1 at $y_n$ and else 0 (*one-hot*). Then
#
# $$L = -\frac{1}{N} \sum_{nc} Q_{nc} \log P_{nc} + \frac{\lambda}{2} \sum_{dc} W_{dc}^2,
# \qquad \frac{\partial L}{\partial S} = \frac{P - Q}{N} .$$
#
# This is the *cross-entropy* of $Q$ and $P$, and what we had above is a special case of it. Now we may
# choose $Q$. *Label smoothing* (Szegedy and others, *Rethinking the Inception architecture*, 2016)
# takes a share $\varepsilon$ of the probability from the true class and gives it to all classes
# alike:
#
# $$Q_{nc} = (1 - \varepsilon)\, [c = y_n] + \frac{\varepsilon}{C} .$$
#
# A label is then never believed entirely, so a wrong one does less harm, and the scores have no
# reason to grow without bound. Check that each row of $Q$ still sums to 1. Does the formula for the
# gradient change? (Differentiate $-\sum_c Q_c \log P_c$, where $\log P_c = s_c - \log \sum_k e^{s_k}$;
# you need that $\sum_c Q_c = 1$.)
#
# **Your turn (5 points).** No loop over the images, and you need none over the classes.


# %% nbgrader={"grade": false, "grade_id": "softmax_loss_vectorized", "locked": false, "schema_version": 3, "solution": true}
def softmax_loss_vectorized(W, X, y, reg, smoothing=0.0):
    """Compute the cross-entropy of a linear classifier and its gradient, without loops.

    Parameters
    ----------
    W : ndarray, shape (D, C)
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    reg : float
    smoothing : float
        The share of each label's probability that goes to all classes alike, from 0 to 1.

    Returns
    -------
    loss : float
    dW : ndarray, shape (D, C)
    """
    ### BEGIN SOLUTION
    N, classes = len(X), W.shape[1]
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    targets = np.full_like(scores, smoothing / classes)
    targets[np.arange(N), y] += 1 - smoothing
    loss = -(targets * log_p).sum() / N + reg / 2 * np.sum(W * W)
    dW = X.T @ (np.exp(log_p) - targets) / N + reg * W
    ### END SOLUTION
    return loss, dW


# %% nbgrader={"grade": true, "grade_id": "check_softmax_loss_vectorized", "locked": true, "points": 5, "schema_version": 3, "solution": false}
checks.softmax_loss_vectorized()

# %% [markdown]
# ## 6. Train it
#
# The loop is that of stochastic gradient descent, and it is given: go through the training images in
# batches, in a new order each time, and make a step against the gradient of each batch.


# %%
def train(X, y, *, learning_rate, reg, epochs, smoothing=0.0, batch_size=200, seed=0, show=True):
    """Train a linear classifier, and show how it goes.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    learning_rate, reg : float
        The learning rate falls by 10% after each epoch.
    epochs : int
    smoothing : float
        Of the labels.
    batch_size, seed : int
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
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            loss, dW = softmax_loss_vectorized(W, X[batch], y[batch], reg, smoothing)
            W -= learning_rate * dW
            history["loss"].append(float(loss))
        history["train"].append(float((predict(W, X[:1000]) == y[:1000]).mean()))
        history["val"].append(float((predict(W, X_val) == y_val).mean()))
        learning_rate *= 0.9
        if show:
            live.show(history, last=epoch == epochs - 1)
    return W, history


def predict(W, X):
    """Return the class with the largest score for each image, shape (N,)."""
    return (X @ W).argmax(axis=1)


# %% [markdown]
# **The next step of the ladder: overfit 50 images.** Without regularisation the loss must fall to
# nearly 0, and all of the 50 must be correct. What it makes of images that it has not seen is another
# matter.

# %%
_, history = train(
    X_train[:50], y_train[:50], learning_rate=0.5, reg=0.0, epochs=100, batch_size=10
)
print(f"loss {history['loss'][0]:.3f} at first, {np.mean(history['loss'][-5:]):.4f} at last")
print(f"correct: {history['train'][-1]:.0%} of the 50 images, {history['val'][-1]:.0%} of others")

# %% [markdown]
# **Then train.** These numbers are a decent start for all the data sets, and no more than that.

# %% tags=["training"]
W, history = train(X_train, y_train, learning_rate=1e-2, reg=1e-2, epochs=settings["epochs"])
print(f"validation accuracy {history['val'][-1]:.1%}")

# %% [markdown]
# ## 7. Find good weights
#
# Learning rate and regularisation act by factors, so try them on a logarithmic scale: $10^u$, with
# $u$ drawn uniformly.
#
# **Your turn (3 points).** In each round, choose a learning rate and a `reg`, train with
# `show=False`, and append `(learning_rate, reg, validation accuracy)` to `trials`. Keep the weights
# with the best validation accuracy in `best`. You may smooth the labels, and change the number of
# rounds and of epochs. The points are for the accuracy of `best` on images that it has not seen:
#
# | data | required accuracy |
# |---|---:|
# | digits | 90% |
# | Fashion-MNIST | 80% |
# | CIFAR-10 | 34% |
#
# At the size `tiny` it is 75%, whatever the data.

# %% nbgrader={"grade": false, "grade_id": "search", "locked": false, "schema_version": 3, "solution": true} tags=["training"]
rng = np.random.default_rng(0)
trials, best, best_accuracy = [], None, -1.0
for _ in tqdm(range(settings["rounds"]), desc="classifiers"):
    ### BEGIN SOLUTION
    drawn = {"learning_rate": 10 ** rng.uniform(-2.5, -0.5), "reg": 10 ** rng.uniform(-4, 0)}
    tried, history = train(X_train, y_train, **drawn, epochs=settings["epochs"], show=False)
    trials.append((drawn["learning_rate"], drawn["reg"], history["val"][-1]))
    if history["val"][-1] > best_accuracy:
        best, best_accuracy = tried, history["val"][-1]
    ### END SOLUTION

print(f"the best of {len(trials)} has a validation accuracy of {best_accuracy:.1%}")
display(course.draw_trials(trials))

# %% [markdown]
# Save the best ones. The file `softmax.npz` is part of what you hand in; keep it beside this
# notebook.

# %% tags=["training"]
checks.weights_file.save(None if best is None else {"W": best}, name, size)

# %% nbgrader={"grade": true, "grade_id": "check_trained", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.trained()

# %% [markdown]
# **What did it learn?** Here are the templates that you saved, and below them those of a support
# vector machine, which minpy trains on the same images with the hinge loss.

# %% tags=["training"]
W_best = checks.weights_file.load(name).params["W"]
shape = data.x_train.shape[1:]
svm = checks.train_svm(X_train, y_train, C, settings["epochs"])
display(
    plotting.weight_images(W_best[:-1], shape, labels=data.classes, columns=10, title="softmax")
)
display(
    plotting.weight_images(svm[:-1], shape, labels=data.classes, columns=10, title="hinge loss")
)
accuracies = [(predict(weights, X_val) == y_val).mean() for weights in (W_best, svm)]
print("validation accuracy: softmax {:.1%}, hinge {:.1%}".format(*accuracies))

# %% [markdown]
# **Where is it sure?** Each row is an image with the probabilities of all classes; the bar of the
# true class is hatched. On the left there are images it classifies correctly and is most sure of, on
# the right those it is most sure of and wrong.

# %% tags=["training"]
probabilities = softmax_probabilities(X_val @ W_best)
display(checks.draw_confident(data, probabilities))

# %% [markdown]
# **Question 2 (1 point).** Choose one of the wrong images on the right. What in the image speaks for
# the class the classifier chose? Use the templates in your answer. And should a person who uses this
# classifier trust it when it says 99%? Three sentences are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_sure", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# A plane before a green hill, say, is called a deer: the template of deer is green and brown all
# over, so the large background outweighs the few pixels of the plane. (Any image, as long as the
# answer names what the image and the template have in common: colour of the background, position,
# outline.) The right column shows that the largest probabilities occur with wrong answers, too: a
# probability says how far the score is ahead, not that the image is like those it was trained on.
# So one should count how often it is right when it says so, as the next section does. (Half a point
# for each part.)
# ### END SOLUTION

# %% [markdown]
# ## 8. Is it as sure as it should be?
#
# Take all validation images that were classified with a probability of 70 to 80%. If the
# probabilities mean what they say, about three quarters of them are correct. A *calibration curve*
# shows this for all levels: a classifier on the diagonal is *calibrated*; below it, it is too sure
# of itself.

# %% tags=["training"]
display(checks.draw_calibration({"T = 1": probabilities}, y_val))

# %% [markdown]
# There is a simple cure, *temperature scaling* (Guo, Pleiss, Sun and Weinberger, *On calibration of
# modern neural networks*, 2017): divide all scores by a temperature $T$. It changes no answer, only
# how sure it is. Which one? The one for which the surprise at the labels,
#
# $$\frac{1}{N} \sum_n -\log p_{n y_n}(T) ,$$
#
# is smallest on images that were not used for training.
#
# **Your turn (2 points).** Try all the temperatures you are given, and return the best one. Mind
# large scores: shift them, as you did above.


# %% nbgrader={"grade": false, "grade_id": "fit_temperature", "locked": false, "schema_version": 3, "solution": true}
def fit_temperature(scores, y, temperatures):
    """Find the temperature with the smallest mean cross-entropy.

    Parameters
    ----------
    scores : ndarray, shape (N, C)
        Of any size: 10,000 and -10,000 are scores too.
    y : ndarray of int, shape (N,)
        The true classes.
    temperatures : ndarray, shape (K,)
        The temperatures to try, all positive.

    Returns
    -------
    best : float
        One of `temperatures`.
    losses : ndarray, shape (K,)
        The mean cross-entropy at each of them.
    """
    ### BEGIN SOLUTION
    losses = []
    for temperature in temperatures:
        scaled = (scores - scores.max(axis=1, keepdims=True)) / temperature
        surprise = np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(y)), y]
        losses.append(surprise.mean())
    best, losses = temperatures[np.argmin(losses)], np.array(losses)
    ### END SOLUTION
    return best, losses


# %% nbgrader={"grade": true, "grade_id": "check_fit_temperature", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.fit_temperature()

# %% [markdown]
# A linear classifier that was trained with the cross-entropy is usually close to calibrated: that is
# what the loss asks for. So there is little to gain for the best one. A classifier that has been
# trained on few images for long is another matter, and so are deep networks.

# %% tags=["training"]
few, _ = train(X_train[:500], y_train[:500], learning_rate=0.03, reg=0.0, epochs=100, show=False)
temperatures = np.geomspace(0.1, 50, 100)
for title, weights in {"the best weights": W_best, "trained on 500 images": few}.items():
    scores = X_val @ weights
    T, _ = fit_temperature(scores, y_val, temperatures)
    curves = {f"T = {t:.2f}": softmax_probabilities(scores, t) for t in (1.0, T)}
    display(checks.draw_calibration(curves, y_val, title))

# %% [markdown]
# ## 9. Hand in, and go on
#
# At the very end, and only once, look at the test images.

# %% tags=["training"]
y_pred = predict(W_best, with_ones(data.x_test))
print(f"test accuracy {(y_pred == data.y_test).mean():.1%}")

# %% [markdown]
# **Hand in** this notebook and `softmax.npz`. Before you do, restart the kernel and run all cells:
# what works only in the order in which you happened to run the cells does not work.
#
# **Further.** Change a tenth of the training labels at random, and compare training with and without
# label smoothing. Train with `smoothing=0.1`: what happens to the calibration curve, and what would
# the best temperature be? Is the cross-entropy of a classifier that always answers with the
# frequencies of the classes better than $\log C$?
#
# **Sources.** Stanford's [CS231n](https://cs231n.github.io/linear-classify/), whose notes and first
# assignment go this way too. J. Bridle, *Probabilistic interpretation of feedforward classification
# network outputs* (1990), for the name softmax. C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z.
# Wojna, *Rethinking the Inception architecture for computer vision* (2016). C. Guo, G. Pleiss, Y. Sun
# and K. Weinberger, *On calibration of modern neural networks* (2017).
