"""`prompt-gen keys`, and that no server is open without one."""

import json
from pathlib import Path

import pytest

from tests.cli.running import here


def test_add_list_and_revoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    added = here("keys", "add", "clinic")
    assert added.returncode == 0, added.stderr
    secret = added.stdout.strip()
    assert "not shown again" in added.stderr

    listed = here("keys", "list")
    assert "clinic" in listed.stdout
    assert secret[-4:] in listed.stdout
    assert secret not in listed.stdout + listed.stderr
    rows = json.loads(here("keys", "list", "--json").stdout)
    assert [row["name"] for row in rows["keys"]] == ["clinic"]
    assert "sha256" not in rows["keys"][0]
    assert rows["file"] == str(tmp_path / "prompt-gen" / "keys.json")

    assert here("keys", "revoke", "clinic").returncode == 0
    gone = here("keys", "revoke", "clinic")
    assert gone.returncode == 2
    assert "holds no keys" in gone.stderr
    assert here("keys", "list").stdout == ""


def test_another_file_can_be_named(tmp_path: Path) -> None:
    where = ("--set", f"serve.keys={tmp_path / 'k.json'}")
    assert here("keys", "add", "a", *where).returncode == 0
    assert (tmp_path / "k.json").is_file()
    again = here("keys", "add", "a", *where)
    assert again.returncode == 2
    assert "there is a key 'a' already" in again.stderr


def test_an_open_server_without_a_key_is_refused_before_anything_is_loaded(
    tmp_path: Path,
) -> None:
    where = ("--set", f"serve.keys={tmp_path / 'k.json'}")
    refused = here("serve", tmp_path / "no-such-bundle", "--host", "0.0.0.0", *where)
    assert refused.returncode == 2
    assert "host '0.0.0.0' is open to other machines" in refused.stderr
    assert "prompt-gen keys add NAME" in refused.stderr
    assert "no-such-bundle" not in refused.stderr
