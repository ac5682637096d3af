"""Nodes and constants of an ONNX graph as they are added, with weights of a safetensors file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data

_DTYPES = {"F32": TensorProto.FLOAT}
_VERSIONS = {"": 23, "com.microsoft": 1}  # of the sets of operators

Values = Mapping[str, tuple[int, Sequence[Any]]]  # a name to a type and a shape


class Graph:
    """Nodes and constants as they are added; every method returns the name of its output.

    A `whole` graph holds the weights that it uses; another one points into the safetensors file,
    which has to lie beside it.
    """

    def __init__(self, weights: Path, *, whole: bool = False) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._domains = {""}  # of operators
        self._whole = whole
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
        self.several(outputs, kind, *inputs, **attributes)
        return outputs[0] if n_outputs == 1 else outputs

    def named(self, name: str, kind: str, *inputs: str, **attributes: Any) -> None:
        """A node whose output is one of the graph's, by its name."""
        self.several([name], kind, *inputs, **attributes)

    def several(self, outputs: Sequence[str], kind: str, *inputs: str, **attributes: Any) -> None:
        """A node whose outputs are given by their names."""
        self._domains.add(attributes.get("domain", ""))
        self.nodes.append(helper.make_node(kind, list(inputs), list(outputs), **attributes))

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by reference unless the graph is whole."""
        if name in self._referred:
            return name
        self._referred.add(name)
        if self._whole:
            self.constants.append(onnx.numpy_helper.from_array(self.array(name), name))
            return name
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

    def assemble(self, inputs: Values, outputs: Values, facts: Mapping[str, Any]) -> bytes:
        """The serialized graph."""
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                "prompt-gen",
                _infos(inputs),
                _infos(outputs),
                initializer=self.constants,
            ),
            opset_imports=[
                helper.make_opsetid(name, _VERSIONS[name]) for name in sorted(self._domains)
            ],
            producer_name="prompt-gen",
        )
        model.ir_version = 10
        helper.set_model_props(model, {name: str(value) for name, value in facts.items()})
        return model.SerializeToString()


def _infos(values: Values) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, kind, list(shape))
        for name, (kind, shape) in values.items()
    ]
