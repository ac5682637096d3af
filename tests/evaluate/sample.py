"""A made-up evaluation with every part that a report may have."""

import math
from typing import Any

from prompt_gen.evaluate.metrics import METRICS

LINES = (
    "高血压患者早上可以喝咖啡吗", "孩子夜里咳嗽有痰怎么办", "糖尿病人能不能吃西瓜和荔枝",
    "体检报告上的尿酸偏高要复查吗", "How do I reset the password of my work account?",
    "头孢过敏的人可以打什么消炎针", "The printer on the third floor does not answer",
    "怀孕三个月可以坐飞机出差吗", "血脂高的人每天吃几个鸡蛋合适",
    "My screen stays black after the update",
)  # fmt: skip
PREDICTORS = (  # name, title, Chinese, how strong beside the model
    ("model", "runs/clinic", "", 1.0),
    ("popular", "most popular completion", "最常见补全", 0.74),
    ("characters", "n-grams of characters", "字 n 元模型", 0.61),
    ("tokens", "n-grams of tokens", "词元 n 元模型", 0.69),
    ("other", "runs/clinic-larger-vocabulary", "", 1.03),
)
_VALUES = {  # of the model; what is not named here is 0.41
    "bits_per_char": 3.78, "perplexity_char": 13.74, "perplexity": 92.4, "saved": 0.452,
    "ceiling": 0.83, "calibration_error": 0.031, "bleu": 31.2, "chrf": 38.9, "duplicates": 0.0,
    "prefix_valid": 1.0, "recited_lines": 0.012, "recited": 0.083, "common_chars": 9.0,
    "private": 0.0, "exposure": 10.9, "p50_ms": 4.3, "p95_ms": 12.1, "p99_ms": 18.7,
    "passes": 6.2, "cold_start_ms": 812.0, "memory_mb": 412.0,
}  # fmt: skip
_AT = {
    "accuracy": "15", "saved": "135", "saved_oracle": "5", "saved_lazy": "5", "saved_pinyin": "5",
    "ceiling": "5", "success": "135", "mrr": "5", "pmrr": "5", "exact": "248", "distinct": "12",
}  # fmt: skip
_LIKELY = ("bits_per_char", "perplexity_char", "perplexity", "accuracy")


def measured(value: float, width: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": value * (1 - width), "high": value * (1 + width)}


def value_of(name: str, strength: float) -> float:
    base, _, k = name.partition("@")
    row, value = METRICS[base], _VALUES.get(base, 0.41)
    if base in ("duplicates", "prefix_valid", "private"):
        return value
    if k:
        value *= 0.7 + 0.06 * int(k) if base != "exact" else 1.2 - 0.1 * int(k)
    return value / strength if row.better == "less" else value * strength


def numbers(name: str, strength: float) -> dict[str, dict[str, float]]:
    names = [
        f"{base}@{k}" if k else base
        for base in METRICS
        if not (name == "popular" and base in _LIKELY)
        for k in _AT.get(base, [""])
    ]
    return {key: measured(value_of(key, strength)) for key in names}


def by_kind(strength: float) -> dict[str, Any]:
    kinds = {"seen": 1.5, "near": 1.1, "unseen": 0.84}
    return {
        kind: {
            "saved@5": measured(0.452 * factor * (1 if kind == "seen" else strength)),
            "success@1": measured(0.33 * factor * strength, 0.08),
            "bits_per_char": None if strength == 0.74 else measured(3.78 / factor / strength),
        }
        for kind, factor in kinds.items()
    }


def by_length(strength: float) -> list[dict[str, Any]]:
    ranges = ((1, 1, 200), (2, 2, 199), (3, 4, 610), (5, 8, 1_490), (9, None, 3_701))
    return [
        {"first": first, "last": last, "keys": keys,
         "saved@5": measured(strength * (0.24 + 0.11 * i - 0.006 * i * i)),
         "success@5": measured(strength * (0.08 + 0.13 * i))}
        for i, (first, last, keys) in enumerate(ranges)
    ]  # fmt: skip


def coverage(strength: float) -> list[dict[str, float]]:
    return [
        {"threshold": t / 50, "coverage": math.exp(-2.6 * t / 50 / strength),
         "precision": min(0.99, strength * (0.34 + 0.62 * (t / 50) ** 0.8))}
        for t in range(50)
    ]  # fmt: skip


def reliability(strength: float) -> list[dict[str, float]]:
    return [
        {"score": (i + 0.5) / 15, "right": ((i + 0.5) / 15) ** (0.9 / strength),
         "keys": round(900 * math.exp(-i / 4)) + 40}
        for i in range(15)
    ]  # fmt: skip


def latency(strength: float) -> list[dict[str, float]]:
    bounds = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)
    centre = 3.5 + 3 * strength
    return [
        {"up_to_ms": b, "keys": round(1_400 * math.exp(-((i - centre) ** 2) / 8)) + 3}
        for i, b in enumerate(bounds)
    ]


def common(strength: float) -> list[dict[str, int]]:
    return [
        {"chars": n, "candidates": round(2_400 * strength * n * math.exp(-n / 5)) + (n == 28) * 90}
        for n in range(1, 33)
    ]


def predictor(name: str, title: str, chinese: str, strength: float) -> dict[str, Any]:
    return {
        "name": name, "title": title, "chinese": chinese, "numbers": numbers(name, strength),
        "by_kind": by_kind(strength), "by_length": by_length(strength),
        "coverage": coverage(strength), "reliability": reliability(strength),
        "latency": latency(strength), "common": common(strength),
    }  # fmt: skip


def differences(name: str, strength: float) -> dict[str, dict[str, float]]:
    mine, theirs = numbers("model", 1.0), numbers(name, strength)
    gaps = {key: mine[key]["value"] - theirs[key]["value"] for key in theirs}
    return {
        key: {"value": gap, "low": gap - 0.02 * mine[key]["value"] - 0.001,
              "high": gap + 0.02 * mine[key]["value"] + 0.001}
        for key, gap in gaps.items()
    }  # fmt: skip


def example(line: str) -> dict[str, Any]:
    """Two keys by hand, half of the rest at once, and one more candidate at the end."""
    half = 2 + (len(line) - 2) // 2
    keys = [
        {"typed": 1, "offered": ["血压高怎么办", "血压的症状", "血脂吃什么药"], "took": None},
        {"typed": 2, "offered": [f"{line[2:5]}的原因", f"{line[2:half]}多久见效", "是什么"],
         "took": 1, "right": half - 2, "keys": 2},
        {"typed": half, "offered": [], "took": None},
        {"typed": half + 1, "offered": [line[half + 1 :]], "took": 0,
         "right": len(line) - half - 1, "keys": 1},
    ]  # fmt: skip
    return {"line": line, "saved": 1 - 4 / len(line), "keys": keys}


def sample(n_predictors: int = len(PREDICTORS)) -> dict[str, Any]:
    """The evaluation of a model beside as many others as asked for."""
    rows = PREDICTORS[:n_predictors]
    return {
        "format": 1,
        "command": "prompt-gen evaluate runs/clinic --report report.html",
        "made": {"version": "0.1.0", "seconds": 95.2, "processes": 2, "machine": "2 cores, 2 GB"},
        "lines": {
            "source": "the run's own test part", "n": 1_643, "typed": 200, "characters": 52_310,
            "keys": 6_200, "fingerprint": "9c1185a5c5e9fc54", "seed": 0, "resamples": 1_000,
            "kinds": {"seen": 1_200, "near": 10, "unseen": 4_990},
        },
        "engine": {"n": 5, "max_chars": 24, "beams": 8, "deadline_ms": 150},
        "fingerprints": {"bundle": "4e07408562bedb8b", "corpus": "4b227777d4dd1fc6",
                         "vocabulary": "ef2d127de37b942b"},
        "predictors": [predictor(*row) for row in rows],
        "differences": {name: differences(name, s) for name, _, _, s in rows[1:]},
        "verdicts": [
            {"winner": "model", "kind": "",
             "english": "The model saves more keys than the most popular completion "
                        "(+11.8 points, 10.8 to 12.8).",
             "chinese": "模型比最常见补全多省 11.8 个百分点的击键（10.8 至 12.8）。"},
            {"winner": "other", "kind": "seen",
             "english": "On seen beginnings the most popular completion does better.",
             "chinese": "在见过的开头上，最常见补全更好。"},
            {"winner": "model", "kind": "unseen",
             "english": "On unseen beginnings the model does better.",
             "chinese": "在没见过的开头上，模型更好。"},
        ],
        "examples": [example(line) for line in LINES],
        "worst": [
            {"line": "ＣＥＡ 及 CA19-9 同时升高意味着什么", "typed": 5, "saved": 0.0,
             "offered": "AB型血的人"},
            {"line": "Zyrtec oder Claritin?", "typed": 6, "saved": None,
             "offered": "Zoom does not start"},
        ],
        "memorised": [
            {"typed": "小儿", "text": "感冒发烧三十九度吃退烧药不退烧应该怎样处理才好",
             "common": 23, "whole_line": True},
            {"typed": "Please ", "text": "restart the computer and try again", "common": 31,
             "whole_line": False},
        ],
        "canaries": [
            {"text": "暗号是九四一七", "count": 16, "exposure": 10.9},
            {"text": "the code is 5520", "count": 4, "exposure": 3.2},
            {"text": "暗号是二零八六", "count": 1, "exposure": None},
        ],
        "unavailable": [
            {"what": "keystrokes of a foreign bundle's baselines",
             "why": "the bundle has no training text beside it"},
        ],
    }  # fmt: skip
