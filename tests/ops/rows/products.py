"""Products: of vectors, matrices, stacks of matrices, tensors; einsum in all its forms."""

from ..checker import C, Row, X, row


def product(name: str, *pairs, types: str = "fc", **kwargs) -> Row:
    return row(name, *(C(X(*a), X(*b), **kwargs) for a, b in pairs), types=types)


MATMUL = [
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((5, 1, 2, 3), (2, 3, 4)),
    ((1, 2, 3), (5, 3, 1)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
    ((4, 2, 0), (0,)),
]

PRODUCTS = [
    product("matmul", *MATMUL),
    row("matmul", C(X(2, 3), X(3, 2)), C(X(3), X(3)), call=lambda np, x, y: x @ y, types="fc"),
    product("linalg.matmul", ((2, 3), (3, 4)), ((5, 2, 3), (3, 4))),
    product(
        "dot",
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3, 4)),
        ((), (3,)),
        ((3,), ()),
    ),
    product(
        "dot",
        ((2, 5, 3), (3,)),
        ((2, 5, 3), (4, 3, 2)),
        ((2, 3), (4, 3, 2)),
        ((3,), (2, 3, 4)),
        ((), ()),
    ),
    row(
        "dot",
        C(X(2, 3), 2.0),
        C(3.0, X(2)),
        C(X(2, 3), X(3)),
        call=lambda np, x, y: np.dot(x, y),
        types="fc",
    ),
    product(
        "inner",
        ((3,), (3,)),
        ((2, 3), (4, 3)),
        ((2, 5, 3), (3,)),
        ((), (3,)),
        ((2,), ()),
        ((0,), (0,)),
    ),
    product("outer", ((3,), (4,)), ((2, 3), (4,)), ((), (3,)), ((0,), (3,))),
    product("linalg.outer", ((3,), (4,))),
    product("vdot", ((3,), (3,)), ((2, 3), (6,)), ((2, 3), (2, 3)), ((), ())),
    product("vecdot", ((3,), (3,)), ((2, 3), (2, 3)), ((5, 1, 3), (2, 3))),
    product("vecdot", ((3, 2), (3, 2)), axis=0),
    product("linalg.vecdot", ((2, 3), (2, 3))),
    product("linalg.vecdot", ((3, 2), (3, 2)), axis=0),
    product("matvec", ((2, 3), (3,)), ((5, 2, 3), (3,)), ((5, 2, 3), (5, 3))),
    product("vecmat", ((3,), (3, 2)), ((3,), (5, 3, 2)), ((5, 3), (5, 3, 2))),
    product(
        "kron", ((2,), (3,)), ((2, 3), (3, 2)), ((2, 2), (3,)), ((), (3,)), ((2, 1, 2), (2, 2))
    ),
    product("cross", ((3,), (3,)), ((4, 3), (4, 3)), ((4, 3), (3,)), ((1, 3), (4, 3))),
    product("cross", ((3, 4), (3, 4)), axis=0),
    row(
        "cross",
        C(X(3, 2), X(2, 3), axisa=0),
        C(X(2, 3), X(2, 3), axisc=0),
        C(X(3, 2), X(3, 2), 0, 0, 0),
    ),
    product("linalg.cross", ((3,), (3,)), ((4, 3), (4, 3))),
    product("linalg.cross", ((3, 4), (3, 4)), axis=0),
]

TENSORDOT = [
    row(
        name,
        C(X(2, 3, 4), X(3, 4, 2)),
        C(X(2, 3), X(3, 4), axes=1),
        C(X(2), X(3), axes=0),
        C(X(2, 3, 4), X(4, 3, 2), axes=([1, 2], [1, 0])),
        C(X(2, 3), X(4, 3), axes=(1, 1)),
        C(X(2, 3), X(4, 3), axes=((-1,), (-1,))),
        C(X(2, 3), X(2, 3), axes=2),
        C(X(0, 3), X(3, 2), axes=1),
        types="fc",
    )
    for name in ("tensordot", "linalg.tensordot")
]


def einsum(*cases, types: str = "fc", **kwargs) -> Row:
    return row(
        "einsum", *(C(s, *(X(*a) for a in shapes), **kwargs) for s, *shapes in cases), types=types
    )


EINSUM = [
    einsum(
        ("ij->ji", (2, 3)),
        ("ij->", (2, 3)),
        ("ij->j", (2, 3)),
        ("ij", (2, 3)),
        ("ba", (2, 3)),
        ("->", ()),
    ),
    einsum(
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("iij->j", (2, 2, 3)),
        ("iji->ij", (2, 3, 2)),
        ("iii->i", (2, 2, 2)),
    ),
    einsum(
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk", (2, 3), (3, 4)),
        ("i,i->", (3,), (3,)),
        ("i,j->ij", (2,), (3,)),
    ),
    einsum(
        ("ij,ij->ij", (2, 3), (2, 3)),
        ("ij,j->i", (2, 3), (3,)),
        ("ij,kl->", (2, 3), (3, 2)),
        ("i,->i", (3,), ()),
    ),
    einsum(
        ("bij,bjk->bik", (2, 3, 2), (2, 2, 3)),
        ("bij,jk->bk", (2, 3, 2), (2, 3)),
        (" i j , j -> i ", (2, 3), (3,)),
    ),
    einsum(
        ("ii,i->i", (3, 3), (3,)), ("ii,jj->ij", (2, 2), (3, 3)), ("iij,jk->k", (2, 2, 3), (3, 2))
    ),
    einsum(
        ("...ij,...jk->...ik", (2, 3, 2), (2, 2, 3)),
        ("...ij,...jk->...ik", (2, 3, 2), (2, 3)),
        ("...i->...", (2, 3)),
    ),
    einsum(
        ("i...,i...->...", (3, 2), (3, 2)),
        ("...,...", (2, 3), (3,)),
        ("...i,i", (2, 3), (3,)),
        ("...ii->...i", (2, 3, 3)),
    ),
    einsum(
        ("...i,...i->...", (4, 1, 3), (2, 3)), ("i...j->j...i", (2, 4, 3)), ("...->...", (2, 3))
    ),
    einsum(
        ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
        ("i,ij,j->", (2,), (2, 3), (3,)),
        ("i,i,i->i", (2,), (2,), (2,)),
    ),
    einsum(("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)), optimize=True),
    einsum(
        ("ij,jk->ik", (0, 3), (3, 2)),
        ("ij,jk->ik", (2, 0), (0, 2)),
        ("ij,ij->i", (2, 1), (2, 3)),
        types="f",
    ),
    einsum(
        ("Ab,bA->", (2, 3), (3, 2)), ("za,ab", (2, 3), (3, 2)), ("ij,j", (1, 3), (3,)), types="f"
    ),
    row(
        "einsum",
        C(X(2, 3), [0, 1], X(3, 4), [1, 2], [0, 2]),
        C(X(2, 3), [0, 1], [1, 0]),
        C(X(3, 3), [0, 0]),
        C(X(2, 3), [0, 1], X(3, 4), [1, 2]),
        C(X(5, 2, 3), [..., 0, 1], X(3), [1], [..., 0]),
        C(X(2, 3), [30, 4], X(3), [4], [30]),
        C("ij,j->i", X(2, 3), [1.0, 2.0, 3.0]),
        types="fc",
    ),
]

CHAINS = [
    row(
        "linalg.multi_dot",
        C([X(2, 3), X(3, 4)]),
        C([X(2, 3), X(3, 4), X(4, 2)]),
        C([X(3), X(3, 2), X(2)]),
        types="fc",
    ),
    row("linalg.matrix_power", *(C(X(3, 3), n) for n in range(5)), C(X(2, 3, 3), 3), types="fc"),
]

ROWS = PRODUCTS + TENSORDOT + EINSUM + CHAINS
