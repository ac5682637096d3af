"""Nodes and constants of an ONNX graph as they are added, with weights of a safetensors file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data

_DTYPES = {"F32": TensorProto.FLOAT}


class Graph:
    """Nodes and constants as they are added; every method returns the name of its output."""

    def __init__(self, weights: Path) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.domains = {""}  # of operators
        self._referred: set[str] = set()
        with weights.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            self._stored = json.loads(file.read(length))
        self._data_start = 8 + length
        self._file = weights
        self.names = set(self._stored)

    def op(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """A node; its output's name, or a list of names when there are several."""
        outputs = [f"{kind}_{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.domains.add(attributes.get("domain", ""))
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by reference."""
        if name not in self._referred:
            entry = self._stored[name]
            kind = _DTYPES[entry["dtype"]]
            tensor = TensorProto(name=name, data_type=kind, dims=entry["shape"])
            tensor.raw_data = b""
            start, end = entry["data_offsets"]
            set_external_data(
                tensor, self._file.name, offset=self._data_start + start, length=end - start
            )
            tensor.ClearField("raw_data")
            self.constants.append(tensor)
            self._referred.add(name)
        return name

    def array(self, name: str) -> np.ndarray:
        """The numbers of a tensor of the safetensors file."""
        entry = self._stored[name]
        start, end = entry["data_offsets"]
        count = (end - start) // np.dtype(np.float32).itemsize
        found = np.fromfile(self._file, np.float32, count, offset=self._data_start + start)
        return found.reshape(entry["shape"])

    def constant(self, values: Any, dtype: type) -> str:
        """A small tensor kept in the graph."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name
