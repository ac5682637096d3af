"""Tuned models beside the same shape from fresh weights and beside linear models; domain moves.

python -m benchmarks tasks MEDICAL ENGLISH [--out runs/tasks] [--only NAME ...]

MEDICAL and ENGLISH are runs trained on Chinese medical text and on English service text. Steps are
given, not minutes, so that the numbers do not depend on who else is at work. Each part is kept as
soon as it is there.
"""

import argparse
import csv
import gzip
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import DATA, RESULTS, describe, keep
from prompt_gen.config import TuneConfig
from prompt_gen.evaluate.numbers import draws, measured
from prompt_gen.tasks import TASKS, Labelled, rank
from prompt_gen.tasks.augment import WAYS

SETS = {  # task, files to learn from, to look at, to measure on, and updates
    "banking77": ("classify", "banking77/train.csv", None, "banking77/test.csv", 1500),
    "criteria-zh": ("classify", "criteria-zh/train.tsv", "criteria-zh/dev.tsv",
                    "criteria-zh/test.tsv", 1200),
    "ner-medical-zh": ("tag", "ner-medical-zh/train.bio", "ner-medical-zh/dev.bio",
                       "ner-medical-zh/test.bio", 1200),
}  # fmt: skip
SHARED = ("--set", "train.threads=1", "--set", "evaluate.workers=1", "--set", "corpus.workers=1",
          "--set", "train.n_validations=4")  # fmt: skip
MOVE_STEPS, N_MOVED = 200, ("bits_per_char", "saved")


def prompt_gen(*args: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "prompt_gen", *map(str, args)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def tuned(base: Path, name: str, out: Path, *more: str) -> dict[str, Any]:
    """A set learned from a run or a stock directory; the numbers of its test part."""
    task, train, validation, test, steps = SETS[name]
    files = ["--data", DATA / train, "--test", DATA / test]
    files += ["--validation", DATA / validation] if validation else []
    started = time.perf_counter()
    report = prompt_gen("finetune", "--pretrained", base, "--task", task, *files, "--out", out,
                        "--force", "--json", "--steps", steps, *SHARED, *more)  # fmt: skip
    found = {"wall_s": round(time.perf_counter() - started), "texts": report["texts_of"]}
    found |= {"numbers": report["numbers"]}
    return found | ({"types": report["labels"]} if task == "tag" else {})


def fresh(run: Path, where: Path) -> Path:
    """A stock directory of the shape and the vocabulary of a run, with fresh weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    shutil.rmtree(where, ignore_errors=True)
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(run / "bundle")
    AutoModelForCausalLM.from_config(config).save_pretrained(where)
    shutil.copy(run / "bundle" / "tokenizer.json", where)
    return where


# -- linear models -------------------------------------------------------------------------------


def linear(name: str) -> dict[str, Any]:
    """TF-IDF of character n-grams and words with a linear machine, or a CRF for tags."""
    task, train, _, test, _ = SETS[name]
    part = TASKS.load(task)
    learned, asked = (part.read([DATA / file], TuneConfig()) for file in (train, test))
    started = time.perf_counter()
    found = (_crf if task == "tag" else _tf_idf)(learned, asked)
    spent_s = time.perf_counter() - started
    weights_RN = draws(len(asked), 1000, 0)
    numbers = part.numbers(asked, found)
    report = {
        "wall_s": round(spent_s),
        "numbers": {key: asdict(measured(number(weights_RN))) for key, number in numbers.items()},
    }
    return report | ({"types": part.counts(asked, found).of_each()} if task == "tag" else {})


def _tf_idf(learned: list[Labelled], asked: list[Labelled]) -> list[tuple[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), sublinear_tf=True),
    )
    model = make_pipeline(features, LinearSVC())
    model.fit([each.pieces[0] for each in learned], [each.labels[0] for each in learned])
    return [(label,) for label in model.predict([each.pieces[0] for each in asked])]


def _crf(learned: list[Labelled], asked: list[Labelled]) -> list[list[str]]:
    from sklearn_crfsuite import CRF

    model = CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=60)
    model.fit([_features(each.pieces) for each in learned], [[*each.labels] for each in learned])
    return [[*tags] for tags in model.predict([_features(each.pieces) for each in asked])]


def _features(pieces: tuple[str, ...]) -> list[dict[str, bool]]:
    """Of each character: those around it, alone and in pairs."""
    text = ["", "", *pieces, "", ""]
    rows = []
    for i in range(2, len(text) - 2):
        row = {f"{d}={text[i + d]}": True for d in range(-2, 3)}
        row |= {f"{d}:{text[i + d]}{text[i + d + 1]}": True for d in range(-2, 2)}
        rows.append(row)
    return rows


# -- moves ---------------------------------------------------------------------------------------


def moved(base: Path, data: Path, out: Path, weights: str, replay: float) -> dict[str, Any]:
    """Text of another kind learned by the network alone: gained on the new, lost on the old."""
    more = ("--weights", weights, *(("--replay", replay) if replay else ()))
    started = time.perf_counter()
    report = prompt_gen(
        "finetune", base, "--data", data, "--out", out, "--force", "--json", "--steps", MOVE_STEPS,
        "--memory-budget", 0, *SHARED, *more, "--set", "engine.experts=network",
        "--set", "evaluate.limit=300", "--set", "evaluate.typed=20",
    )  # fmt: skip
    texts = {
        text: {
            number: row
            for number, row in found["numbers"].items()
            if number.partition("@")[0] in N_MOVED
        }
        for text, found in report["texts"].items()
    }
    return {"wall_s": round(time.perf_counter() - started), "texts": texts}


# -- few texts -----------------------------------------------------------------------------------

FEW, FEW_STEPS = 10, 400  # texts of a label, and updates


def few(base: Path, out: Path, way: str, seed: int) -> dict[str, Any]:
    """Labels of banking77 learned from a few texts of each, and perhaps from changed copies."""
    rows, kept = list[tuple[str, str]](), Counter[str]()
    for each in TASKS.load("classify").read([DATA / "banking77" / "train.csv"], TuneConfig()):
        text, label = each.pieces[0], each.labels[0]
        kept[label] += 1
        if kept[label] <= FEW:
            rows.append((text, label))
    out.mkdir(parents=True, exist_ok=True)
    with (out / "few.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    ways = [] if way == "none" else [way]
    report = prompt_gen("finetune", "--pretrained", base, "--task", "classify",
                        "--data", out / "few.csv", "--test", DATA / "banking77" / "test.csv",
                        "--out", out / "run", "--force", "--json", "--steps", FEW_STEPS,
                        "--seed", seed, *SHARED, "--set", "tune.augment_copies=2",
                        "--set", f"tune.augment={json.dumps(ways)}")  # fmt: skip
    return {"texts": report["texts_of"], "numbers": report["numbers"]}


# -- answers -------------------------------------------------------------------------------------

ANSWER_STEPS = 400
_ASKED = {"toyhom-answer": "toyhom-ask", "huatuo-a": "huatuo-q"}  # tags of answer and question


def _consultations() -> list[tuple[str, str]]:
    """Questions to doctors with their answers; records of more than two lines are left out."""
    texts, tags = (
        gzip.decompress((DATA / f"medical-zh{kind}.txt.gz").read_bytes()).decode().split("\n")
        for kind in ("", ".tags")
    )
    return [
        (texts[at - 1].strip(), texts[at].strip())
        for at in range(2, len(tags) - 1)
        if tags[at - 1] == _ASKED.get(tags[at]) and tags[at] not in (tags[at - 2], tags[at + 1])
        and tags[at - 2] != tags[at - 1]
    ]  # fmt: skip


def answered(base: Path, out: Path, *more: str) -> dict[str, Any]:
    """Answers learned by a network; measured on those whose text it has not seen before."""
    known = gzip.decompress((DATA / "bench" / "medical-zh.train.txt.gz").read_bytes()).decode()
    seen = {line.strip() for line in known.split("\n")}
    pairs = _consultations()
    test = [pair for pair in pairs if pair[1] not in seen]
    asked = {question for question, _ in test}
    train = [pair for pair in pairs if pair[1] in seen and pair[0] not in asked]
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("test", test)):
        lines = [json.dumps(dict(zip(("question", "answer"), row, strict=True))) for row in rows]
        (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    started = time.perf_counter()
    report = prompt_gen("finetune", "--pretrained", base, "--task", "dialogue",
                        "--data", out / "train.jsonl", "--test", out / "test.jsonl",
                        "--out", out / "run", "--force", "--json", *SHARED, *more)  # fmt: skip
    kept = ("answered", "numbers", "before", "retrieved")
    found = {"wall_s": round(time.perf_counter() - started), "texts": report["texts_of"]}
    return found | {name: report[name] for name in kept}


# -- ranks ---------------------------------------------------------------------------------------

RANK_STEPS, OTHERS, QUERIES = 400, 4, {"train": 2000, "test": 300}
Click = tuple[str, str, int]  # query, item, whether it was clicked


def _clicks() -> dict[str, list[Click]]:
    """Queries of cMedIR with the titles that were found for them, and as many times others."""
    texts, tags = (
        gzip.decompress((DATA / f"medical-zh{kind}.txt.gz").read_bytes()).decode().split("\n")
        for kind in ("", ".tags")
    )
    titles, query = dict[str, list[str]](), ""
    for text, tag in zip(texts, tags, strict=True):
        if tag == "cmedir-query":
            query = text.strip()
            titles.setdefault(query, [])
        elif tag == "cmedir-title":
            titles[query].append(text.strip(" :"))
    draw, found, known = random.Random(0), dict[str, list[Click]](), sorted(titles)
    draw.shuffle(known)
    every = [title for query in known for title in titles[query]]
    for part, n in QUERIES.items():
        asked, known = known[:n], known[n:]
        found[part] = [
            (query, item, clicked)
            for query in asked
            for items, clicked in ((titles[query][:1], 1), (draw.sample(every, OTHERS), 0))
            for item in items
        ]
    return found


def ranked(base: Path, out: Path, scores: str) -> dict[str, Any]:
    """Which title was found for a query, learned by a network."""
    out.mkdir(parents=True, exist_ok=True)
    for part, rows in _clicks().items():
        with (out / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("query", "item", "clicked"), *rows])
    report = prompt_gen("finetune", "--pretrained", base, "--task", "rank",
                        "--data", out / "train.csv", "--test", out / "test.csv",
                        "--out", out / "run", "--force", "--json", "--steps", RANK_STEPS,
                        *SHARED, "--set", f"tune.scores={scores}")  # fmt: skip
    return {name: report[name] for name in ("queries", "numbers", "order")}


def ranked_by_words() -> dict[str, Any]:
    """The same by the cosine of TF-IDF of characters, which learns nothing of clicks."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = _clicks()
    words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    words.fit([text for row in rows["train"] for text in row[:2]])
    queries, items = (words.transform([row[at] for row in rows["test"]]) for at in (0, 1))
    scores = np.asarray(queries.multiply(items).sum(axis=1)).ravel()
    pairs = [Labelled((query, item), (str(clicked),)) for query, item, clicked in rows["test"]]
    weights_RN = draws(len(rank.by_query(pairs)), 1000, 0)
    found = rank.numbers(pairs, scores)
    return {"numbers": {key: asdict(measured(number(weights_RN))) for key, number in found.items()}}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("medical", type=Path)
    parser.add_argument("english", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/tasks"))
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args(argv)
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[[], dict[str, Any]]] = {}
    for name in SETS:
        base: Path = args.english if name == "banking77" else args.medical
        parts[f"{name} linear"] = partial(linear, name)
        parts[f"{name} pretrained"] = partial(tuned, base, name, out / name)
        parts[f"{name} fresh"] = lambda base=base, name=name: tuned(
            fresh(base, out / f"{base.name}-fresh-{name}"), name, out / f"{name}-fresh"
        )
    parts["rank cmedir words"] = ranked_by_words
    for scores in ("head", "likelihood"):
        parts[f"rank cmedir {scores}"] = partial(
            ranked, args.medical, out / f"rank-{scores}", scores
        )
    for seed in (0, 1, 2):
        for way in ("none", *WAYS):
            parts[f"banking77 few, {way}, seed {seed}"] = partial(
                few, args.english, out / f"few-{way}", way, seed
            )
    parts["criteria-zh balanced"] = partial(
        tuned, args.medical, "criteria-zh", out / "balanced", "--set", "tune.class_weights=balanced"
    )
    for rates in ((0.005, 0.001), (0.02, 0.006)):
        given = [
            f"--set=train.{name}_lr={rate}"
            for name, rate in zip(("matrix", "other"), rates, strict=True)
        ]
        parts[f"dialogue medical-zh {rates[0]}"] = partial(
            answered, args.medical, out / f"dialogue-{rates[0]}", "--steps", ANSWER_STEPS, *given
        )
    for how in ("once", "twice"):
        read = ("--set", f"tune.reads={how}")
        name = "ner-medical-zh"
        parts[f"{name} read {how}"] = partial(tuned, args.medical, name, out / how, *read)
    poetry = DATA / "poetry-zh.txt"
    for weights in ("all", "lora"):
        for replay in (0.0, 0.3):
            name = f"{weights} {replay:g}"
            there = out / f"poetry-{weights}-{replay:g}"
            parts[f"to poetry {name}"] = partial(
                moved, args.medical, poetry, there, weights, replay
            )
            parts[f"and back {name}"] = partial(
                moved, out / "poetry-all-0", DATA / "medical-zh.txt.gz", out / f"back-{name}",
                weights, replay,
            )  # fmt: skip
    for name, part in parts.items():
        if not args.only or name in args.only:
            _keep(name, part())


def _keep(name: str, found: dict[str, Any]) -> None:
    """Put a part into the result file, beside those that are there."""
    path = RESULTS / "tasks.json"
    RESULTS.mkdir(exist_ok=True)
    known = json.loads(path.read_text("utf-8"))["parts"] if path.exists() else {}
    machine = describe("torch", "transformers", "peft", "scikit-learn", "sklearn-crfsuite")
    keep("tasks", {"machine": machine, "parts": known | {name: found}})
