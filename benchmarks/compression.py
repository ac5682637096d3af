"""A bundle made smaller in ten ways, all measured side by side: what each costs and gives.

    python -m benchmarks compression RUN [--work DIR] [--steps 1500] [--recovery 100]
                                     [--lines 600] [--typed 40]

The same student, of a quarter of the weights, is trained by the same steps twice: distilled from
RUN, and alone. Both have the recipe of every training, the same batches, and the same start. What
was made lies in --work and is taken from there the next time.

Differences are to float32, and for the student between both trainings, paired over lines. The
picture is docs/compression.svg.
"""

import argparse
import math
import shutil
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, keep
from prompt_gen import bundle, pipeline
from prompt_gen.bundle import Bundle
from prompt_gen.evaluate import Material
from prompt_gen.pipeline import beside, side_by_side
from prompt_gen.run import Run
from prompt_gen.settings import resolve

PICTURE = Path(__file__).parents[1] / "docs" / "compression.svg"
STUDENT = ("model.layers=2", "model.width=64", "model.start=random", "train.threads=1")
MAKING = ("evaluate.limit=20", "evaluate.typed=1", "train.trackers=[]")  # measured later
TEXT = ("corpus", "vocab", "shards", "memory")
WAYS: dict[str, tuple[str, ...]] = {
    "float32": ("compress.weights=float32",),
    "int8": (),
    "int4": ("compress.weights=int4",),
    "dynamic": ("compress.weights=dynamic",),
    "half of the channels": ("compress.method=prune", "compress.channels=0.5"),
    "half of the heads": ("compress.method=prune", "compress.heads=0.5"),
    "half zeros, float32": (
        "compress.method=prune", "compress.zeros=0.5", "compress.recover=false",
        "compress.weights=float32",
    ),
    "half of the vocabulary": ("compress.method=vocab", "compress.vocab_size=4096"),
    "distilled": ("compress.method=distil", *STUDENT),
}  # fmt: skip


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/compression"))
    parser.add_argument("--steps", type=int, default=1500, help="of both students")
    parser.add_argument("--recovery", type=int, default=100, help="steps behind a cut")
    parser.add_argument("--lines", type=int, default=600, help="scored")
    parser.add_argument("--typed", type=int, default=40, help="lines of them")
    args = parser.parse_args(argv)
    made = {}
    for name, settings in WAYS.items():
        steps = args.steps if name == "distilled" else args.recovery
        way = (*settings, f"train.steps={steps}")
        made[name] = compressed(args.run, args.work / name.replace(" ", "-"), way)
    made["trained alone"] = compressed(alone(args), args.work / "alone-int8", ())
    settings = resolve((f"evaluate.limit={args.lines}", f"evaluate.typed={args.typed}"))
    lines = list(beside.material(bundle.load(args.run), None, settings, None, "").lines)
    material = Material(lines, "the test part of the run")
    found = side_by_side.measure(made, material, settings.evaluate, settings.engine)
    students = {name: made[name] for name in ("trained alone", "distilled")}
    between = side_by_side.measure(students, material, settings.evaluate, settings.engine)
    weights = {name: each.facts["training"].get("parameters") for name, each in made.items()}
    PICTURE.write_text(picture(found["rows"]), "utf-8")
    keep(
        "compression",
        {
            "machine": describe("onnxruntime", "torch", "numpy"),
            "steps": {"students": args.steps, "recovery": args.recovery},
            "parameters": weights,
            **found,
            "distilled_minus_alone": between["differences"]["distilled"],
        },
    )


def compressed(base: Path, out: Path, settings: tuple[str, ...]) -> Bundle:
    if (out / "bundle" / bundle.COMPRESSED).is_file():
        return bundle.load(out)
    config = resolve((*MAKING, f"compress.base={base}", *settings))
    return pipeline.compress(Run(out), config, force=out.exists()).bundle


def alone(args: argparse.Namespace) -> Path:
    """The student's shape, trained on the text of the run."""
    out = args.work / "alone"
    if not (out / "bundle").is_dir():
        out.mkdir(parents=True, exist_ok=True)
        for name in TEXT:
            shutil.copytree(args.run / name, out / name, dirs_exist_ok=True)
        shutil.copyfile(args.run / "run.json", out / "run.json")
        own = Run.open(args.run).settings
        config = resolve((*MAKING, *STUDENT, f"train.steps={args.steps}"), recorded=own)
        pipeline.train([], Run(out), config, force=True)
    return out


# -- the picture -----------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 440, 70, 50
NEAR, LINE = 120, 13  # labels that would lie on each other


def picture(rows: list[dict[str, Any]]) -> str:
    """Size of the model's files, on a log axis, against bits per character of the network."""
    # Rounded: what differs by less is no better.
    x = [round(math.log10(row["model_mb"]["value"]), 2) for row in rows]
    y = [round(row["network_bits_per_char"]["value"], 2) for row in rows]
    near_x, near_y = (min(x) - 0.05, max(x) + 0.25), (min(y) - 0.03, max(y) + 0.03)

    def place(at_x: float, at_y: float) -> tuple[float, float]:
        share_x = (at_x - near_x[0]) / (near_x[1] - near_x[0])
        share_y = (at_y - near_y[0]) / (near_y[1] - near_y[0])
        return (
            LEFT + share_x * (WIDTH - LEFT - 10),
            (1 - share_y) * (HEIGHT - BOTTOM - 10) + 10,
        )

    marks, labels = [], list[tuple[float, float]]()
    for row, at_x, at_y in zip(rows, x, y, strict=True):
        px, py = place(at_x, at_y)
        best = not any(
            o_x <= at_x and o_y <= at_y and (o_x, o_y) != (at_x, at_y)
            for o_x, o_y in zip(x, y, strict=True)
        )
        fill = "#2563eb" if best else "#9ca3af"
        marks.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{fill}"/>')
        while any(abs(px - u) < NEAR and abs(py - v) < LINE for u, v in labels):
            py -= LINE
        labels.append((px, py))
        marks.append(f'<text x="{px + 8:.1f}" y="{py + 4:.1f}">{row["name"]}</text>')
    for mb in (1, 2, 4, 8, 16):
        if near_x[0] <= math.log10(mb) <= near_x[1]:
            px, _ = place(math.log10(mb), near_y[0])
            marks.append(f'<text x="{px:.1f}" y="{HEIGHT - BOTTOM + 18}">{mb} MB</text>')
    for tenth in range(math.ceil(near_y[0] * 10), math.floor(near_y[1] * 10) + 1):
        _, py = place(near_x[0], tenth / 10)
        marks.append(f'<text x="{LEFT - 36}" y="{py + 4:.1f}">{tenth / 10:.1f}</text>')
        marks.append(f'<path d="M{LEFT} {py:.1f}H{WIDTH - 10}" stroke="#e5e7eb"/>')
    title = "bits per character of the network; blue: nothing is both smaller and better"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(marks)}'
        f'<text x="{LEFT}" y="{HEIGHT - 10}">size of the model\'s files; up: {title}</text></svg>\n'
    )
