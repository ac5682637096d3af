"""The settings of every station: one frozen model each, with defaults, meanings and units.

A station sees its own section only. `settings.py` puts the sections together.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from prompt_gen.errors import SettingError, did_you_mean


class Section(BaseModel):
    """Frozen, and no key is accepted that is not a field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CorpusConfig(Section):
    """Files to documents."""

    format: str = Field(
        default="auto",
        description="row of the table of formats for all files; auto: by each file's name",
    )
    fields: tuple[str, ...] = Field(
        default=(), description="columns or keys that hold text; none: the only one that does"
    )
    encoding: str = Field(
        default="auto", description="of text files, as Python calls it; auto: found for each file"
    )
    on_bad_bytes: Literal["skip-line", "replace", "fail"] = Field(
        default="skip-line",
        description="a line with bytes that fit no character: left out, kept with U+FFFD, an error",
    )
    document: Literal["line", "paragraph", "file"] = Field(
        default="line", description="what makes one document: a line, lines up to a blank one, all"
    )
    rules: dict[str, bool] = Field(
        default={}, description="cleaning rules switched on or off, e.g. {html = false}"
    )
    fold: Literal["", "simplified", "traditional"] = Field(
        default="", description="Chinese characters folded into one script; empty: left alone"
    )
    max_chars: int = Field(
        default=500, ge=20, description="longer lines are split at sentence ends, characters"
    )
    near_duplicates: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="share of common 3-character pieces from which on two lines are "
        "near-duplicates; 0: not looked for",
    )
    privacy: tuple[str, ...] = Field(
        default=("email", "phone", "id", "card"),
        description="kinds of private data that are looked for",
    )
    privacy_action: Literal["mask", "drop"] = Field(
        default="mask", description="what becomes of them: masked by kind, or the line left out"
    )
    privacy_words: str = Field(
        default="", description="file of further words to treat as private, one on each line"
    )
    canaries: tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...] = Field(
        default=(),
        description="secrets put into the training text, one for each number, so many times each; "
        "for measuring memorisation, never for a model that is used",
    )
    workers: int = Field(
        default=0, ge=0, le=64, description="processes that clean; 0: one per core"
    )
    validation: float = Field(
        default=0.02, ge=0, lt=0.5, description="share of documents for validation"
    )
    test: float = Field(
        default=0.02, ge=0, lt=0.5, description="share of documents for the final test"
    )
    min_held_out: int = Field(
        default=8,
        ge=1,
        description="documents in each held-out part at least, in a small corpus too",
    )
    max_held_out: int = Field(
        default=10_000, ge=100, description="documents in each held-out part at most, about"
    )


def _auto(value: Any) -> Any:
    return None if value == "auto" else value


def _absolute(path: str | None) -> str | None:
    """A path that is recorded means the same file from wherever it is read again; '': none."""
    return str(Path(path).absolute()) if path else None


def _always_absolute(path: str) -> str:
    return str(Path(path).absolute())


class VocabConfig(Section):
    """Documents to a tokenizer."""

    kind: str = Field(
        default="bpe",
        description="row of the table of vocabularies: bpe, unigram, wordpiece, word, char",
    )
    size: Annotated[int | None, BeforeValidator(_auto)] = Field(
        default=None,
        ge=512,
        le=65_536,
        description="entries; none, or 'auto': chosen from the size of the corpus",
    )
    sample_chars: int = Field(
        default=20_000_000,
        ge=10_000,
        description="characters to learn from at most; of more, documents chosen by their hash",
    )
    source: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="a vocab.txt or tokenizer.json to take in place of learning one",
    )

    @property
    def origin(self) -> str:
        """What the vocabulary is, for people: its kind, or the file it came from."""
        return self.kind if self.source is None else f"from {Path(self.source).name}"


class ModelConfig(Section):
    """Shape of the network; a None is chosen from the corpus and the budget."""

    pretrained: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="stock directory or run whose weights, shape and vocabulary are the start",
    )
    architecture: str = Field(default="qwen3", description="row of the table: qwen3, llama, gpt2")
    positions: Literal["auto", "learned", "sinusoidal", "rotary"] = Field(
        default="auto",
        description="how a token's place is told; gpt2: learned or sinusoidal (frozen), llama and "
        "qwen3: rotary; auto: the first of them",
    )
    start: Literal["auto", "bigrams", "previous", "random"] = Field(
        default="auto",
        description="what fresh weights begin as (llama, qwen3); bigrams: what follows what in the "
        "text, counted in a moment; previous: heads that look at the tokens before; auto: previous "
        "for a vocabulary of characters, else bigrams, where the text is fifty times as long as it",
    )
    layers: int | None = Field(default=None, ge=1, le=64, description="transformer blocks")
    width: int | None = Field(
        default=None, ge=64, le=4096, multiple_of=64, description="hidden size"
    )
    head_width: Literal[32, 64] = Field(
        default=64,
        description="of a head of attention; with 32 there are twice as many, which is better for "
        "a vocabulary of characters",
    )
    context: int = Field(
        default=256, ge=64, le=8192, description="tokens a row of training and the model can hold"
    )


class TrainConfig(Section):
    """Shards to weights."""

    minutes: float = Field(default=5.0, gt=0, description="wall time of the training loop, minutes")
    steps: int | None = Field(default=None, ge=1, description="updates; given, it replaces minutes")
    max_epochs: float | None = Field(
        default=None,
        gt=0,
        description="passes over the text at most, where no steps are given; this and what follows "
        "is chosen by the device and the corpus where it is not given (training/recipe.py)",
    )
    batch_tokens: int | None = Field(
        default=None,
        ge=64,
        description="tokens in a batch, rounded up to whole rows of the context",
    )
    batch_growth: float | None = Field(
        default=None, ge=1, le=64, description="how many times larger the batch is at the end"
    )
    matrix_lr: float | None = Field(
        default=None, gt=0, description="peak learning rate of Muon (hidden matrices)"
    )
    other_lr: float | None = Field(
        default=None, gt=0, description="peak learning rate of AdamW (all the rest)"
    )
    momentum: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="share of the mean of gradients that Muon keeps from step to step; 0.9 is "
        "better for runs of some hundred steps",
    )
    weight_decay: float | None = Field(
        default=None, ge=0, description="decoupled decay of the hidden matrices"
    )
    dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="share of embeddings and of blocks' outputs that is dropped while training",
    )
    warmup_steps: int | None = Field(
        default=None, ge=0, description="steps from zero to the peak at most"
    )
    decay: float | None = Field(
        default=None, ge=0, le=1, description="last share of the run, falling linearly"
    )
    floor: float | None = Field(
        default=None, ge=0, le=1, description="learning rate at the end, share of peak"
    )
    average: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="last share of the run whose mean weights are tried; 0: the last ones alone",
    )
    negatives: int | None = Field(
        default=None,
        ge=0,
        description="random tokens of the sampled softmax; 0: the full one throughout",
    )
    full_softmax: float | None = Field(
        default=None, ge=0, le=1, description="last share of the run that uses the full softmax"
    )
    repeats: Literal["once", "sqrt"] = Field(
        default="sqrt",
        description="how often an epoch shows a line that occurs n times: once, or sqrt(n) times; "
        "a group of near-duplicates counts as one",
    )
    seed: int = Field(
        default=0, ge=0, description="of weights, order of lines and all else that is random"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="where to train"
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="threads of a process on a CPU; 0: chosen by the cores that are free",
    )
    compile: Literal["auto"] | bool = Field(
        default="auto", description="whether the model is compiled; auto: on a CUDA device"
    )
    micro_rows: int = Field(
        default=0,
        ge=0,
        description="rows of a batch in memory at a time; 0: all, and fewer when memory is short",
    )
    sharding: Literal["ddp", "fsdp"] = Field(
        default="ddp",
        description="with several processes: each holds all weights (ddp) or a piece of them",
    )
    validate_lines: int = Field(
        default=200,
        ge=1,
        description="validation lines that are looked at",
    )
    n_validations: int = Field(
        default=12, ge=1, description="looks at the validation lines in a run"
    )
    checkpoint_seconds: float = Field(
        default=30.0, gt=0, description="longest time between checkpoints"
    )
    keep_checkpoints: int = Field(
        default=2, ge=1, description="newest checkpoints kept beside the best"
    )
    trackers: tuple[str, ...] = Field(
        default=("tensorboard",),
        description="who is told the numbers beside training/metrics.jsonl: "
        "tensorboard, wandb, mlflow, trackio",
    )


class TuneConfig(Section):
    """Weights that are there to weights that know something more (`prompt-gen finetune`)."""

    task: str = Field(default="complete", description="row of the table of tasks")
    validation: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="file to look at while learning, but for complete; none: a tenth of the data",
    )
    test: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="file to measure on, but for complete; none: a tenth of the data",
    )
    text_field: str = Field(
        default="", description="classify: column with the text; empty: found by its name"
    )
    label_field: str = Field(
        default="", description="classify: column with the label; empty: found by its name"
    )
    reads: Literal["auto", "once", "twice", "around"] = Field(
        default="auto",
        description="classify, tag: how a text is read (tasks/reading.py): from left to right, so "
        "two times, or with all tokens looking at all; auto: as is best for the task",
    )
    class_weights: Literal["none", "balanced"] = Field(
        default="none",
        description="classify, tag: how much an example of a label counts: as all, or more where "
        "the label is rare",
    )
    scores: Literal["head", "likelihood"] = Field(
        default="head",
        description="rank: what is learned: whether an item was clicked, or what clicked ones are, "
        "which are then scored by their mean log-probability behind the query",
    )
    augment: tuple[str, ...] = Field(
        default=(),
        description="classify, dialogue: ways by which texts (of dialogues the questions) that are "
        "learned from get changed copies, rows of the table of augmentations",
    )
    augment_share: float = Field(
        default=0.1, gt=0, lt=1, description="share of a text that is changed in a copy"
    )
    augment_copies: int = Field(
        default=1, ge=1, le=100, description="copies of each text by each way"
    )
    weights: Literal["all", "last", "lora"] = Field(
        default="all",
        description="what is changed: all weights, those of the last blocks, or small matrices "
        "beside all of them, which are added to them in the end (LoRA)",
    )
    last: int = Field(default=1, ge=1, description="weights = last: blocks that are changed")
    lora_rank: int = Field(default=16, ge=1, le=1024, description="weights = lora: rank")
    lora_alpha: int = Field(
        default=32, ge=1, description="weights = lora: their share is this by the rank"
    )
    layer_decay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="factor on the learning rate of a block for each block that stands behind it, "
        "and of the embeddings once more",
    )
    replay: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="complete: share of the tokens learned from that are of the old text",
    )
    replay_files: tuple[Annotated[str, AfterValidator(_always_absolute)], ...] = Field(
        default=(),
        description="complete: files of the old text; none: the corpus of the run that is gone on "
        "from",
    )


class MemoryConfig(Section):
    """Training text to a memory of it."""

    budget: float = Field(
        default=1.5,
        ge=0,
        le=100,
        description="room for it, bytes for each byte of training text; where it does not do, "
        "documents that share least with others are left out; 0: no memory",
    )
    order: int = Field(
        default=5, ge=2, le=16, description="tokens that Kneser-Ney looks at together"
    )


Weights = Literal["int8", "int4", "dynamic", "float32"]  # rows of graph.weights.KINDS


class ExportConfig(Section):
    """Weights to a graph."""

    weights: Weights = Field(
        default="int8",
        description="numbers that the graph multiplies with; float32: those of the stock model",
    )


class CompressConfig(Section):
    """A bundle to a smaller or quicker one (`prompt-gen compress`)."""

    base: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None, description="run or bundle that is made smaller"
    )
    method: str = Field(
        default="quantize",
        description="row of the table of methods; auto: the cheapest that meets the target",
    )
    target_mb: float | None = Field(
        default=None, gt=0, description="auto: size of the model's files at most, 10^6 bytes"
    )
    target_ms: float | None = Field(
        default=None, gt=0, description="auto: median time of a key here at most, ms"
    )
    weights: Weights = Field(
        default="int8", description="numbers that the graph of the result multiplies with"
    )
    stock: bool = Field(
        default=False,
        description="whether the result holds model.safetensors too, which stock transformers, "
        "exports and finetune open; without it the graph holds all, embeddings in 8 bits",
    )
    teachers: tuple[Annotated[str, AfterValidator(_always_absolute)], ...] = Field(
        default=(),
        description="distil: further runs or bundles of the same vocabulary; what counts is the "
        "mean of what they and the base say",
    )
    share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="distil, prune: share of the loss that the teachers have; of what is pruned "
        "the base is the teacher",
    )
    temperature: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="distil, prune: what logits of teachers and student are divided by",
    )
    heads: float = Field(
        default=0.0, ge=0, lt=1, description="prune: share of each block's heads that is removed"
    )
    channels: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="prune: share of each feed-forward layer's channels that is removed",
    )
    zeros: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="prune: share of each matrix that is put to zero; no quicker, and smaller in "
        "archives only",
    )
    vocab_size: int | None = Field(
        default=None, ge=1, description="vocab: entries that stay; the others fall apart into them"
    )
    recover: bool = Field(
        default=True, description="prune, vocab: whether the network learns on behind the cut"
    )


class PersonalConfig(Section):
    """What users typed and accepted to counts."""

    half_life_days: float = Field(
        default=30.0, gt=0, description="age at which a line counts half, days"
    )
    daily_lines: int = Field(
        default=3, ge=1, description="times the same line counts for a user on one day (UTC)"
    )
    shared_users: int = Field(
        default=3, ge=2, description="different users who must send a line for it to count for all"
    )
    max_lines: int = Field(
        default=5000, ge=1, description="different lines kept of a user; the oldest go first"
    )


class EngineConfig(Section):
    """A prefix to candidates."""

    n: int = Field(default=5, ge=1, le=20, description="candidates")
    max_chars: int = Field(default=24, ge=1, le=200, description="longest continuation, characters")
    deadline_ms: float = Field(
        default=500.0, gt=0, description="answer with what is there by then, ms"
    )
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), max_length=16, description="texts before which a continuation ends"
    )
    min_confidence: float = Field(
        default=0.0, ge=0, le=1, description="probability below which nothing is shown"
    )
    mode: Literal["tree", "sample", "beam", "diverse"] = Field(
        default="tree", description="how continuations are found: see `prompt-gen list`"
    )
    places: int = Field(
        default=16,
        ge=1,
        le=4096,
        description="places of the tree that are looked into for a key, at most",
    )
    worth: float = Field(
        default=0.5, ge=0, description="keystrokes that a place must promise to be looked into"
    )
    floor: float = Field(
        default=0.003, ge=0, lt=1, description="probability of places that are not even noted"
    )
    batch: int = Field(
        default=16, ge=1, le=256, description="places of the tree that one pass of the model reads"
    )
    diversity: float = Field(
        default=0.7,
        ge=0,
        description="mode diverse: nats that a row loses for each that has said the same token",
    )
    temperature: float = Field(
        default=1.0, ge=0, le=10, description="mode sample: 0 draws the most probable alone"
    )
    top_k: int = Field(
        default=0, ge=0, description="mode sample: tokens that are drawn from; 0: all"
    )
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="mode sample: share of probability that is drawn from"
    )
    repetition_penalty: float = Field(
        default=1.0,
        ge=1,
        le=10,
        description="mode sample: factor on the log-probability of tokens said before",
    )
    seed: int | None = Field(
        default=None, ge=0, description="mode sample: of all draws; none: another one each time"
    )
    sessions: int = Field(
        default=256, ge=1, description="text fields that are remembered from key to key, at most"
    )
    session_mb: float = Field(
        default=128.0, gt=0, description="room for what was read for all of them, MiB"
    )
    session_minutes: float = Field(
        default=10.0, gt=0, description="after so long without a key a text field is forgotten"
    )
    threads: int = Field(
        default=1, ge=0, le=64, description="threads of the graph; 0: one per core, at most 2"
    )
    experts: Literal["both", "network", "memory"] = Field(
        default="both", description="what is asked: the network, the memory of the text, or both"
    )
    verbatim: Literal["any", "never", "only"] = Field(
        default="any",
        description="continuations that stand in the training text word for word: any may be "
        "shown, none is, or no other is",
    )
    min_lines: int = Field(
        default=1,
        ge=1,
        description="lines of the training text that hold a continuation word for word, if any "
        "does, for it to be shown",
    )
    free_chars: int = Field(
        default=8,
        ge=0,
        description="continuations of so many characters may be shown however rare they are",
    )


class EvaluateConfig(Section):
    """A bundle and held-out lines to numbers."""

    limit: int | None = Field(
        default=None, ge=1, description="lines used at most, chosen by the seed; none: all"
    )
    typed: int = Field(default=200, ge=0, description="lines of them typed key by key; 0: none")
    max_typed_chars: int = Field(
        default=500, ge=2, description="characters of a line that are typed at most"
    )
    typed_after_training: int = Field(
        default=40, ge=0, description="the same for the evaluation that ends a training"
    )
    answered: int = Field(
        default=200,
        ge=1,
        description="dialogue: questions of the test part that are answered, evenly spread over it",
    )
    seed: int = Field(default=0, description="of the choice of lines, and of all that is drawn")
    min_right: int = Field(
        default=3, ge=1, description="right characters from which on a candidate is taken"
    )
    resamples: int = Field(
        default=1000, ge=100, le=100_000, description="samples of lines drawn for the intervals"
    )
    calibration_keys: int = Field(
        default=600, ge=0, description="keys of validation lines the temperature is fitted on"
    )
    baseline_chars: int = Field(
        default=10_000_000, ge=1000, description="training text that baselines learn from at most"
    )
    other_secrets: int = Field(
        default=1000, ge=10, description="secrets of the same form that each canary is ranked among"
    )
    workers: int = Field(default=0, ge=0, le=64, description="processes that type; 0: one per core")


class FeedbackConfig(Section):
    """What was shown, accepted and kept, to a store of it."""

    enabled: bool = Field(
        default=True, description="whether events are stored; false: everybody is off the record"
    )
    url: str = Field(
        default="",
        description="PostgreSQL database, postgresql://user@host/name (password there, in "
        "PGPASSWORD or ~/.pgpass); empty: SQLite, in the file at `path`",
    )
    path: str = Field(
        default="",
        description="file of SQLite; empty: feedback.sqlite in the directory that is served",
    )
    texts: Literal["none", "accepted", "all"] = Field(
        default="accepted",
        description="which texts are stored beside the numbers: none; what was accepted or kept, "
        "with its line up to there; or all that is sent",
    )
    retention_days: int = Field(
        default=365,
        ge=0,
        description="age at which an event is deleted, days; 0: kept until it is forgotten",
    )
    min_users: int = Field(
        default=5,
        ge=1,
        description="different users who must have accepted a line for it to be exported",
    )
    learn: bool = Field(
        default=False,
        description="whether what a named user accepts counts for him from the next key on, and "
        "for all once enough have (see `personal`)",
    )


def is_loopback(address: str) -> bool:
    """Whether an IP address means this machine; a name does not."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _host_name(name: str) -> str:
    """A name or an address as it stands in a Host header, without a port."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", name):
        raise ValueError("a name is written without scheme, port or '*', e.g. notes.example")
    return name.lower()


def _origin(origin: str) -> str:
    """An origin as browsers send it."""
    if not re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", origin):
        raise ValueError(
            "an origin is scheme, name and perhaps port, e.g. https://app.example:8443; '*' would "
            "let every page of the web ask"
        )
    return origin.lower()


class ServeConfig(Section):
    """The HTTP server."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8765, ge=0, le=65_535, description="port to listen on; 0: any free one"
    )
    labels: tuple[Annotated[str, AfterValidator(_always_absolute)], ...] = Field(
        default=(),
        description="bundles that were tuned to label texts, served beside the completer, one for "
        "each task",
    )
    chat: Annotated[str | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="bundle that was tuned for dialogues, served beside the completer",
    )
    max_prompt_chars: int = Field(
        default=2000, ge=1, description="longest accepted text, characters"
    )
    max_body_bytes: int = Field(default=65_536, ge=1024, description="largest accepted body, bytes")
    keys_at_work: int = Field(
        default=2,
        ge=1,
        le=64,
        description="keys that are worked for at a time; they share the passes of the model",
    )
    texts_at_work: int = Field(
        default=8,
        ge=1,
        le=256,
        description="requests for whole texts, labels and explanations that are worked for at a "
        "time, beside keys",
    )
    max_waiting: int = Field(
        default=64, ge=0, description="requests that wait to be worked for, at most"
    )
    max_wait_ms: float = Field(
        default=50.0,
        ge=0,
        description="expected wait above which a key is answered from the memory of the text "
        "alone, or by 503 where that would take twice as long, ms",
    )
    texts_max_wait_ms: float = Field(
        default=1000.0, ge=0, description="the same for whole texts, which get 503 at once, ms"
    )
    client_per_s: float = Field(
        default=0.0,
        ge=0,
        description="requests a second that one client (a key, or else an address) may send on "
        "average; more get 429; 0: as many as it likes",
    )
    client_burst: int = Field(
        default=60, ge=1, description="requests that one client may send at once before that counts"
    )
    drain_s: int = Field(
        default=10, ge=1, le=600, description="time that requests have to end when it stops, s"
    )
    log_requests: bool = Field(
        default=False,
        description="write a line for every request to stderr; what was typed is never in it",
    )

    max_header_bytes: int = Field(
        default=16_384, ge=1024, description="largest accepted head of a request, bytes"
    )
    max_connections: int = Field(
        default=2000, ge=1, description="clients that are connected at a time; others get 503"
    )
    patience_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="a client that takes longer to send a request, or to take an answer, is cut "
        "off, s",
    )
    keep_alive_s: float = Field(
        default=60.0, gt=0, le=3600, description="a connection without requests is closed after, s"
    )
    keys: str = Field(
        default="", description="file of API keys; empty: keys.json where settings of users are"
    )
    require_key: Literal["auto"] | bool = Field(
        default="auto",
        description="whether all but the page and /health needs a key; auto: unless only this "
        "machine is served (a loopback address, no `names`, no key in PROMPT_GEN_API_KEY)",
    )
    names: tuple[Annotated[str, AfterValidator(_host_name)], ...] = Field(
        default=(),
        description="names and addresses that clients may call the server by, beside the one they "
        "connected to and those of loopback, e.g. notes.example",
    )
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(), description="origins of pages elsewhere that may ask, e.g. https://app.example"
    )
    proxies: tuple[str, ...] = Field(
        default=(),
        description="addresses or networks of proxies whose X-Forwarded-* headers are believed",
    )

    @property
    def is_local(self) -> bool:
        """Whether none but this machine can connect."""
        return self.host == "localhost" or is_loopback(self.host)

    @model_validator(mode="after")
    def _open_with_keys_only(self) -> "ServeConfig":
        if self.require_key is False and not self.is_local:
            raise ValueError(
                f"host '{self.host}' is open to other machines, so serve.require_key cannot be "
                "false (listen on 127.0.0.1 behind a proxy with a login, or make a key)"
            )
        return self


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """The model with these values.

    Raises:
        SettingError: the first thing that is wrong, by its full name.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise setting_error(model, error) from error


def setting_error(model: type[BaseModel], error: ValidationError) -> SettingError:
    """A validation error in one sentence, with a way out."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or model.__name__
    if first["type"] == "extra_forbidden":
        return SettingError(f"unknown setting '{name}'", _nearest(model, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return SettingError(
        f"setting '{name}' cannot be {first['input']!r}: {message[0].lower()}{message[1:]}",
        "Choose another value",
    )


def _nearest(model: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """The names that would have been known where an unknown one was given."""
    path = []
    for part in location[:-1]:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        path.append(str(part))
        model = inner
    known = [".".join((*path, name)) for name in model.model_fields]
    return did_you_mean(".".join((*path, str(location[-1]))), known)
