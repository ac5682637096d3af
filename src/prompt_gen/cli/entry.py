"""API keys: make one, show what there are, let one be one no more."""

from typing import TYPE_CHECKING, Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from prompt_gen.keys import KeyFile

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whom or what the key is for.")]


def add(name: Name, config: ConfigFile = None, set_: Settings = None) -> None:
    """Make a key and print it: this once, as only its hash is kept."""
    kept = _file(config, set_)
    print(kept.add(name))
    show.say(f"key '{name}', kept as a hash in {kept.path}; it is not shown again")
    show.say("A client sends it as the header 'Authorization: Bearer KEY'.")


def list_keys(as_json: AsJson = False, config: ConfigFile = None, set_: Settings = None) -> None:
    """Show the keys there are: name, when each was made, last characters."""
    kept = _file(config, set_)
    rows = [key.model_dump(exclude={"sha256"}) for key in kept.read()]
    if as_json:
        show.result({"file": str(kept.path), "keys": rows})
        return
    for row in rows:
        print(f"{row['created']}  …{row['last']}  {row['name']}")
    if not rows:
        show.say(f"no keys in {kept.path}; next: prompt-gen keys add NAME")


def revoke(name: Name, config: ConfigFile = None, set_: Settings = None) -> None:
    """Let a key be one no more; a running server refuses it from the next request on."""
    kept = _file(config, set_)
    kept.revoke(name)
    show.say(f"key '{name}' is revoked")


def _file(config: "Path | None", set_: list[str] | None) -> "KeyFile":
    from prompt_gen.keys import KeyFile
    from prompt_gen.settings import resolve

    return KeyFile.of(resolve(set_ or (), file=config).serve)
