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
# # A network with two layers
#
# **Goal.** Build a neural network from nothing but NumPy: write what it computes, derive the
# gradient of its loss by hand, check every piece, and train it until it tells pictures apart. When
# you are done, no line of *backpropagation* is a mystery to you. The next assignment then builds a
# machine that does it for you.
#
# **Time.** Four to six hours of work. On two CPU cores the training takes seconds with digits, and
# less than two minutes with CIFAR-10.
#
# **What you need.** NumPy, matrix products and the chain rule. Among the tutorials,
# `02_automatic_gradients` is a good start.
#
# **Points.** 25 in all.
#
# | section | you write | points |
# |---|---|---:|
# | 3 | `affine_forward` | 2 |
# | 3 | `affine_backward` | 4 |
# | 4 | `relu_forward`, `relu_backward` | 3 |
# | 5 | `softmax_loss` | 4 |
# | 6 | `two_layer_loss` | 5 |
# | 7 | `sgd_momentum` | 2 |
# | 8 | `predict_scores` | 1 |
# | 9 | a search that finds a good network | 2 |
# | 6, 9 | answers to two questions, in words | 2 |
#
# **What is graded.** The functions, by checks like the ones you see here and by more of them on
# inputs that you do not see; the network that you hand in as `two_layer.npz`; and your two answers,
# which a person reads. Write with NumPy alone. `minpy.grad` is switched off while a backward pass
# is graded, and finite differences are found out: deriving it *is* the task.

# %% [markdown]
# ## 1. Set-up
#
# Each function that you write is followed by a check. It shows a card that says, for each result,
# how far it is from what was expected, and, where it can, what kind of mistake that looks like. The
# value under the card is the number of points. Until you have written a function, its check says
# so.
#
# Stuck? `checks.hint("affine_forward")` gives a hint for that function; call it again for the next one.
# No hint shows code.

# %%
try:
    import numpy as np
    from checks import two_layer as checks
    from IPython.display import display
    from tqdm.auto import tqdm

    from minpy import course, plotting
    from minpy.nn.functional import softmax
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
# the largest one that is on this machine: CIFAR-10, else Fashion-MNIST, else the small digits that
# come with scikit-learn. You may name another one; the accuracy that is asked for depends on it.

# %% [markdown]
# ## 2. The data, and the plan
#
# The images are in three parts. The network learns from the *training* images. The *validation*
# images decide between networks. The *test* images are looked at once, at the very end, because
# whatever helps to make a decision can no longer measure how good it was.

# %%
settings = checks.settings[name, size]
data = course.load_images(name, settings)
print(data)
print(f"pixels have mean {data.x_train.mean():.2f} and standard deviation {data.x_train.std():.2f}")

display(
    plotting.image_grid(
        data.x_train[:20], data.y_train[:20], class_names=data.classes, columns=10, title=data.name
    )
)

# %% [markdown]
# The pixels were shifted and scaled to have mean 0 and standard deviation 1, or nearly: then no
# unit starts out with all its inputs positive, and one learning rate suits all weights.
#
# A linear classifier computes the scores of the classes as $xW + b$, one template for each class. A
# two-layer network puts something between the pixels and the scores: a *hidden layer* of $H$ units,
# each of which looks for something of its own, and says how much of it there is, or nothing.
#
# $$h = \max(0,\; x W_1 + b_1), \qquad s = h W_2 + b_2 .$$
#
# The kink of the $\max$ is essential. Without it, $s = x W_1 W_2 + \dots$ would be linear again,
# whatever the size of the hidden layer.
#
# | | shape | what it is |
# |---|---|---|
# | $x$ | $(N, D)$ | $N$ images of $D$ pixels, one in each row |
# | $W_1, b_1$ | $(D, H), (H,)$ | the first layer: column $j$ of $W_1$ is what unit $j$ looks for |
# | $h$ | $(N, H)$ | how much of it each image has |
# | $W_2, b_2$ | $(H, C), (C,)$ | the second layer: how much each unit speaks for each class |
# | $s$ | $(N, C)$ | the scores |
#
# A loss $L$ says in one number how bad the scores are, and training walks downhill along its
# gradient. We compute that gradient the way all libraries do, by **backpropagation** (Rumelhart,
# Hinton and Williams, *Learning representations by back-propagating errors*, 1986). Cut the
# computation into simple steps. For each step write two functions:
#
# - `forward` computes the output, and keeps in a `cache` what the way back will need;
# - `backward` is given $\partial L / \partial \text{out}$, called `dout`, the *upstream gradient*.
#   It says how the loss changes with each number of the step's output, so it has the output's
#   shape. The function returns the same for each input: `dx` has the shape of `x`, and `dw` that of
#   `w`.
#
# A step need not know what comes after it: all of that is in `dout`. So the steps can be checked
# one by one, and put together like bricks.

# %% [markdown]
# ## 3. Affine layer
#
# The first brick is $\text{out} = xw + b$, or written out for image $n$ and unit $m$
#
# $$\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m .$$
#
# Images may come with their own axes, such as $(N, C, H, W)$; each is then made into one row of $D$
# numbers. `x.reshape(len(x), -1)` does that without copying.
#
# **Your turn (2 points).** Write the forward pass.


# %% nbgrader={"grade": false, "grade_id": "affine_forward", "locked": false, "schema_version": 3, "solution": true}
def affine_forward(x, w, b):
    """Compute an affine layer.

    Parameters
    ----------
    x : ndarray, shape (N, d_1, ..., d_k)
        Each of the N examples has D = d_1 * ... * d_k numbers.
    w : ndarray, shape (D, M)
    b : ndarray, shape (M,)

    Returns
    -------
    out : ndarray, shape (N, M)
    cache : tuple
        What `affine_backward` needs: (x, w, b).
    """
    ### BEGIN SOLUTION
    rows = x.reshape(len(x), -1)
    out = rows @ w + b
    ### END SOLUTION
    return out, (x, w, b)


# %% nbgrader={"grade": true, "grade_id": "check_affine_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.affine_forward()

# %% [markdown]
# Now backwards. Take one weight, $w_{dm}$. Where does it go? Into the outputs of unit $m$, for
# *every* image $n$, each time multiplied by $x_{nd}$. The chain rule adds up all the ways by which
# it reaches the loss:
#
# $$\frac{\partial L}{\partial w_{dm}}
#   = \sum_n \frac{\partial L}{\partial \text{out}_{nm}} \frac{\partial\, \text{out}_{nm}}{\partial w_{dm}}
#   = \sum_n \frac{\partial L}{\partial \text{out}_{nm}}\; x_{nd} .$$
#
# Each index that is on the right but not on the left is summed over. This is a matrix product;
# which one? The shapes tell: $x$ is $(N, D)$, `dout` is $(N, M)$, and `dw` must be $(D, M)$.
#
# **Your turn (4 points).** Ask the same of $x_{nd}$ and of $b_m$ (where do they go?), write down
# the two sums, and then the code. No loop is needed.


# %% nbgrader={"grade": false, "grade_id": "affine_backward", "locked": false, "schema_version": 3, "solution": true}
def affine_backward(dout, cache):
    """Compute the gradients of an affine layer.

    Parameters
    ----------
    dout : ndarray, shape (N, M)
        The gradient of the loss with respect to the output.
    cache : tuple
        From `affine_forward`: (x, w, b).

    Returns
    -------
    dx : ndarray, shape (N, d_1, ..., d_k)
    dw : ndarray, shape (D, M)
    db : ndarray, shape (M,)
    """
    x, w, _ = cache
    ### BEGIN SOLUTION
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dx, dw, db


# %% nbgrader={"grade": true, "grade_id": "check_affine_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.affine_backward()

# %% [markdown]
# How can the check know what is right? It moves each number of `x`, `w` and `b` a little, up and
# down, and watches your own forward pass. The difference is the gradient, to about ten digits:
#
# $$\frac{\partial L}{\partial x_i} \approx \frac{L(x_i + \epsilon) - L(x_i - \epsilon)}{2\epsilon} .$$
#
# That takes two forward passes for each number, and a network has a hundred thousand.
# Backpropagation takes one pass back for all of them. Slow and sure checks quick and clever:
# remember this trick whenever you write a gradient.

# %% [markdown]
# ## 4. ReLU
#
# The *rectified linear unit* keeps what is positive:
#
# $$\text{out} = \max(0, x), \qquad
#   \frac{\partial\,\text{out}}{\partial x} = \begin{cases} 1 & x > 0 \\ 0 & x < 0 . \end{cases}$$
#
# At 0 there is a kink, and no derivative. Everybody takes 0 there, and so shall we.
#
# **Your turn (3 points).** Each element is on its own here: no sums.


# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true}
def relu_forward(x):
    """Compute max(0, x).

    Parameters
    ----------
    x : ndarray, any shape

    Returns
    -------
    out : ndarray, shape of x
    cache : ndarray
        What `relu_backward` needs: x.
    """
    ### BEGIN SOLUTION
    out = np.maximum(x, 0)
    ### END SOLUTION
    return out, x


def relu_backward(dout, cache):
    """Compute the gradient of `relu_forward`.

    Parameters
    ----------
    dout : ndarray, shape of x
        The gradient of the loss with respect to the output.
    cache : ndarray
        From `relu_forward`: x.

    Returns
    -------
    dx : ndarray, shape of x
    """
    x = cache
    ### BEGIN SOLUTION
    dx = dout * (x > 0)
    ### END SOLUTION
    return dx


# %% nbgrader={"grade": true, "grade_id": "check_relu", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.relu()

# %% [markdown]
# ## 5. Softmax and its loss
#
# Scores become probabilities by the *softmax*, and the loss is the surprise at the true class
# $y_n$, on average over the images:
#
# $$p_{nc} = \frac{e^{s_{nc}}}{\sum_k e^{s_{nk}}}, \qquad
#   L = -\frac{1}{N} \sum_n \log p_{n y_n} .$$
#
# **Before you write it, three thoughts.**
#
# *Large scores.* $e^{1000}$ is too large for a computer, and the formula gives $\infty / \infty$.
# But the probabilities do not change if the same number is subtracted from all scores of an image.
# Subtract the largest: then no exponent is above 0. And take the logarithm by hand, $\log p_{nc} =
# s_{nc} - \log \sum_k e^{s_{nk}}$; for a $p$ that is rounded to 0 the logarithm of $p$ would be
# $-\infty$.
#
# *What to expect.* If the network knows nothing, each of $C$ classes has probability $1/C$, and the
# loss is $\log C$. For ten classes that is 2.303. A first loss that is far from it is a mistake,
# found in a second.
#
# *The gradient.* Differentiate $L$ for one image with respect to the score $s_c$. From $L = -s_y +
# \log \sum_k e^{s_k}$ you get, for a wrong class, $e^{s_c} / \sum_k e^{s_k} = p_c$; for the true
# one, something has to be added. Remember the $1/N$.
#
# **Your turn (4 points).** Return the loss and its gradient. To pick $p_{n y_n}$ for all $n$ at
# once, index with two arrays: `p[np.arange(N), y]`. Do not write into `scores`: they are not yours.


# %% nbgrader={"grade": false, "grade_id": "softmax_loss", "locked": false, "schema_version": 3, "solution": true}
def softmax_loss(scores, y):
    """Compute the mean cross-entropy of softmax probabilities, and its gradient.

    Parameters
    ----------
    scores : ndarray, shape (N, C)
        Of any size: 10,000 and -10,000 are scores too.
    y : ndarray of int, shape (N,)
        The true classes, from 0 to C - 1.

    Returns
    -------
    loss : float
    dscores : ndarray, shape (N, C)
        The gradient of the loss with respect to the scores.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, y].mean()
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    dscores /= len(scores)
    ### END SOLUTION
    return loss, dscores


# %% nbgrader={"grade": true, "grade_id": "check_softmax_loss", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.softmax_loss()

# %% [markdown]
# ## 6. The network
#
# The bricks are there. Stack them:
#
# affine ($W_1, b_1$) → ReLU → affine ($W_2, b_2$) → softmax loss.
#
# One thing is added. Large weights make a network that changes wildly between the examples it
# knows, so we ask for small ones: *L2 regularisation* adds to the loss
#
# $$\frac{\lambda}{2} \Big( \sum_{dj} (W_1)_{dj}^2 + \sum_{jc} (W_2)_{jc}^2 \Big),$$
#
# where $\lambda$ is called `reg`. The biases are left alone. What does this add to the gradients of
# $W_1$ and $W_2$? (The half is there to make the answer pretty.)
#
# The parameters live in a dict. Here is how they start. Weights must differ from each other, or all
# hidden units would learn the same; so they are drawn at random. With standard deviation $\sqrt{2 /
# \text{inputs}}$, the numbers that flow through the network neither grow nor fade from layer to
# layer (He, Zhang, Ren and Sun, *Delving deep into rectifiers*, 2015).


# %%
def init_params(inputs, hidden, classes, rng, scale=1.0):
    """Draw the parameters of a two-layer network.

    Parameters
    ----------
    inputs, hidden, classes : int
        D, H and C.
    rng : numpy.random.Generator
    scale : float
        All weights are multiplied by it.

    Returns
    -------
    dict of ndarray
        W1 (D, H), b1 (H,), W2 (H, C) and b2 (C,), float32.
    """
    params = {
        "W1": scale * np.sqrt(2 / inputs) * rng.standard_normal((inputs, hidden)),
        "b1": np.zeros(hidden),
        "W2": scale * np.sqrt(2 / hidden) * rng.standard_normal((hidden, classes)),
        "b2": np.zeros(classes),
    }
    return {name: value.astype(np.float32) for name, value in params.items()}


# %% [markdown]
# **Your turn (5 points).** Call your four forward functions in order, then the backward ones in the
# opposite order, each with what the one before it returned. Then add the regularisation to the loss
# *and* to the gradients.


# %% nbgrader={"grade": false, "grade_id": "two_layer_loss", "locked": false, "schema_version": 3, "solution": true}
def two_layer_loss(params, x, y, reg=0.0):
    """Compute the loss of a two-layer network, and its gradients.

    Parameters
    ----------
    params : dict of ndarray
        W1, b1, W2 and b2; see `init_params`.
    x : ndarray, shape (N, d_1, ..., d_k)
    y : ndarray of int, shape (N,)
    reg : float
        How strong the L2 regularisation of W1 and W2 is.

    Returns
    -------
    loss : float
    grads : dict of ndarray
        The gradient of the loss with respect to each of params, under the same names.
    """
    ### BEGIN SOLUTION
    before, first_cache = affine_forward(x, params["W1"], params["b1"])
    hidden, relu_cache = relu_forward(before)
    scores, second_cache = affine_forward(hidden, params["W2"], params["b2"])
    data_loss, dscores = softmax_loss(scores, y)

    grads = {}
    dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, second_cache)
    dbefore = relu_backward(dhidden, relu_cache)
    _, grads["W1"], grads["b1"] = affine_backward(dbefore, first_cache)
    squares = (params["W1"] ** 2).sum() + (params["W2"] ** 2).sum()
    loss = data_loss + 0.5 * reg * squares
    grads["W1"] = grads["W1"] + reg * params["W1"]
    grads["W2"] = grads["W2"] + reg * params["W2"]
    ### END SOLUTION
    return loss, grads


# %% nbgrader={"grade": true, "grade_id": "check_two_layer_loss", "locked": true, "points": 5, "schema_version": 3, "solution": false}
checks.two_layer_loss()

# %% [markdown]
# Before anything is trained, climb two steps of the *sanity ladder*; the other two come below.
# (CS231n teaches it in its notes on *babysitting the learning process*, and Andrej Karpathy in *A
# recipe for training neural networks*, 2019.)
#
# **Step 1: is the first loss what it must be?** With tiny weights all scores are nearly 0, so we
# expect $\log 10$. Regularisation can only add to it.

# %%
rng = np.random.default_rng(231)
inputs, classes = data.x_train[0].size, len(data.classes)
params = init_params(inputs, 50, classes, rng, scale=1e-3)
batch = data.x_train[:200], data.y_train[:200]

first_loss, _ = two_layer_loss(params, *batch)
print(f"first loss {first_loss:.4f}; expected {np.log(classes):.4f}")
for reg in (0.1, 10.0, 1000.0):
    print(f"with reg {reg:6}: {two_layer_loss(params, *batch, reg)[0]:.4f}")

# %% [markdown]
# **Step 2: is the gradient right?** The check above has answered that.
#
# **Question 1 (1 point).** A friend's first loss is 4.6 in place of 2.3, with ten classes and no
# regularisation, and does not depend on the seed. Another friend's first loss is 2.3, and after a
# hundred steps it still is. For each of them, name one mistake that would explain it, and say how
# you would find out whether that is it. Four sentences are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_first_loss", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# Twice the expected loss, whatever the seed, smells of a factor: the two terms of one image counted
# twice, or a sum that is divided by N / 2. Feed it one image with zero scores: the loss must be log
# 10. (Large weights at the start would give a high loss as well, but one that varies with the
#     seed.) A loss that stays at log 10 means that nothing is learnt: the learning rate is far too
#     small, the gradient is zero (weights that are all 0, dead units), or the update is computed
#     but not stored. Print the norm of each gradient, and the norm of the change of each parameter
#     after one step.
# ### END SOLUTION

# %% [markdown]
# ## 7. Learning
#
# *Stochastic gradient descent* takes a small batch of images, computes the gradient of the loss on
# these alone, and makes a step against it. *Momentum* (Boris Polyak, 1964) remembers the steps
# before:
#
# $$v \leftarrow \mu\, v - \eta\, \nabla_w L, \qquad w \leftarrow w + v .$$
#
# Think of a ball that rolls downhill with friction. $v$ is its velocity, $\eta$ the learning rate,
# and $\mu$, often 0.9, is how much of the velocity it keeps. Where gradients agree for many steps,
# the ball gets up to ten times faster; where they point to and fro, they cancel.
#
# **Your turn (2 points).** Return the new weights and the new velocity. Leave the old ones as they
# are.


# %% nbgrader={"grade": false, "grade_id": "sgd_momentum", "locked": false, "schema_version": 3, "solution": true}
def sgd_momentum(w, dw, v, learning_rate, momentum=0.9):
    """Make one step of gradient descent with momentum.

    Parameters
    ----------
    w, dw, v : ndarray, of one shape
        Weights, the gradient of the loss with respect to them, and their velocity.
    learning_rate, momentum : float

    Returns
    -------
    new_w, new_v : ndarray, shape of w
    """
    ### BEGIN SOLUTION
    new_v = momentum * v - learning_rate * dw
    new_w = w + new_v
    ### END SOLUTION
    return new_w, new_v


# %% nbgrader={"grade": true, "grade_id": "check_sgd_momentum", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.sgd_momentum()

# %% [markdown]
# ## 8. Train it, and look at it
#
# To see how good a network is, we need no loss, only its scores: it chooses the class with the
# largest.
#
# **Your turn (1 point).** Compute the scores of images that have no labels.


# %% nbgrader={"grade": false, "grade_id": "predict_scores", "locked": false, "schema_version": 3, "solution": true}
def predict_scores(params, x):
    """Compute what a two-layer network thinks of each class.

    Parameters
    ----------
    params : dict of ndarray
        W1, b1, W2 and b2; see `init_params`.
    x : ndarray, shape (N, d_1, ..., d_k)

    Returns
    -------
    scores : ndarray, shape (N, C)
    """
    ### BEGIN SOLUTION
    hidden, _ = relu_forward(affine_forward(x, params["W1"], params["b1"])[0])
    scores, _ = affine_forward(hidden, params["W2"], params["b2"])
    ### END SOLUTION
    return scores


# %% nbgrader={"grade": true, "grade_id": "check_predict_scores", "locked": true, "points": 1, "schema_version": 3, "solution": false}
checks.predict_scores()


# %%
def accuracy(params, x, y):
    """Return the share of images for which the class with the largest score is the true one."""
    return float((predict_scores(params, x).argmax(axis=1) == y).mean())


# %% [markdown]
# The training loop is nearly written. Only its heart is missing: what to do with a batch. It is
# worth no points by itself, but nothing below runs without it.
#
# Compute the loss and the gradients on `x[batch]` and `y[batch]`, and make a step with each
# parameter; its velocity is in `velocity`, under the same name.


# %% nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true}
def train(
    params, x, y, x_val, y_val, *, learning_rate, reg, epochs, batch_size=50, seed=0, show=True
):
    """Train a network with momentum, and show how it goes.

    Parameters
    ----------
    params : dict of ndarray
        Where to start.
    x, y, x_val, y_val : ndarray
        Training and validation images, and their classes.
    learning_rate, reg : float
        The learning rate falls by 5 % after each epoch.
    epochs, batch_size, seed : int
    show : bool
        Whether to show a progress bar and live curves.

    Returns
    -------
    params : dict of ndarray
    history : dict of list
        "loss" of each step; "train" and "val", the accuracies after each epoch.
    """
    params = dict(params)
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    history = {"loss": [], "train": [], "val": []}
    rng = np.random.default_rng(seed)
    live = course.LiveCurves()
    for epoch in tqdm(range(epochs), desc="epochs", disable=not show):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            ### BEGIN SOLUTION
            loss, grads = two_layer_loss(params, x[batch], y[batch], reg)
            for name in params:
                params[name], velocity[name] = sgd_momentum(
                    params[name], grads[name], velocity[name], learning_rate
                )
            ### END SOLUTION
            history["loss"].append(float(loss))
        history["train"].append(accuracy(params, x[:1000], y[:1000]))
        history["val"].append(accuracy(params, x_val, y_val))
        learning_rate *= 0.95
        if show:
            live.show(history, last=epoch == epochs - 1)
    return params, history


# %% [markdown]
# **Step 3 of the ladder: overfit 50 examples.** A network that cannot learn 50 images by heart will
# not learn 50,000. Without regularisation the loss must fall to nearly 0, and every one of the 50
# must be right. What it makes of images that it has not seen is another matter.

# %%
few = data.x_train[:50], data.y_train[:50]
by_heart, history = train(
    init_params(inputs, 50, classes, np.random.default_rng(0)),
    *few,
    data.x_val,
    data.y_val,
    learning_rate=0.01,
    reg=0.0,
    epochs=60,
    batch_size=10,
)
print(f"loss {history['loss'][0]:.3f} at first, {history['loss'][-1]:.4f} at last")
print(
    f"right on the 50 images: {accuracy(by_heart, *few):.0%}; on others: {history['val'][-1]:.0%}"
)

# %% [markdown]
# **Step 4: train.** These numbers are a decent start for all the data sets, and no more than that.
# The weights begin ten times smaller than they might, so that later we see what was learnt, and not
# the random numbers that it began with.

# %% tags=["training"]
images = data.x_train, data.y_train, data.x_val, data.y_val
network, history = train(
    init_params(inputs, settings["hidden"], classes, np.random.default_rng(1), scale=0.1),
    *images,
    learning_rate=0.01,
    reg=1e-3,
    epochs=settings["epochs"],
)
print(f"validation accuracy {history['val'][-1]:.1%}")

# %% [markdown]
# Look at the curves before you go on. Does the loss still fall at the end? Then more epochs, or a
# larger learning rate, would help. Does it jump about, or become NaN? The learning rate is too
# large. Is the training accuracy far above the validation accuracy? The network *overfits*;
# regularise it more, or find more data. Are they close, and both low? It *underfits*; let it be
# larger, or regularise it less.
#
# **What did it learn?** Each column of $W_1$ has as many numbers as there are pixels, so it is an
# image: what one hidden unit looks for.

# %% tags=["training"]
display(
    plotting.weight_images(
        network["W1"][:, :50], shape=data.x_train.shape[1:], columns=10, title="columns of W1"
    )
)

# %% [markdown]
# The numbers in a *confusion matrix* say how often each class was taken for which. Which two are
# confused most? Would you, too?

# %% tags=["training"]
display(plotting.confusion_matrix(data.y_val, predict_scores(network, data.x_val), data.classes))

# %% [markdown]
# And here are the mistakes of which the network was most sure.

# %% tags=["training"]
probabilities = softmax(predict_scores(network, data.x_val))
display(plotting.wrong_predictions(data.x_val, data.y_val, probabilities, data.classes, count=12))

# %% [markdown]
# ## 9. Find a good one
#
# Learning rate, regularisation and the size of the hidden layer are not learnt: they are
# *hyperparameters*, and somebody has to choose them. Trying them on a grid wastes effort, because
# some matter much more than others, and a grid tries only few values of each. Draw them at random
# instead (Bergstra and Bengio, *Random search for hyper-parameter optimization*, 2012), and those
# that act by factors on a logarithmic scale: $10^u$ with a uniform $u$. Begin with wide ranges and
# few epochs, then search more finely where it was good.
#
# **Your turn (2 points).** In each round, draw a learning rate and a `reg` (and a hidden size, if
# you like), train a network with `show=False`, and append `(learning_rate, reg, validation
# accuracy)` to `trials`. Keep the network with the best validation accuracy in `best`. You may
# change the number of rounds and of epochs. The points are for the accuracy of `best` on images
# that it has not seen:
#
# | data | accuracy that is asked for |
# |---|---:|
# | digits | 93 % |
# | Fashion-MNIST | 83 % |
# | CIFAR-10 | 44 % |
#
# At the size `tiny` it is 75 %, whatever the data.

# %% nbgrader={"grade": false, "grade_id": "search", "locked": false, "schema_version": 3, "solution": true} tags=["training"]
rng = np.random.default_rng(0)
trials, best, best_accuracy = [], None, -1.0
for _ in tqdm(range(settings["rounds"]), desc="networks"):
    ### BEGIN SOLUTION
    drawn = {"learning_rate": 10 ** rng.uniform(-3, -1.5), "reg": 10 ** rng.uniform(-4, -1.5)}
    start = init_params(inputs, settings["hidden"], classes, rng)
    tried, history = train(start, *images, **drawn, epochs=settings["epochs"], show=False)
    trials.append((drawn["learning_rate"], drawn["reg"], history["val"][-1]))
    if history["val"][-1] > best_accuracy:
        best, best_accuracy = tried, history["val"][-1]
    ### END SOLUTION

print(f"the best of {len(trials)} has a validation accuracy of {best_accuracy:.1%}")
display(course.draw_trials(trials))

# %% [markdown]
# Save the best one. The file `two_layer.npz` is part of what you hand in; keep it beside this
# notebook.

# %% tags=["training"]
checks.network_file.save(best, name, size)

# %% nbgrader={"grade": true, "grade_id": "check_trained", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.trained()

# %% [markdown]
# **Question 2 (1 point).** In the picture of your trials, where are the good ones? Take one bad
# trial, and say what its curves would have looked like, and why. What would you try next, and what
# would convince you that it helped? Five sentences are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_search", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# The good trials form a band: learning rates within a factor of about five of the best one, while
# `reg` hardly matters as long as it is small. With a rate ten times smaller, both accuracies still
# rise at the end, close together: it has not finished learning. With one ten times larger the loss
# jumps and settles high, as steps overshoot. Next I would search in that band alone, with more
# hidden units and more epochs; a gain counts if it is larger than the spread over a few seeds on
# the same validation images.
# ### END SOLUTION

# %% [markdown]
# ## 10. Hand in, and go on
#
# At the very end, and only once, look at the test images.

# %% tags=["training"]
saved = checks.network_file.load(name).params
print(f"test accuracy {accuracy(saved, data.x_test, data.y_test):.1%}")

# %% [markdown]
# **Hand in** this notebook and `two_layer.npz`. Before you do, restart the kernel and run all
# cells: what works only in the order in which you happened to run the cells does not work.
#
# **Further.** Give the network a third layer: it takes four more lines. Leave out the shift by the
# largest score, and watch what happens with a learning rate of 1. Then see what this whole notebook
# was about, done by a machine: `minpy.grad(lambda params: two_layer_loss(params, x, y)[0])(params)`
# differentiates *your* forward pass, and its result is your `grads`, to the last digits. How that
# works is the next assignment.
#
# **Sources.** Stanford's [CS231n](https://cs231n.github.io/), whose assignments go this way too,
# and its notes on backpropagation and on a small network as a case study. D. Rumelhart, G. Hinton
# and R. Williams, *Learning representations by back-propagating errors* (Nature, 1986). K. He, X.
# Zhang, S. Ren and J. Sun, *Delving deep into rectifiers* (2015). B. Polyak, *Some methods of
# speeding up the convergence of iteration methods* (1964). J. Bergstra and Y. Bengio, *Random
# search for hyper-parameter optimization* (2012). A. Karpathy, *A recipe for training neural
# networks* (2019).
