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
# # k nearest neighbours
#
# **Goal.** Classify images by looking up the training images that are most like them. You write
# the same computation three times, first with loops and at the end without one, measure what that
# gains, and choose the one number the method has by cross-validation.
#
# **Time.** Two to three hours of work. Everything here runs in about a minute on two CPU cores.
#
# **What you need.** NumPy, and above all its
# [broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html).
#
# **Points.** 20 in all.
#
# | section | you write | points |
# |---|---|---:|
# | 3 | `distances_two_loops` | 2 |
# | 4 | `distances_one_loop` | 2 |
# | 5 | `distances_no_loops` | 5 |
# | 6 | `predict_labels` | 4 |
# | 8 | `cross_validate` | 4 |
# | 3, 7, 8 | answers to three questions, in words | 3 |
#
# **What is graded.** The functions, by checks like the ones you see here and by more of them on
# inputs that you do not see; and your three answers, which a person reads. A Python loop over the
# images in `distances_no_loops` earns nothing. It is also called with so many images that an array
# of shape $(N, M, D)$ does not fit into memory.

# %% [markdown]
# ## 1. Set-up
#
# A check follows each function that you write. It shows a card that says, for each result, how far
# it is from the expected one and, where it can, what kind of mistake that looks like. The value
# under the card is the number of points. Until you have written a function, its check says so.
#
# Stuck? `checks.hint("distances_two_loops")` gives a hint for that function; call it again for the next one.
# No hint shows code.

# %%
try:
    import time

    import numpy as np
    from checks import knn as checks
    from IPython.display import display

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
# The switch `size` says how many images are used. The data set is the largest one on this machine:
# CIFAR-10, else Fashion-MNIST, else the small digits that come with scikit-learn. You may name
# another one.

# %% [markdown]
# ## 2. The data, and the idea
#
# The images are in two parts. The classifier stores the *training* images together with their
# classes, and that is all its training. The *test* images are the ones it is asked about.

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
# An image of $C \times H \times W$ pixels is a point in a space of $D = C H W$ dimensions: write
# its pixels in one long row. Then images are alike if their points are close to each other, and the
# *k nearest neighbours* classifier (Fix and Hodges, 1951; Cover and Hart, *Nearest neighbor pattern
# classification*, 1967) works in two steps. Given a new image,
#
# 1. compute its distance to every training image;
# 2. let the $k$ closest ones vote: the class that occurs most often among them is the answer.

# %%
X_train, y_train = data.x_train.reshape(len(data.x_train), -1), data.y_train
X_test, y_test = data.x_test.reshape(len(data.x_test), -1), data.y_test
print(f"X_train {X_train.shape}, y_train {y_train.shape}")
print(f"X_test  {X_test.shape}, y_test  {y_test.shape}")

# %% [markdown]
# ## 3. Distances with two loops
#
# The usual distance of two points $x$ and $t$ is the Euclidean one, also called the L2 distance:
#
# $$d(x, t) = \lVert x - t \rVert_2 = \sqrt{\sum_d (x_d - t_d)^2} .$$
#
# With $N$ test images and $M$ training images there are $N \times M$ distances, and they make a
# matrix: row $i$ belongs to test image $i$, column $j$ to training image $j$.
#
# **Your turn (2 points).** Fill it with one loop over the test images and, inside it, one over the
# training images. Compute each distance with NumPy operations on two rows of $D$ numbers, not with a
# third loop. Here and below, write the formula yourself; `np.linalg.norm` and SciPy would hide what
# you are here to see.


# %% nbgrader={"grade": false, "grade_id": "distances_two_loops", "locked": false, "schema_version": 3, "solution": true}
def distances_two_loops(X, X_train):
    """Compute the L2 distance of each row of X to each row of X_train, with two loops.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    X_train : ndarray, shape (M, D)

    Returns
    -------
    dists : ndarray, shape (N, M)
        Entry (i, j) is the distance of X[i] to X_train[j].
    """
    dists = np.zeros((len(X), len(X_train)))
    ### BEGIN SOLUTION
    for i in range(len(X)):
        for j in range(len(X_train)):
            dists[i, j] = np.sqrt(np.sum((X[i] - X_train[j]) ** 2))
    ### END SOLUTION
    return dists


# %% nbgrader={"grade": true, "grade_id": "check_distances_two_loops", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.distances_two_loops()

# %% [markdown]
# Look at it. Here are the distances of a few test images to a few training images, as a picture:
# dark is near, bright is far. The training images are sorted by class, so that a test image which
# was close to one class alone would have one dark stretch in its row.

# %%
few = X_test[:40]
by_class = np.argsort(y_train[:120], kind="stable")
dists = distances_two_loops(few, X_train[by_class])
display(checks.draw_distances(dists, y_train[by_class], data.classes))

# %% [markdown]
# **Question 1 (1 point).** Some rows of the picture are much brighter than the others, and so are
# some columns. What must be true of the pixels of an image that gives a bright row? And what of an
# image that gives a bright column? Two sentences are enough.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_bright_rows", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# A bright row is a test image that is far from nearly all training images: its pixels are unusual,
# such as a very bright background, a very dark one, or strong contrasts. A bright column is the same
# for a training image: no test image is like it. (Full point for both, row = one test image far
# from all training images, column = the reverse. Half a point for one of them, or for "outlier"
# without saying of which set. "It belongs to another class" is no answer: all classes are there.)
# ### END SOLUTION

# %% [markdown]
# ## 4. Distances with one loop
#
# The inner loop is not needed. NumPy can subtract one test image from *all* training images at
# once: `X_train` has shape $(M, D)$ and `X[i]` has shape $(D,)$. By the rules of broadcasting, the
# row is repeated $M$ times, without being copied, and the difference has shape $(M, D)$. Then the
# sum over $d$ is a sum over the last axis.
#
# **Your turn (2 points).** Compute one whole row of the matrix in each round of the loop.


# %% nbgrader={"grade": false, "grade_id": "distances_one_loop", "locked": false, "schema_version": 3, "solution": true}
def distances_one_loop(X, X_train):
    """Compute the L2 distance of each row of X to each row of X_train, with one loop.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    X_train : ndarray, shape (M, D)

    Returns
    -------
    dists : ndarray, shape (N, M)
    """
    dists = np.zeros((len(X), len(X_train)))
    ### BEGIN SOLUTION
    for i in range(len(X)):
        dists[i] = np.sqrt(np.sum((X_train - X[i]) ** 2, axis=1))
    ### END SOLUTION
    return dists


# %% nbgrader={"grade": true, "grade_id": "check_distances_one_loop", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.distances_one_loop()

# %% [markdown]
# ## 5. Distances without a loop
#
# Can the last loop go, too? Give `X` an extra axis, and broadcasting does it in one line:
# `X[:, None, :] - X_train[None, :, :]` has shape $(N, M, D)$. But think before you run it. For 500
# test images, 5,000 training images and 3,072 pixels in float32 that is
#
# $$500 \cdot 5000 \cdot 3072 \cdot 4 \text{ bytes} \approx 31 \text{ GB} .$$
#
# There is a better way, and it uses the operation that computers are best at. Multiply out the
# square, for one test image $x$ and one training image $t$:
#
# $$\lVert x - t \rVert^2 = \sum_d (x_d - t_d)^2
#   = \underbrace{\sum_d x_d^2}_{\lVert x \rVert^2}
#   \;-\; 2 \underbrace{\sum_d x_d\, t_d}_{x \cdot t}
#   \;+\; \underbrace{\sum_d t_d^2}_{\lVert t \rVert^2} .$$
#
# For all images at once:
#
# | term | depends on | shape |
# |---|---|---|
# | $\lVert x_i \rVert^2$ | the test image | $(N, 1)$ |
# | $x_i \cdot t_j$ | both | $(N, M)$, one matrix product |
# | $\lVert t_j \rVert^2$ | the training image | $(M,)$ |
#
# Broadcasting adds up the three. Nothing larger than $(N, M)$ is made, apart from the squares of
# the two inputs.
#
# **One trap.** If $x$ and $t$ are the same image, then the three terms should cancel to 0. They are
# rounded, however, so what is left may be a tiny *negative* number, and its square root is NaN.
# Distances are never negative, so raise such numbers to 0 before you take the root.
#
# **Your turn (5 points).** No loop, no list comprehension, no `np.vectorize`, and no array of shape
# $(N, M, D)$.


# %% nbgrader={"grade": false, "grade_id": "distances_no_loops", "locked": false, "schema_version": 3, "solution": true}
def distances_no_loops(X, X_train):
    """Compute the L2 distance of each row of X to each row of X_train, without a loop.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    X_train : ndarray, shape (M, D)

    Returns
    -------
    dists : ndarray, shape (N, M)
        Never NaN, also where a row of X is a row of X_train.
    """
    ### BEGIN SOLUTION
    of_test = np.sum(X**2, axis=1, keepdims=True)
    of_train = np.sum(X_train**2, axis=1)
    squared = of_test - 2 * (X @ X_train.T) + of_train
    dists = np.sqrt(np.maximum(squared, 0))
    ### END SOLUTION
    return dists


# %% nbgrader={"grade": true, "grade_id": "check_distances_no_loops", "locked": true, "points": 5, "schema_version": 3, "solution": false}
checks.distances_no_loops()

# %% [markdown]
# **Was it worth it?** The three functions compute the same numbers, so we can check them against
# each other, and then look at the clock.

# %%
seconds, found = {}, {}
for way in (distances_two_loops, distances_one_loop, distances_no_loops):
    start = time.perf_counter()
    found[way.__name__] = way(few, X_train)
    seconds[way.__name__] = time.perf_counter() - start

exact = found["distances_two_loops"]
for title, dists in found.items():
    difference = np.abs(dists - exact).max() / exact.max()
    print(f"{title:20} {seconds[title]:8.4f} s, largest difference {difference:.0e}")
display(checks.draw_timings(seconds, f"{len(few)} test and {len(X_train):,} training images"))

# %% [markdown]
# The loops do not compute more: the arithmetic is the same, or nearly. They lose their time on the
# way. Each round of a Python loop costs about a microsecond, and each NumPy call a few more, however
# small the arrays are; and the loops read `X_train` from memory again and again, where a matrix
# product works on small blocks that stay in the processor's cache. The same holds for most of
# what you will write in this course: *find the matrix product*.

# %% [markdown]
# ## 6. The vote
#
# Row $i$ of the matrix says how far each training image is from test image $i$. Sort the row,
# keep the $k$ smallest, look up their classes in `y_train`, and count.
#
# Two classes may get equally many votes. Any rule is fine as long as everybody uses the same one, so
# here is ours: *of the classes with the most votes, the smallest label wins.*
#
# **Your turn (4 points).** `np.argsort` returns the indices that sort an array, and `np.bincount`
# counts how often each of 0, 1, 2, ... occurs in a row. A loop over the test images is welcome here.


# %% nbgrader={"grade": false, "grade_id": "predict_labels", "locked": false, "schema_version": 3, "solution": true}
def predict_labels(dists, y_train, k=1):
    """Predict a class for each test image: the one most frequent among its k nearest neighbours.

    Parameters
    ----------
    dists : ndarray, shape (N, M)
        The distance of each test image to each training image.
    y_train : ndarray of int, shape (M,)
        The classes of the training images.
    k : int
        How many neighbours vote.

    Returns
    -------
    y_pred : ndarray of int, shape (N,)
        If several classes have the most votes, the smallest of them.
    """
    ### BEGIN SOLUTION
    nearest = np.argsort(dists, axis=1)[:, :k]
    votes = y_train[nearest]
    y_pred = np.array([np.bincount(row).argmax() for row in votes])
    ### END SOLUTION
    return y_pred


# %% nbgrader={"grade": true, "grade_id": "check_predict_labels", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.predict_labels()

# %% [markdown]
# ## 7. Does it work?
#
# A classifier that guesses is right once in ten times. Here is the first step of every experiment:
# make sure that you are better than that.

# %%
dists = distances_no_loops(X_test, X_train)
for k in (1, 5):
    right = (predict_labels(dists, y_train, k) == y_test).mean()
    print(f"k = {k}: {right:.1%} of {len(y_test)} test images are classified correctly")
print(f"guessing: {1 / len(data.classes):.1%}")

# %% [markdown]
# Numbers do not say *why*. Each row below shows a test image and its five nearest training images,
# the nearest first. Look at the wrong ones: what do the neighbours have in common with the test
# image? It is often the background, or the pose, and not what the picture shows. The distance of
# pixels knows nothing of objects.

# %%
shown = np.arange(8)
neighbours = np.argsort(dists[shown], axis=1)[:, :5]
display(checks.draw_neighbours(data, shown, neighbours))

# %% [markdown]
# **Question 2 (1 point).** Suppose that the distance were $\sum_d |x_d - t_d|$, the *L1* distance.
# Which of these changes, made to all training and test images alike, can *never* change which
# training image is nearest? (a) Subtract the mean of all pixels of all images from every pixel. (b)
# Subtract from every pixel the mean of that pixel over the training images. (c) Divide every pixel
# by one standard deviation, that of all pixels. (d) Divide each pixel by its own standard deviation
# over the training images. (e) Turn all images by 90 degrees. Name them, with a reason for each of
# the five.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_l1", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# (a), (b), (c) and (e). Subtracting the same thing from both images, whether one number (a) or a
# whole mean image (b), leaves every difference as it was. Dividing all pixels by one number (c)
# divides all distances by it, and their order stays. Turning by 90 degrees (e) puts the same terms
# of the sum into another order. (d) may change it: it gives each pixel a weight of its own, so the
# terms of the sum no longer count alike. (Full point for the right four with reasons, half a point
# with one mistake or without reasons.)
# ### END SOLUTION

# %% [markdown]
# ## 8. Which k? Cross-validation
#
# How many neighbours should vote? That is a *hyperparameter*: nothing in the training computes it,
# so we have to try. But not on the test images: if you choose $k$ by the test accuracy, the same
# images can no longer tell how good the classifier is.
#
# We could set aside some of the training images, as *validation* images. When there are few of them
# it is better to take turns. *Cross-validation* (Stone, 1974) cuts the training set into $F$ parts,
# called folds. Each of them once plays the test set, while the others together are the training
# set. So each $k$ gets $F$ accuracies, and their spread shows how far a single one could be trusted.

# %%
display(checks.draw_folds(5))

# %% [markdown]
# **Your turn (4 points).** Write it. Cut `X` and `y` into folds with `np.array_split`, which keeps
# their order and accepts lengths that $F$ does not divide. In each round, `np.concatenate` the other
# folds, compute the distances *once*, and use them for all `ks`: what is expensive are the distances
# and not the votes. Call the functions that you wrote above.


# %% nbgrader={"grade": false, "grade_id": "cross_validate", "locked": false, "schema_version": 3, "solution": true}
def cross_validate(X, y, ks, folds=5):
    """Compute the accuracy of the classifier on each fold, for several k.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    y : ndarray of int, shape (N,)
    ks : sequence of int
        The numbers of neighbours to try.
    folds : int
        How many parts X and y are cut into, in their order.

    Returns
    -------
    accuracies : dict of int to list of float
        For each k in `ks` as many accuracies as there are folds: number f is that on fold f, with
        all the others as the training set.
    """
    ### BEGIN SOLUTION
    X_folds, y_folds = np.array_split(X, folds), np.array_split(y, folds)
    accuracies = {k: [] for k in ks}
    for f in range(folds):
        X_rest = np.concatenate(X_folds[:f] + X_folds[f + 1 :])
        y_rest = np.concatenate(y_folds[:f] + y_folds[f + 1 :])
        to_rest = distances_no_loops(X_folds[f], X_rest)
        for k in ks:
            right = predict_labels(to_rest, y_rest, k) == y_folds[f]
            accuracies[k].append(float(right.mean()))
    ### END SOLUTION
    return accuracies


# %% nbgrader={"grade": true, "grade_id": "check_cross_validate", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.cross_validate()

# %% [markdown]
# Now use it. Each dot is one fold; the line goes through the means, and the bars are one standard
# deviation long in each direction.

# %% tags=["training"]
accuracies = cross_validate(X_train, y_train, checks.KS)
display(checks.draw_cross_validation(accuracies))

best = max(accuracies, key=lambda k: np.mean(accuracies[k]))
print(f"the best k is {best}, with a mean accuracy of {np.mean(accuracies[best]):.1%}")

# %% [markdown]
# **Question 3 (1 point).** What does $k$ do? Say what the classifier answers for $k = 1$ on an image
# of its own training set, and for $k = M$ on any image. What gets better and what gets worse when
# $k$ grows between the two? And look at your plot: is the best $k$ certain?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_k", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# With k = 1 a training image is its own nearest neighbour, so every training image is right, the odd
# and mislabelled ones too: the boundaries between classes follow every single point. With k = M all
# training images vote, and the answer is the most frequent class, always. Between the two, a larger
# k smooths the boundaries: single odd images lose their influence (less variance), and fine detail
# is lost (more bias). The means of neighbouring k differ by less than the error bars, so the plot
# says "about here", not one best k. (A quarter for each of the four.)
# ### END SOLUTION

# %% [markdown]
# ## 9. At last, the test
#
# This $k$ was chosen without the test images, so the accuracy on them is an honest estimate:

# %%
y_pred = predict_labels(dists, y_train, best)
print(f"test accuracy with k = {best}: {(y_pred == y_test).mean():.1%}")

display(plotting.confusion_matrix(y_test, y_pred, data.classes))

# %% [markdown]
# Which classes does the classifier prefer, and which ones does it hardly ever name? On CIFAR-10 it
# answers "deer" far too often: pictures with an even background of medium brightness are close to
# everything. On digits, which are all of one size and in one place, the same
# method is hard to beat. The distance is only as good as the space it is measured in; much of
# machine learning is about finding a better space, and the notebook `features` makes a start.
#
# The method has a second weakness. It trains in no time and takes all its time to answer: for each
# image all training images are looked at. We would rather have it the other way round, and the next
# notebooks do.

# %% [markdown]
# ## 10. Hand in, and go on
#
# **Hand in** this notebook. Before you do, restart the kernel and run all cells: what works only in
# the order in which you happened to run the cells does not work.
#
# **Further.** Use the L1 distance: can you do it without a loop and without an $(N, M, D)$ array?
# Weight each vote by one over the distance. Leave half of the pixels out, and see how little it
# hurts. With `size = "full"`, plot the accuracy over the number of training images, on a logarithmic
# axis: how many would you need for 90%?
#
# **Sources.** Stanford's [CS231n](https://cs231n.github.io/classification/), whose first assignment
# begins with this task. E. Fix and J. Hodges, *Discriminatory analysis: nonparametric
# discrimination* (1951). T. Cover and P. Hart, *Nearest neighbor pattern classification* (1967). M.
# Stone, *Cross-validatory choice and assessment of statistical predictions* (1974). A. Krizhevsky,
# *Learning multiple layers of features from tiny images* (2009), for CIFAR-10.
