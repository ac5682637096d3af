"""A whole evaluation: who stands beside whom, what is kept, what is said to be missing."""

import json
import shutil
from pathlib import Path

import pytest

from prompt_gen import bundle, corpus, pipeline
from prompt_gen.errors import Damaged, UsageError
from prompt_gen.evaluate import Report
from prompt_gen.evaluate.metrics import names as names_of
from prompt_gen.run import Event, Run
from prompt_gen.settings import RunConfig, resolve

QUICK = ("evaluate.typed=12", "evaluate.max_typed_chars=8", "evaluate.workers=1",
         "evaluate.resamples=100", "evaluate.calibration_keys=40")  # fmt: skip
HALVES = ["model", "network", "memory"]
BASELINES = ["popular", "characters", "tokens"]


def settings(*more: str) -> RunConfig:
    return resolve((*QUICK, *more))


@pytest.fixture(scope="module")
def run(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("runs") / "measured"
    shutil.copytree(trained.path, path)
    return Run(path)


@pytest.fixture(scope="module")
def report(run: Run) -> Report:
    return pipeline.evaluate(run.path, settings(), command="prompt-gen evaluate measured")


def names(report: Report) -> list[str]:
    return [row["name"] for row in report.as_dict()["predictors"]]


def test_baselines_stand_beside_the_model(report: Report) -> None:
    assert names(report) == [*HALVES, *BASELINES]
    for row in report.as_dict()["predictors"]:
        assert row["numbers"]["saved@5"]["low"] <= row["numbers"]["saved@5"]["value"]
        assert row["numbers"]["duplicates"]["value"] == 0
        assert row["numbers"]["prefix_valid"]["value"] == 1
    with_a_model = [
        r["name"] for r in report.as_dict()["predictors"] if "perplexity" in r["numbers"]
    ]
    assert with_a_model == [*HALVES, "characters", "tokens"]


def test_every_number_is_in_the_table_and_every_row_is_measured(report: Report) -> None:
    assert set(names_of(5)) - set(report.numbers) == {"exposure"}  # no secret is in this text
    assert set(report.numbers) <= set(names_of(5))


def test_differences_are_the_models_numbers_minus_theirs(report: Report) -> None:
    contents = report.as_dict()
    for row in contents["predictors"][1:]:
        found = contents["differences"][row["name"]]["saved@5"]["value"]
        expected = report.numbers["saved@5"]["value"] - row["numbers"]["saved@5"]["value"]
        assert found == pytest.approx(expected, abs=1e-5)
        assert set(contents["differences_by_kind"][row["name"]]) == {"seen", "near", "unseen"}


def test_kinds_and_lengths_share_out_all_keys(report: Report) -> None:
    contents = report.as_dict()
    assert sum(contents["lines"]["kinds"].values()) == contents["lines"]["keys"]
    for row in contents["predictors"]:
        assert sum(bucket["keys"] for bucket in row["by_length"]) == contents["lines"]["keys"]


def test_the_most_popular_completion_knows_nothing_unseen(report: Report) -> None:
    popular = next(row for row in report.as_dict()["predictors"] if row["name"] == "popular")
    assert popular["by_kind"]["unseen"]["saved@5"]["value"] == 0
    assert popular["numbers"]["recited"]["value"] == 1  # it does nothing but recite


def test_measuring_again_gives_the_same(run: Run, report: Report) -> None:
    again = pipeline.evaluate(run.path, settings())
    changing = {"cold_start_ms", "memory_mb"}  # of a new process each time
    for row, expected in zip(
        again.as_dict()["predictors"], report.as_dict()["predictors"], strict=True
    ):
        for name in set(row["numbers"]) - changing:
            assert row["numbers"][name] == expected["numbers"][name], name


def test_beside_itself_there_is_no_difference(run: Run) -> None:
    found = pipeline.evaluate(run.path, settings(), compare=run.path)
    assert names(found)[-1] == "other"
    differences = found.as_dict()["differences"]["other"]
    times = {"p50_ms", "p95_ms", "p99_ms", "passes"}
    for name, row in differences.items():
        if row is not None and name not in times:
            assert (row["value"], row["low"], row["high"]) == (0, 0, 0), name
    assert not found.as_dict()["remarks"]


def test_the_bundle_keeps_numbers_and_calibration_but_no_text(run: Run, report: Report) -> None:
    made = bundle.load(run.path)
    assert made.report["headline"] == report.headline
    assert 0 < made.temperature < 20
    spelled = (made.path / "report.json").read_text("utf-8")
    for line in report.as_dict()["examples"]:
        assert line["line"] not in spelled
    card = (made.path / "README.md").read_text("utf-8")
    assert "`saved@5`" in card
    assert "12 typed key by key" in card
    assert json.loads((run.path / "evaluation" / "report.json").read_text("utf-8"))["examples"]


def test_a_quick_look_leaves_the_bundle_alone(run: Run, report: Report) -> None:
    before = bundle.load(run.path).report
    found = pipeline.evaluate(run.path, settings("evaluate.limit=3", "evaluate.typed=3"))
    assert found.as_dict()["lines"]["n"] == 3
    assert bundle.load(run.path).report == before


def test_a_bundle_alone_says_what_it_lacks(run: Run, report: Report, tmp_path: Path) -> None:
    shutil.copytree(run.station("bundle"), tmp_path / "alone")
    with pytest.raises(UsageError, match="no test part"):
        pipeline.evaluate(tmp_path / "alone", settings())
    held_out = tmp_path / "lines.txt"
    held_out.write_text("高血压患者要少吃盐。\n多喝水。\n", "utf-8")
    found = pipeline.evaluate(tmp_path / "alone", settings(), data=held_out)
    assert names(found) == HALVES
    assert found.as_dict()["lines"]["source"] == "lines.txt"
    assert "baselines" in found.as_dict()["unavailable"][-1]["what"]
    assert bundle.load(tmp_path / "alone").report == bundle.load(run.path).report


def test_another_corpus_than_the_bundles_is_not_taken_for_it(
    run: Run, report: Report, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "moved")
    other = tmp_path / "other.txt"
    other.write_text("\n".join(f"第{i}行说的是别的事情" for i in range(60)), "utf-8")
    corpus.read([other], settings().corpus, Run(tmp_path / "moved"))
    with pytest.raises(UsageError, match="is not beside it"):
        pipeline.evaluate(tmp_path / "moved", settings())


def test_lines_of_another_corpus_are_remarked_on(run: Run, report: Report, tmp_path: Path) -> None:
    shutil.copytree(run.station("bundle"), tmp_path / "other")
    manifest = json.loads((tmp_path / "other" / "manifest.json").read_text("utf-8"))
    manifest["facts"]["corpus"]["fingerprint"] = "another"
    (tmp_path / "other" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    found = pipeline.evaluate(run.path, settings(), compare=tmp_path / "other")
    assert "trained on another corpus" in found.as_dict()["remarks"][0]


def test_the_report_is_saved_as_a_page_and_as_numbers(report: Report, tmp_path: Path) -> None:
    assert json.loads(report.save(tmp_path / "r.json").read_text("utf-8")) == report.as_dict()
    page = report.save(tmp_path / "r.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "prompt-gen evaluate measured" in page


def test_nothing_typed_is_still_an_evaluation(run: Run) -> None:
    found = pipeline.evaluate(run.path, settings("evaluate.typed=0"))
    assert "bits_per_char" in found.numbers
    assert "saved@5" not in found.numbers


def test_few_lines_decide_nothing(run: Run) -> None:
    found = pipeline.evaluate(run.path, settings("evaluate.limit=9", "evaluate.typed=9"))
    assert not any("low" in row for row in found.numbers.values() if row)
    assert {verdict["winner"] for verdict in found.as_dict()["verdicts"]} == {""}


def test_a_kind_of_few_lines_decides_nothing(run: Run, tmp_path: Path) -> None:
    train = list(corpus.load(run).train)
    near = ["哦" + line[1:] for line in train if len(line) > 20][:2]
    held_out = tmp_path / "lines.txt"
    held_out.write_text("\n".join([*list(corpus.load(run).test)[:12], *near]) + "\n", "utf-8")
    typed = ("evaluate.typed=14", "evaluate.max_typed_chars=24")
    found = pipeline.evaluate(run.path, settings(*typed), data=held_out)
    contents = found.as_dict()
    assert contents["lines"]["kinds"]["near"] > 0
    for row in contents["predictors"]:
        assert "low" in row["by_kind"]["unseen"]["saved@5"]
        assert "low" not in (row["by_kind"]["near"]["saved@5"] or {})
    assert not [verdict for verdict in contents["verdicts"] if verdict["kind"] == "near"]


def test_other_settings_of_the_engine_leave_the_temperature_alone(run: Run, report: Report) -> None:
    before = bundle.load(run.path).temperature
    pipeline.evaluate(run.path, settings("engine.max_chars=4"))
    assert bundle.load(run.path).temperature == before


def test_a_comparison_leaves_the_bundle_alone(run: Run, report: Report) -> None:
    kept = (run.station("bundle") / "report.json").read_bytes()
    pipeline.evaluate(run.path, settings(), compare=run.path)
    assert (run.station("bundle") / "report.json").read_bytes() == kept


def test_a_damaged_calibration_is_mended_by_evaluating(
    run: Run, report: Report, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "copy")
    (tmp_path / "copy" / "bundle" / bundle.CALIBRATION).write_text("{", "utf-8")
    found = pipeline.evaluate(tmp_path / "copy", settings())
    assert "cold_start_ms" not in found.numbers
    assert any(row["what"] == "cold start" for row in found.as_dict()["unavailable"])
    assert bundle.load(tmp_path / "copy").temperature == bundle.load(run.path).temperature


def test_a_corpus_of_another_version_does_not_stand_in_the_way_of_other_lines(
    run: Run, report: Report, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "old")
    (tmp_path / "old" / "corpus" / "train.counts.npy").unlink()
    with pytest.raises(Damaged, match=r"train\.counts"):
        pipeline.evaluate(tmp_path / "old", settings())
    held_out = tmp_path / "lines.txt"
    held_out.write_text("高血压患者要少吃盐。\n", "utf-8")
    found = pipeline.evaluate(tmp_path / "old", settings(), data=held_out)
    assert names(found) == HALVES
    assert "cannot be read" in found.as_dict()["remarks"][0]


def test_baselines_that_learned_from_a_part_are_remarked_on(run: Run) -> None:
    found = pipeline.evaluate(
        run.path, settings("evaluate.typed=0", "evaluate.baseline_chars=2000")
    )
    assert "baselines have learned from 2,000 of" in found.as_dict()["remarks"][0]


def test_the_learned_baselines_of_another_time_are_removed(run: Run, report: Report) -> None:
    for name in BASELINES:
        assert len(list((run.path / "evaluation" / "baselines").glob(f"{name}-*"))) == 1


def test_what_cannot_be_kept_does_not_cost_the_report(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, "attach_report", full)
    events = list[Event]()
    found = pipeline.evaluate(run.path, settings(), events.append)
    assert found.numbers["saved@5"]
    warnings = [event.facts["warning"] for event in events if "warning" in event.facts]
    assert warnings == ["the bundle cannot keep its numbers: No space left on device"]


def test_only_the_beginning_of_a_long_line_is_typed(run: Run) -> None:
    found = pipeline.evaluate(run.path, settings("evaluate.max_typed_chars=3"))
    assert found.as_dict()["lines"]["keys"] == 12 * 2
