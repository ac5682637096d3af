"""`python -m prompt_gen` is the command `prompt-gen`."""

from prompt_gen.cli import main

main()
