"""How the matrices of a graph are stored and multiplied: one function for each kind.

A kind other than float32 keeps numbers of its own in the graph. The table of embeddings is not
among the matrices: a pass reads a few of its rows only, so they stay as they are, by reference.

No kind may look at more than one row of x when it rounds x: what is said of a text would depend on
what else is read in the same pass, and a list on who else is typing.

T rows, I numbers that go in, O that come out, B blocks of a row of a matrix, S numbers of a block
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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

_OPERATORS = "com.microsoft"  # onnxruntime's own
_IN_INT8 = 4  # level at which MatMulNBits rounds x; below, it makes the matrix float32 each time


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


KINDS: dict[str, Multiply] = {"float32": float32, "int8": in_blocks(8, 64)}
