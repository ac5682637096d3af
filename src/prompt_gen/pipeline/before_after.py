"""What a tuning gained on its new text and lost on the old, beside the bundle."""

import json
from collections.abc import Mapping
from typing import Any

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import TuneConfig
from prompt_gen.evaluate import Report
from prompt_gen.run import Run
from prompt_gen.storage import write_atomic

FILE = "tuning.json"
_NUMBERS = ("bits_per_char", "saved", "success")  # of what stands behind @, the largest


def kept(run: Run, made: Bundle, tune: TuneConfig, reports: Mapping[str, Report]) -> dict[str, Any]:
    """Numbers before and after, and their difference, for each text; written beside the bundle.

    Each report has the bundle that was gone on from as its `other`.
    """
    found: dict[str, Any] = {"tune": tune.model_dump(), "texts": {}}
    for name, report in reports.items():
        contents = report.as_dict()
        columns = {column["name"]: column["numbers"] for column in contents["predictors"]}
        differences = contents["differences"]["other"]
        rows = {
            number: {
                "before": columns["other"].get(number),
                "after": row,
                "difference": differences.get(number),
            }
            for number, row in report.numbers.items()
            if number in _largest(report.numbers)
        }
        found["texts"][name] = {"lines": contents["lines"]["source"], "numbers": rows}
    directory = run.path / "evaluation"
    directory.mkdir(exist_ok=True)
    write_atomic(directory / FILE, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    bundle.attach_report(made, reports["new"].for_bundle())
    reports["new"].save(directory / "report.json")
    return found


def _largest(names: Mapping[str, Any]) -> list[str]:
    """The names of the numbers that are shown; of `saved@1`, `saved@5` the last."""
    last = {name.partition("@")[0]: name for name in names}
    return [last[name] for name in _NUMBERS if name in last]
