"""How the matrices of a graph are stored and multiplied: one function for each kind.

A kind other than float32 keeps numbers of its own in the graph. The table of embeddings is not
among the matrices: a pass reads a few of its rows only, so they stay as they are, by reference,
unless the graph is to do without the file that they are in (`rounded_rows`).

No kind may look at more than one row of x when it rounds x: what is said of a text would depend on
what else is read in the same pass, and a list on who else is typing.

T rows, I numbers that go in, O that come out, B blocks of a row of a matrix, S numbers of a block
V rows of a table, D width
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from prompt_gen.graph.nodes import Graph


@dataclass(frozen=True)
class Matrix:
    """A matrix of the safetensors file by its name, and what is added behind it."""

    name: str
    is_IO: bool = False  # or OI
    bias: str = ""

    def of(self, g: Graph) -> np.ndarray:
        """Its numbers, [O, I]."""
        found = g.array(self.name)
        return found.T if self.is_IO else found


Multiply = Callable[[Graph, str, Matrix], str]  # names of x_TI and of the result, x_TO

LookUp = Callable[[Graph, str, str], str]  # a table's name and that of indices_T; result, x_TD

_OPERATORS = "com.microsoft"  # onnxruntime's own
_IN_INT8 = 4  # level at which MatMulNBits rounds x; below, it makes the matrix float32 each time
_TINY = 1e-20  # a row of zeros is divided by it
_7_BITS = 64


def float32(g: Graph, x_TI: str, matrix: Matrix) -> str:
    """The numbers of the safetensors file, by reference."""
    bias = [g.weight(matrix.bias)] if matrix.bias else []
    return g.op("Gemm", x_TI, g.weight(matrix.name), *bias, transB=int(not matrix.is_IO))


def in_blocks(bits: int, size: int, accuracy: int = _IN_INT8) -> Multiply:
    """Whole numbers of 4 or 8 bits, with a scale for each block of `size` inputs of an output.

    x is rounded to 8 bits in the same blocks, each row by itself.
    """

    def multiply(g: Graph, x_TI: str, matrix: Matrix) -> str:
        matrix_OI = matrix.of(g)
        rounded_OBS, scale_OB = rounded(matrix_OI, bits, size)
        numbers_OBS = (rounded_OBS + 2 ** (bits - 1)).astype(np.uint8)
        if bits == 4:
            numbers_OBS = numbers_OBS[..., 0::2] | numbers_OBS[..., 1::2] << 4
        bias = ["", "", g.weight(matrix.bias)] if matrix.bias else []
        return g.op(
            "MatMulNBits",
            x_TI,
            g.constant(numbers_OBS, np.uint8),
            g.constant(scale_OB, np.float32),
            *bias,
            domain=_OPERATORS,
            N=matrix_OI.shape[0],
            K=matrix_OI.shape[1],
            bits=bits,
            block_size=size,
            accuracy_level=accuracy,
        )

    return multiply


def rounded(matrix_OI: np.ndarray, bits: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers [O, B, S] and scales [O, B] of a matrix; the largest of a block is exact."""
    padded_OI = np.pad(matrix_OI, ((0, 0), (0, -matrix_OI.shape[1] % size)))
    blocks_OBS = padded_OI.reshape(len(matrix_OI), -1, size)
    largest_OB = np.abs(blocks_OBS).max(axis=-1)
    scale_OB = np.where(largest_OB > 0, largest_OB, 1) / (2 ** (bits - 1) - 1)
    return np.rint(blocks_OBS / scale_OB[..., None]).astype(np.int16), scale_OB


def by_rows(top: int) -> Multiply:
    """Dynamic: whole numbers of -top to top with a scale for each output, x in 8 bits.

    Each row of x has a scale of its own, which is found as it comes. On processors without
    instructions for sums of products of bytes (AVX2 alone), sums of two products are kept in 16
    bits: they fit if `top` is at most 64.
    """

    def multiply(g: Graph, x_TI: str, matrix: Matrix) -> str:
        numbers_OI, scale_O = of_rows(matrix.of(g), top)
        columns, tiny = g.constant([1], np.int64), g.constant(_TINY, np.float32)
        largest_T1 = g.op("ReduceMax", g.op("Abs", x_TI), columns, keepdims=1)
        largest_T1 = g.op("Add", largest_T1, tiny)
        share_TI = g.op("Div", x_TI, largest_T1)
        rounded_TI = g.op("Round", g.op("Mul", share_TI, g.constant(127, np.float32)))
        whole_TI = g.op("Add", rounded_TI, g.constant(128, np.float32))
        # Not MatMulInteger: onnxruntime puts what stands behind it into this operator, and takes
        # the scales of rows for a single one.
        y_TO = g.op(
            "MatMulIntegerToFloat",
            g.op("Cast", whole_TI, to=TensorProto.UINT8),
            g.constant(numbers_OI.T, np.int8),
            g.constant(1 / 127, np.float32),
            g.constant(scale_O, np.float32),
            g.constant(128, np.uint8),
            domain=_OPERATORS,
        )
        y_TO = g.op("Mul", y_TO, largest_T1)
        return g.op("Add", y_TO, g.weight(matrix.bias)) if matrix.bias else y_TO

    return multiply


def of_rows(matrix_OI: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers [O, I] of -top to top, and the scale of each row [O]."""
    scale_O = np.maximum(np.abs(matrix_OI).max(axis=1), _TINY) / top
    return np.rint(matrix_OI / scale_O[:, None]).astype(np.int8), scale_O


def exact_rows(g: Graph, name: str, indices_T: str) -> str:
    """Rows of a table of the safetensors file, by reference."""
    return g.op("Gather", g.weight(name), indices_T, axis=0)


def rounded_rows(g: Graph, name: str, indices_T: str) -> str:
    """Rows of a table that the graph holds in 8 bits, with a scale for each."""
    numbers_VD, scale_V = of_rows(g.array(name), 127)
    rows_TD = g.op("Gather", g.constant(numbers_VD, np.int8), indices_T, axis=0)
    scale_T1 = g.op("Gather", g.constant(scale_V[:, None], np.float32), indices_T, axis=0)
    return g.op("Mul", g.op("Cast", rows_TD, to=TensorProto.FLOAT), scale_T1)


KINDS: dict[str, Multiply] = {
    "float32": float32,
    "int8": in_blocks(8, 64),
    "int4": in_blocks(4, 32),
    "dynamic": by_rows(_7_BITS),
}
