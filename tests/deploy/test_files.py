"""What can be checked of the files for deployment without systemd or a Docker daemon."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from prompt_gen.config import FeedbackConfig, ServeConfig
from prompt_gen.keys import VARIABLE
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
SECTIONS = {"SERVE": ServeConfig, "FEEDBACK": FeedbackConfig}


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "prompt-gen.service"])
def test_settings_in_the_environment_are_settings(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    found = re.findall(r"PROMPT_GEN_([A-Z]+)__([A-Z_]+)", text)
    assert found
    for section, field in found:
        assert field.lower() in SECTIONS[section].model_fields, (section, field)


def test_the_image_runs_without_rights_and_without_torch() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    runtime = text[text.index("AS runtime") :]
    assert re.search(r"^USER 10001$", runtime, re.MULTILINE)
    assert "HEALTHCHECK" in runtime
    assert "/health/live" in runtime
    assert "[train]" not in text
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    assert {"wheels-built", "wheels-ready", "wheels", "runtime"} <= stages
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert not [each for each in dependencies["dependencies"] if "torch" in each]


def test_all_that_the_image_copies_comes_with_the_context() -> None:
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for copied in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for name in copied.split():
            assert name in let_in
            assert name == "wheels" or (ROOT / name).exists()


def test_the_composition_publishes_nothing_but_a_port_of_loopback() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    assert services["server"]["ports"] == ["127.0.0.1:8765:8765"]
    assert "ports" not in services["database"]
    assert services["server"]["read_only"] is True
    assert services["server"]["cap_drop"] == ["ALL"]
    server = services["server"]["environment"]
    assert server["PROMPT_GEN_FEEDBACK__URL"].startswith("postgresql://prompt_gen@database/")
    for secret in (server[VARIABLE], server["PGPASSWORD"]):
        assert secret.startswith("${")
        assert ":?" in secret, "a secret is given, not written here"
    assert (DEPLOY / services["server"]["build"]["context"]).resolve() == ROOT


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (DEPLOY / "prompt-gen.service").read_text("utf-8")
    path = tmp_path / "prompt-gen.service"
    path.write_text(text.replace("/opt/prompt-gen/bin/prompt-gen", "/bin/true"), "utf-8")
    return path


def analyzed(*args: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_understands_the_unit(unit: Path) -> None:
    done = analyzed("verify", "--man=no", unit)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr


def test_the_unit_gives_away_little(unit: Path) -> None:
    """Of 10, as systemd counts; a service without any hardening has 9.6."""
    done = analyzed("security", "--offline=true", "--threshold=20", unit)
    assert done.returncode == 0, done.stdout[-500:]


def test_signals_of_the_unit_are_those_of_the_server() -> None:
    text = (DEPLOY / "prompt-gen.service").read_text("utf-8")
    assert "KillSignal=SIGTERM" in text
    assert "ExecReload=/bin/kill -HUP $MAINPID" in text
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(stop_s) > ServeConfig().drain_s  # systemd waits until the server has drained
