"""Small arrays inside the domain of what they are given to: no ties, no zeros, no integers."""

import numpy as onp

X = onp.array([[0.31, -0.72, 0.55], [-0.18, 0.94, -0.43]])
Y = onp.array([[-0.27, 0.64, 0.12], [0.83, -0.51, 0.39]])
OUT = onp.array([[0.05, 0.15, 0.25], [0.35, 0.45, 0.65]])
TALL = onp.array([[0.62, -0.35], [0.17, 0.88], [-0.91, 0.26]])
POSITIVE = onp.array([[1.3, 2.6, 1.9], [3.2, 1.1, 2.4]])
ROW = onp.array([0.41, -0.93, 1.27])
ROW2 = onp.array([-0.58, 0.77, 0.36])
WEIGHTS = onp.array([0.2, 0.5, 0.3])
COLUMN = onp.array([[0.74], [-1.12]])
PAIR = onp.array([0.23, 0.81])
VECTOR = onp.array([0.52, -1.53, 2.21, 0.13, -0.74, 3.08])
ASCENDING = onp.array([-1.9, -0.4, 0.33, 1.21, 2.72, 3.65])
SCALAR = onp.array(0.37)
CUBE = onp.sin(1.7 * onp.arange(1, 13)).reshape(2, 2, 3)
EMPTY = onp.zeros((0, 3))
GAPS = onp.array([[0.31, onp.nan, 0.55], [-0.18, 0.94, onp.nan]])
SINGLE = X.astype(onp.float32)

SQUARE = onp.array([[2.1, 0.3, -0.4], [0.5, 1.7, 0.6], [-0.2, 0.8, 3.3]])
SYMMETRIC = onp.array([[4.2, 0.9, -0.6], [0.9, 3.1, 0.4], [-0.6, 0.4, 1.8]])
SQUARES = onp.stack([SQUARE, SYMMETRIC])

COMPLEX = X + 1j * Y
COMPLEX_ROW = ROW + 1j * ROW2
COMPLEX_SQUARE = SQUARE + 1j * onp.flip(SYMMETRIC, 0) / 5
HERMITIAN = SYMMETRIC + 1j * onp.array([[0, 0.3, -0.2], [-0.3, 0, 0.5], [0.2, -0.5, 0]])

INTEGERS = onp.array([[3, 1, 2], [6, 5, 4]])
INTEGERS2 = onp.array([[2, 5, 3], [1, 4, 6]])
INDICES = onp.array([2, 0, 1])
LABELS = onp.array([0, 2, 2, 1, 0, 2])
BYTES = onp.array([[7, 130, 66]], dtype=onp.uint8)
FLAGS = onp.array([[True, False, True], [False, True, True]])
FLAGS2 = onp.array([[True, True, False], [False, False, True]])
DAYS = onp.array(["2024-02-28", "2024-03-02", "NaT"], dtype="datetime64[D]")
WEEKDAYS = onp.array(["2024-02-26", "2024-03-01"], dtype="datetime64[D]")
WORDS = onp.array(["ab", "c", "de"])
