"""A trained model in the formats of other engines: one file per format, one row each."""

from prompt_gen.choices import Choice, Choices

__all__ = ["EXPORTERS"]

EXPORTERS = Choices(
    "export format",
    {"onnx": Choice("prompt_gen.export.onnx", "the graph that completes", "train")},
)
