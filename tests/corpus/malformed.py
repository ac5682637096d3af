"""Malformed corpus files in which some lines are known to be good.

Every file has two dozen good lines, each with a number of its own, and harm beside them: bytes that
fit no character, broken records, cut or junk-tailed packing, hostile lines. What is good lies
outside the harm, so it must come out.
"""

import csv
import gzip
import io
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

SIMPLE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "gbk")
WORDS = ("多喝温水", "按时吃药", "早点休息", "少吃油盐", "每天散步")
TRADITIONAL = ("多喝溫水", "按時吃藥", "早點休息", "少吃油鹽", "每天散步")
HOSTILE: tuple[Callable[[random.Random], str], ...] = (
    lambda r: "a" + "\u0301" * 20_000,
    lambda r: "<!--" * 5_000,
    lambda r: "&amp;" * 5_000 + "lt;",
    lambda r: " " * 40_000 + "字",
    lambda r: "138 " * 8_000,
    lambda r: "a@" * 10_000,
    lambda r: "長" * 60_000,
    lambda r: "说。" * 30_000,
    lambda r: "".join(
        chr(r.choice([*range(0x20, 0x300), 0x200D, 0x202E, 0xFFFD])) for _ in range(99)
    ),
    lambda r: "\ufdfa" * 2_000,
)


@dataclass(frozen=True)
class Malformed:
    """A file's name and bytes, and the texts that must come out of it."""

    name: str
    data: bytes
    good: list[str]
    harm: str
    field: str = ""


def malformed(seed: int) -> Malformed:
    """The file of a number, always the same."""
    rng = random.Random(seed)
    make = rng.choice((_text, _text, _jsonl, _json, _csv, _tsv, _parquet))
    return make(rng)


def sentences(rng: random.Random, words: tuple[str, ...] = WORDS, say: str = "说") -> list[str]:
    """Good lines: letters and digits that no cleaning rule changes, no two of them alike."""
    return [f"第{rng.randrange(10**6)}位{say}要{rng.choice(words)}第{i}遍" for i in range(24)]


def _text(rng: random.Random) -> Malformed:
    encoding = rng.choice((*SIMPLE, "big5"))
    good = sentences(rng, TRADITIONAL, "說") if encoding == "big5" else sentences(rng)
    plain = encoding if not encoding.startswith("utf-16") else "utf-16-le"
    start = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}.get(encoding, b"")
    plain = "utf-8" if encoding == "utf-8-sig" else plain
    end = rng.choice(("\n", "\n", "\r\n", "\r"))
    lines = [line.encode(plain) for line in good]
    harm, bad = _bad_lines(rng, lines, plain)
    for line in bad:
        lines.insert(rng.randrange(2, len(lines) + 1), line)  # the first line is what is met first
    data = start + end.encode(plain).join(lines) + end.encode(plain)
    return _packed(rng, "lines.txt", data, good, f"{encoding}, {harm}", plain, end)


def _bad_lines(rng: random.Random, lines: list[bytes], encoding: str) -> tuple[str, list[bytes]]:
    """Some lines that are not good, as bytes of the encoding or against it."""
    n = rng.randint(1, 3)
    kind = rng.choice(("bytes", "cut", "hostile", "blank", "copy"))
    if encoding == "utf-16-le" and kind in ("bytes", "cut"):
        kind = "hostile"  # half a unit would shift all that follows it
    if kind == "bytes":
        junk = [b for b in range(256) if b not in (10, 13)]
        return kind, [bytes(rng.choices(junk, k=rng.randint(1, 40))) for _ in range(n)]
    if kind == "cut":
        return kind, [line[: rng.randrange(1, len(line))] for line in rng.sample(lines, n)]
    if kind == "hostile":
        texts = [rng.choice(HOSTILE)(rng) for _ in range(n)]
        return kind, [text.encode(encoding, "replace") for text in texts]
    if kind == "blank":
        return kind, [" \t".encode(encoding) * rng.randrange(3) for _ in range(n)]
    return kind, rng.sample(lines, n)


def _packed(
    rng: random.Random,
    name: str,
    data: bytes,
    good: list[str],
    harm: str,
    encoding: str = "utf-8",
    end: str = "\n",
) -> Malformed:
    """The file as it is, or packed and then cut or lengthened."""
    way = rng.choice(("", "", "", "gz", "zst"))
    if not way:
        return Malformed(name, data, good, harm)
    packed = gzip.compress(data) if way == "gz" else zstandard.compress(data)
    trouble = rng.choice(("whole", "junk", "cut", "twice"))
    if trouble == "junk":
        packed += bytes(rng.choices(range(256), k=20))
    elif trouble == "twice":
        packed += packed
    elif trouble == "cut":
        packed = packed[: rng.randrange(len(packed) // 2, len(packed))]
        whole = zlib.decompressobj(31).decompress(packed) if way == "gz" else b""
        ended = whole.rpartition(end.encode(encoding))[0]
        good = [text for text in good if text.encode(encoding) in ended]
    return Malformed(f"{name}.{way}", packed, good, f"{harm}, {way} {trouble}")


def _jsonl(rng: random.Random) -> Malformed:
    good = sentences(rng)
    as_objects = rng.random() < 0.5
    lines = [json.dumps({"text": t, "n": 1} if as_objects else t) for t in good]
    broken = rng.choice(
        ('{"text": ', '"unfinished', "[[[[" * 500, "{}", "null", "\x00", '{"a"1}', "3")
    )
    for _ in range(rng.randint(1, 3)):
        lines.insert(rng.randrange(len(lines) + 1), broken)
    data = ("\n".join(lines) + "\n").encode()
    return _packed(rng, "lines.jsonl", data, good if data else [], f"jsonl {broken[:12]!r}")


def _json(rng: random.Random) -> Malformed:
    good = sentences(rng)
    as_objects = rng.random() < 0.5
    items = [
        json.dumps({"text": t, "n": [1]} if as_objects else t, ensure_ascii=False) for t in good
    ]
    kind = rng.choice(("broken", "cut", "no end", "comma", "twice"))
    at = rng.randrange(1, len(items))
    if kind == "broken":
        items.insert(at, '{"text": tru, "n": 1}' if as_objects else "tru")
    between = rng.choice((",\n", ",\n  ", ", "))
    text = "[" + between.join(items) + "]"
    if kind == "cut":
        kept = between.join(items[:at])
        text, good = "[" + kept + between + items[at][: len(items[at]) // 2], good[:at]
    elif kind == "no end":
        text = text[:-1]
    elif kind == "comma":
        text = text[:-1] + ",]"
    elif kind == "twice":
        text += text
    return Malformed("lines.json", text.encode(), good, f"json {kind}, {between!r}")


def _csv(rng: random.Random) -> Malformed:
    good = sentences(rng)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=rng.choice(",;"), lineterminator="\n")
    writer.writerow(["id", "text", "note"])
    for i, text in enumerate(good):
        writer.writerow([i, text, rng.choice(["", "x", 'a "b"', "c\nd"])])
    lines = out.getvalue().split("\n")
    delimiter = ";" if ";" in lines[0] else ","
    broken = rng.choice((f'9{delimiter}"unclosed', '9"', "9", delimiter * 50, '""""', "9" * 300))
    whole = [i for i, line in enumerate(lines) if i and line[:1].isdigit() and delimiter in line]
    lines.insert(rng.choice(whole), broken)
    return _packed(rng, "t.csv", "\n".join(lines).encode(), good, f"csv {broken[:12]!r}")


def _tsv(rng: random.Random) -> Malformed:
    good = sentences(rng)
    lines = ["id\ttext", *(f"{i}\t{text}" for i, text in enumerate(good))]
    broken = rng.choice(('9\t"unclosed', "9", "\t" * 50, '9\t""""', "\x00\x01"))
    lines.insert(rng.randrange(2, len(lines)), broken)
    return _packed(rng, "t.tsv", "\n".join(lines).encode(), good, f"tsv {broken[:12]!r}")


def _parquet(rng: random.Random) -> Malformed:
    good = sentences(rng)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": range(24), "text": good}), sink)
    data = bytearray(sink.getvalue().to_pybytes())
    kind = rng.choice(("whole", "cut", "flipped", "empty"))
    if kind == "cut":
        del data[rng.randrange(len(data)) :]
    elif kind == "flipped":
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "empty":
        data.clear()
    return Malformed("t.parquet", bytes(data), good if kind == "whole" else [], f"parquet {kind}")


def mutated(rng: random.Random, path: Path) -> bytes:
    """A piece of a real file with some bytes changed, taken out, doubled or put in."""
    whole = path.read_bytes()
    start = rng.randrange(max(1, len(whole) - 20_000))
    data = bytearray(whole[start : start + rng.randrange(20_000)])
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        piece = bytes(data[at : at + rng.randrange(60)])
        match rng.randrange(4):
            case 0:
                data[at : at + len(piece)] = b""
            case 1:
                data[at:at] = piece * rng.randint(1, 30)
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(40))
            case _:
                data[at : at + len(piece)] = rng.randbytes(len(piece))
    return bytes(data)
