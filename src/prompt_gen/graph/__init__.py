"""A stock model directory to ONNX graphs: blocks of the architectures, and what is around them.

nodes        nodes and constants as they are added, weights of a safetensors file
weights      how matrices are stored and multiplied: float32, int8, int4, dynamic
blocks       what a block does, by architecture
completing   the graph that completes: tokens of many branches, rows of a pool
plain        the graph that other programs expect: a batch of rows, a cache for each layer
"""
