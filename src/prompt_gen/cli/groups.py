"""Commands that have sub-commands and are commands themselves."""

from copy import copy
from typing import Any

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Runs its first command where the first argument names none of the others.

    `prompt-gen vocab DIR` is the first, `prompt-gen vocab compare DIR` another. The help shows the
    arguments and options of the first, then the others.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the first command's name where none was given."""
        first, *others = self.list_commands(ctx)
        if args and args[0] not in (*others, *ctx.help_option_names):
            args = [first, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The first command's help, with the others below."""
        first, *others = self.list_commands(ctx)
        page = copy(self)
        page.params, page.help = self.commands[first].params, self.commands[first].help
        page.commands = {name: self.commands[name] for name in others}
        page.subcommand_metavar = "| COMMAND ..."
        TyperGroup.format_help(page, ctx, formatter)
