"""Text of another kind: what is learned is every token from those before it."""

HEAD = "ForCausalLM"
