"""The command line as a user runs it."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from prompt_gen.run import Run
from tests.cli.running import here, prompt_gen

EXTRAS = (
    "torch", "transformers", "onnx", "pyarrow", "accelerate", "zstandard", "loky", "psycopg",
)  # fmt: skip
HEAVY = ("torch", "transformers", "onnxruntime", "fastapi", "accelerate", "pyarrow", "numpy")


@pytest.mark.parametrize("code", ["import prompt_gen", "import prompt_gen.cli"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    check = f"{code}, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_completing_loads_no_torch(trained: Run) -> None:
    code = (
        f"import prompt_gen, sys; prompt_gen.Completer.load({str(trained.path)!r}).complete('高');"
        "print([m for m in ('torch', 'transformers', 'onnx', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_serving_loads_nothing_of_the_extras(trained: Run, tmp_path: Path) -> None:
    """The base install serves, asks for keys and stores events."""
    code = (
        "import sys; from pathlib import Path; from prompt_gen import bundle, keys, server\n"
        "from prompt_gen.config import EngineConfig, FeedbackConfig, ServeConfig\n"
        "from fastapi.testclient import TestClient\n"
        f"run, kept = Path({str(trained.path)!r}), {str(tmp_path / 'keys.json')!r}\n"
        "config = ServeConfig(keys=kept, require_key=True)\n"
        "secret = keys.KeyFile.of(config).add('a')\n"
        f"stored = FeedbackConfig(path={str(tmp_path / 'events.sqlite')!r})\n"
        "app = server.create_app(bundle.load(run), EngineConfig(), config, stored, run)\n"
        "headers = {'authorization': f'Bearer {secret}'}\n"
        "event = {'id': '7f0c1a52-58cb-4f0e-9d7e-0a3a5d0c9b11', 'type': 'shown',\n"
        "         'completion_id': 'c', 'session': 's'}\n"
        "with TestClient(app, 'http://127.0.0.1', headers=headers) as client:\n"
        "    while client.get('/health').status_code != 200: pass\n"
        "    assert client.post('/v1/complete', json={'prompt': '高'}).status_code == 200\n"
        "    assert client.post('/v1/events', json=event).json()['stored'] == 1\n"
        f"print([m for m in {EXTRAS!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_shows_every_command() -> None:
    shown = prompt_gen("--help").stdout
    for command in (
        "corpus",
        "vocab",
        "tokenize",
        "train",
        "complete",
        "explain",
        "evaluate",
        "serve",
        "keys",
    ):
        assert command in shown


def test_stations_one_by_one_make_what_train_makes(
    corpus_file: Path, tmp_path: Path, trained: Run
) -> None:
    out = tmp_path / "run"
    steps = [
        here("corpus", corpus_file, "--out", out),
        here("vocab", out, "--vocab-size", 900),
        here("tokenize", out),
    ]
    for step in steps:
        assert step.returncode == 0, step.stderr
        assert step.stdout == ""
    run = Run(out)
    for station in ("corpus", "vocab", "shards"):
        assert run.fingerprint(station) == trained.fingerprint(station)
    trained_here = here(  # the vocabulary stays as it was made, without saying it again
        "train", "--out", out, "--steps", 12, "--arch", "gpt2",
        "--set", "model.layers=1", "--set", "model.width=64", "--set", "evaluate.typed=2",
    )  # fmt: skip
    assert trained_here.returncode == 0, trained_here.stderr
    assert "bits per char" in trained_here.stdout
    for kept in ("vocab: unchanged", "shards: unchanged"):
        assert kept in trained_here.stderr
    assert "prompt-gen serve" in trained_here.stderr
    again = here("train", "--out", out)
    assert again.returncode == 2
    assert "--resume" in again.stderr


def test_new_lines_leave_the_shards_that_are_there(corpus_file: Path, tmp_path: Path) -> None:
    out, more = tmp_path / "run", tmp_path / "more.txt"
    more.write_text("\n".join(f"第{i}句新的话。" for i in range(40)), "utf-8")
    here("corpus", corpus_file, "--out", out)
    here("vocab", out, "--vocab-size", 900)
    first = here("tokenize", out)
    assert "kept" not in first.stderr
    shard = out / "shards" / "train-00000.shard"
    before = shard.read_bytes()
    here("corpus", corpus_file, more, "--out", out)
    again = here("tokenize", out)
    assert re.search(r"8\d\d documents kept, (3\d|40) new ones encoded", again.stderr), again.stderr
    assert shard.read_bytes() == before


def test_complete_prints_candidates(trained: Run) -> None:
    done = prompt_gen("complete", trained.path, "高血压患者", "-n", 3)
    assert done.returncode == 0
    rows = done.stdout.splitlines()
    assert 1 <= len(rows) <= 3
    assert all("%  高血压患者" in row for row in rows)


def test_complete_prints_json(trained: Run) -> None:
    done = prompt_gen("complete", trained.path, "高血压患者", "--json")
    answer = json.loads(done.stdout)
    assert answer["prompt"] == "高血压患者"
    assert all(c["text"].startswith("高血压患者") for c in answer["candidates"])


def test_complete_asks_line_by_line_without_a_text(trained: Run) -> None:
    done = prompt_gen("complete", trained.path, stdin="高血压\n\nI need\n")
    assert done.returncode == 0
    assert "高血压" in done.stdout
    assert "I need" in done.stdout


def test_evaluate_prints_a_table_or_json(trained: Run, tmp_path: Path) -> None:
    held_out = tmp_path / "held-out.txt"
    held_out.write_text("高血压患者要少吃盐。\n孩子发烧要多喝水。\n", "utf-8")
    page = tmp_path / "report.html"
    table = prompt_gen("evaluate", trained.path, "--data", held_out, "--report", page)
    assert table.returncode == 0, table.stderr
    assert "bits per char" in table.stdout
    assert "popular" in table.stdout.splitlines()[0]
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    own = here("evaluate", trained.path, "--json", "--limit", 2, "--sample", 7)
    lines = json.loads(own.stdout)["lines"]
    assert (lines["n"], lines["typed"], lines["seed"]) == (2, 2, 7)


def test_a_gate_that_is_not_met_exits_with_five(trained: Run, tmp_path: Path) -> None:
    command = ("evaluate", trained.path, "--limit", 2, "--json")
    met = here(*command, "--fail-under", "prefix_valid=1", "--fail-under", "bits_per_char=20")
    assert met.returncode == 0, met.stderr
    missed = here(*command, "--fail-under", "saved@5=99%", "--report", tmp_path / "r.json")
    assert missed.returncode == 5
    assert "at least 0.99 was asked for" in missed.stderr
    assert json.loads(missed.stdout)["predictors"]  # what was measured is not lost
    assert (tmp_path / "r.json").is_file()
    unknown = here(*command, "--fail-under", "happiness=1")
    assert unknown.returncode == 2
    assert unknown.stdout == ""


def test_sigterm_ends_an_evaluation_with_all_its_processes(trained: Run, tmp_path: Path) -> None:
    held_out = tmp_path / "held-out.txt"
    held_out.write_text("".join(f"第{i}行，高血压患者要少吃盐。\n" for i in range(2000)), "utf-8")
    command = [sys.executable, "-m", "prompt_gen", "evaluate", str(trained.path), "--data"]
    process = subprocess.Popen(
        [*command, str(held_out), "--set", "evaluate.workers=2", "--set", "evaluate.typed=2000"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "typing" in line:
            break
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 2
    process.send_signal(signal.SIGTERM)
    said = process.stderr.read()
    assert process.wait(60) == 130
    assert "SIGTERM" in said
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive


def test_list_shows_the_tables() -> None:
    shown = prompt_gen("list").stdout
    for name in ("bpe", "word", "char", "qwen3", "llama", "gpt2", "onnx"):
        assert f"  {name}" in shown


@pytest.mark.parametrize(
    ("moment", "is_saved"), [("training: counting", False), (" in a batch", True)]
)
def test_ctrl_c_saves_and_says_how_to_go_on(
    corpus_file: Path, tmp_path: Path, moment: str, is_saved: bool
) -> None:
    command = [sys.executable, "-m", "prompt_gen", "train", str(corpus_file), "--out", "run"]
    process = subprocess.Popen(
        [*command, "--minutes", "5", "--vocab-size", "900", "--set", "model.width=64"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            break
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(60) == 130, said
    assert "--resume" in said
    checkpoints = tmp_path / "run" / "training" / "checkpoints"
    assert any(checkpoints.glob("step-*")) == is_saved


def test_other_lines_do_not_change_the_bundles_own_report(trained: Run, tmp_path: Path) -> None:
    report = (trained.path / "bundle" / "report.json").read_bytes()
    held_out = tmp_path / "held-out.txt"
    held_out.write_text("  高血压患者要少吃盐。  \n一\n", "utf-8")
    spaced = here("evaluate", trained.path, "--data", held_out, "--json")
    held_out.write_text("高血压患者要少吃盐。\n一\n", "utf-8")
    bare = here("evaluate", trained.path, "--data", held_out, "--json")
    first, second = (json.loads(done.stdout)["lines"] for done in (spaced, bare))
    assert first == second  # lines count as documents do, without the space around them
    assert (trained.path / "bundle" / "report.json").read_bytes() == report
