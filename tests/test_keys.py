"""API keys: shown once, kept as hashes by their owner alone, gone at once when revoked."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from prompt_gen.config import ServeConfig, validated
from prompt_gen.errors import (
    Damaged,
    KeyNeeded,
    NotFound,
    OutputExists,
    SettingError,
    StorageError,
    UsageError,
)
from prompt_gen.keys import VARIABLE, KeyFile, Keyring, known

SINGLE = "0123456789abcdef-single"


@pytest.fixture
def kept(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "settings" / "keys.json")


def test_a_key_is_known_and_only_its_hash_is_kept(kept: KeyFile) -> None:
    secret = kept.add("clinic 诊所")
    (key,) = KeyFile(kept.path).read()
    assert (key.name, key.last) == ("clinic 诊所", secret[-4:])
    assert key.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert key.created.endswith("Z")
    assert known(secret, kept.read()) == key
    assert secret not in kept.path.read_text("utf-8")
    assert len(secret) >= 43  # 32 bytes in base 64


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, str.swapcase, lambda s: s[:-1], lambda s: s + "x",
               lambda s: "", lambda s: s[3:], lambda s: f"{s} ", lambda s: "\udcff" + s],
)  # fmt: skip
def test_what_is_not_quite_a_key_is_none(kept: KeyFile, change) -> None:
    secret = kept.add("one")
    assert known(change(secret), kept.read()) is None


def test_of_several_keys_each_is_known_until_it_is_revoked(kept: KeyFile) -> None:
    secrets = {name: kept.add(name) for name in ("a", "b", "c")}
    assert len(set(secrets.values())) == 3
    kept.revoke("b")
    found = {name: known(secret, kept.read()) for name, secret in secrets.items()}
    assert [name for name, key in found.items() if key is None] == ["b"]


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
def test_nobody_but_the_owner_reads_the_file(kept: KeyFile) -> None:
    before = os.umask(0)
    try:
        kept.add("a")
        kept.add("b")
    finally:
        os.umask(before)
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="root alone gives files away")
def test_root_writes_for_whom_the_directory_belongs_to(kept: KeyFile) -> None:
    """A server that runs as somebody else could not read what root has changed."""
    kept.add("a")
    os.chown(kept.path.parent, 65534, 65534)
    kept.add("b")
    assert kept.path.stat().st_uid == 65534


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o660, 0o606, 0o666])
def test_a_file_that_others_may_write_is_refused(kept: KeyFile, mode: int) -> None:
    kept.add("a")
    kept.path.chmod(mode)
    with pytest.raises(StorageError, match="chmod 600"):
        KeyFile(kept.path).read()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"keys": 5}', '{"keys": [{}]}', '{"keys": [{"name": "a"}]}', "\0"]
)
def test_what_is_no_file_of_keys_is_refused(kept: KeyFile, content: str) -> None:
    kept.path.parent.mkdir()
    kept.path.write_text(content)
    kept.path.chmod(0o600)
    with pytest.raises(Damaged, match=r"keys\.json.*not a file of keys"):
        kept.read()
    with pytest.raises(Damaged):
        kept.add("b")
    assert kept.path.read_text() == content


def test_names_are_told_apart(kept: KeyFile) -> None:
    kept.add("clinic")
    with pytest.raises(OutputExists, match="keys revoke clinic"):
        kept.add("clinic")
    with pytest.raises(NotFound, match="Did you mean 'clinic'"):
        kept.revoke("klinic")
    for wrong in ("", " ", " a", "a\n", "x" * 65, "a\x1b[31m"):
        with pytest.raises(UsageError, match="1 to 64 printable"):
            kept.add(wrong)


def test_revoking_without_keys_names_the_file(kept: KeyFile) -> None:
    with pytest.raises(NotFound, match=r"keys\.json' holds no keys"):
        kept.revoke("a")


def test_keys_made_at_the_same_time_are_all_kept(kept: KeyFile) -> None:
    code = (
        "import sys; from pathlib import Path; from prompt_gen.keys import KeyFile\n"
        "for i in range(10): KeyFile(Path(sys.argv[1])).add(f'{sys.argv[2]}-{i}')"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(kept.path), name]) for name in "abc"
    ]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert len(kept.read()) == 30


def test_a_running_server_sees_what_has_changed(kept: KeyFile) -> None:
    first = kept.add("first")
    ring = Keyring(ServeConfig(keys=str(kept.path), require_key=True), {})
    assert ring.holds(first)
    second = kept.add("second")
    assert ring.holds(second)
    kept.revoke("first")
    assert (ring.holds(first), ring.holds(second)) == (False, True)
    kept.path.unlink()
    assert not ring.holds(second)


def test_no_key_holds_while_the_file_is_broken(
    kept: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    secret = kept.add("a")
    good = kept.path.read_text("utf-8")
    ring = Keyring(ServeConfig(keys=str(kept.path), require_key=True), {VARIABLE: SINGLE})
    kept.path.write_text(good[:-9] + "broken")
    assert not any(ring.holds(secret) for _ in range(3))
    assert ring.holds(SINGLE)
    assert caplog.text.count("no key of the file is taken") == 1
    kept.path.write_text(good)
    assert ring.holds(secret)


def test_the_file_is_where_settings_of_users_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert KeyFile.of(ServeConfig()).path == tmp_path / "prompt-gen" / "keys.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert KeyFile.of(ServeConfig()).path == tmp_path / ".config" / "prompt-gen" / "keys.json"
    assert KeyFile.of(ServeConfig(keys="~/k.json")).path == tmp_path / "k.json"


@pytest.mark.parametrize(
    ("settings", "single", "is_asked"),
    [
        ({}, "", False),
        ({"host": "localhost"}, "", False),
        ({"host": "::1"}, "", False),
        ({"host": "127.8.0.1"}, "", False),
        ({}, SINGLE, True),
        ({"require_key": False}, SINGLE, False),
        ({"require_key": True}, SINGLE, True),
        ({"host": "0.0.0.0"}, SINGLE, True),
        ({"host": "::"}, SINGLE, True),
        ({"host": "192.168.1.5"}, SINGLE, True),
        ({"host": "notes.example"}, SINGLE, True),
        ({"names": ["notes.example"]}, SINGLE, True),
        ({"names": ["notes.example"], "require_key": False}, "", False),
    ],
)
def test_when_a_key_is_asked_for(
    tmp_path: Path, settings: dict, single: str, is_asked: bool
) -> None:
    config = ServeConfig(keys=str(tmp_path / "none.json"), **settings)
    assert Keyring(config, {VARIABLE: single}).is_asked is is_asked


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"host": "0.0.0.0"}, "host '0.0.0.0' is open"),
        ({"host": "127.0.0.1.example"}, "is open"),
        ({"require_key": True}, "serve.require_key"),
        ({"names": ["notes.example"]}, "serve.names"),
    ],
)
def test_where_a_key_is_asked_for_there_has_to_be_one(
    tmp_path: Path, settings: dict, why: str
) -> None:
    config = ServeConfig(keys=str(tmp_path / "none.json"), **settings)
    with pytest.raises(KeyNeeded, match=rf"{why}.*none\.json.*prompt-gen keys add.*{VARIABLE}"):
        Keyring(config, {VARIABLE: ""})


def test_no_address_is_open_without_keys() -> None:
    with pytest.raises(SettingError, match="open to other machines"):
        validated(ServeConfig, {"host": "0.0.0.0", "require_key": False})


def test_a_chosen_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(SettingError, match=r"has 8 characters.*openssl rand"):
        Keyring(ServeConfig(), {VARIABLE: "password"})


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("names", "https://notes.example"),
        ("names", "notes.example:443"),
        ("names", "*"),
        ("names", "*.example"),
        ("names", ""),
        ("cors_origins", "*"),
        ("cors_origins", "null"),
        ("cors_origins", "notes.example"),
        ("cors_origins", "https://*.example"),
        ("cors_origins", "https://notes.example/"),
        ("cors_origins", "file://"),
    ],
)
def test_what_would_let_in_everybody_is_no_setting(setting: str, wrong: str) -> None:
    with pytest.raises(SettingError, match=setting):
        validated(ServeConfig, {setting: [wrong]})


def test_the_file_is_json_that_people_can_read(kept: KeyFile) -> None:
    kept.add("小王")
    text = kept.path.read_text("utf-8")
    assert "小王" in text
    assert set(json.loads(text)["keys"][0]) == {"name", "created", "last", "sha256"}
