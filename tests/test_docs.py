"""What is written is what there is."""

import re
import tomllib

import pytest
from typer.main import get_command

from prompt_gen.cli import app
from prompt_gen.config import ServeConfig
from tests.conftest import ROOT

READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CONTRIBUTING.md", "docs/deploying.md")


def code_of(name: str) -> list[str]:
    """Indented and fenced code of a Markdown file, line by line."""
    text = (ROOT / name).read_text("utf-8")
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    bare = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    indented = re.findall(r"^ {4}(\S.*)$", bare, re.MULTILINE)
    return indented + "".join(fenced).splitlines()


def test_both_readmes_show_the_same_code_and_tables() -> None:
    english, chinese = (code_of(name) for name in READMES)
    assert english == chinese
    rows = [
        sorted(
            re.findall(r"\d[\d.,]*", "".join(line for line in open_text if line.startswith("|")))
        )
        for open_text in ((ROOT / name).read_text("utf-8").splitlines() for name in READMES)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", [*PAGES, "ARCHITECTURE.md"])
def test_every_command_and_target_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"(?:^ {4}|`|/)prompt-gen ([a-z]+)", text, re.MULTILINE)) <= commands
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_limits_are_documented_with_their_defaults() -> None:
    text = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`serve\.\w+`(?:, )?)+) \| ([\d, ]+) \|", text, re.MULTILINE)
    assert len(rows) >= 8
    for names, values in rows:
        fields = re.findall(r"serve\.(\w+)", names)
        defaults = [f"{getattr(ServeConfig(), field):,g}" for field in fields]
        assert ", ".join(defaults) == values


def test_the_layers_of_the_architecture_are_those_that_are_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    checked = [part for row in contracts[0]["layers"] for part in row.split(" | ")]
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    block = text.split("## Layers")[1].split("## ")[0]
    rows = re.findall(r"^ {4}([a-z]+(?: \| [a-z]+)*)(?= {1,}\S)", block, re.MULTILINE)
    assert [part for row in rows for part in row.split(" | ")] == checked
