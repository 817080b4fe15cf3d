# %% [markdown]
# # A tiny assignment

# %%
from checks import affine as checks


# %% nbgrader={"grade": false, "grade_id": "affine_forward", "locked": false, "schema_version": 3, "solution": true}
def affine_forward(x, w, b):
    """Return x w + b, and what the way back needs."""
    ### BEGIN SOLUTION
    out = x @ w + b
    ### END SOLUTION
    return out, (x, w, b)


# %% nbgrader={"grade": true, "grade_id": "check_affine_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false}
checks.affine_forward()

# %% [markdown]
# And back.


# %% nbgrader={"grade": false, "grade_id": "affine_backward", "locked": false, "schema_version": 3, "solution": true}
def affine_backward(dout, cache):
    """Return the gradients of x, w and b."""
    x, w, _ = cache
    ### BEGIN SOLUTION
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dx, dw, db


# %% nbgrader={"grade": true, "grade_id": "check_affine_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.affine_backward()

# %% tags=["training"]
raise RuntimeError("training cells do not run when graded")

# %% [markdown] nbgrader={"grade": true, "grade_id": "question", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# Because each output sees the bias.
# ### END SOLUTION
