"""The whole configuration: defaults < recorded < preset < file < environment < command line.

Recorded are the settings that the corpus and the vocabulary of a run were made with, so that a
later station does not make them anew. A preset is a set of settings with a name (`presets/`); any
of the sources behind it may choose one.

The file is TOML with a table per station:

    [train]
    minutes = 10

In the environment the same is `PROMPT_GEN_TRAIN__MINUTES=10`, on the command line
`--set train.minutes=10`.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from prompt_gen import presets
from prompt_gen.config import (
    CompressConfig,
    CorpusConfig,
    EngineConfig,
    EvaluateConfig,
    ExportConfig,
    FeedbackConfig,
    MemoryConfig,
    ModelConfig,
    PersonalConfig,
    ServeConfig,
    TrainConfig,
    TuneConfig,
    VocabConfig,
    validated,
)
from prompt_gen.errors import SettingError, from_os_error

FILE = "prompt-gen.toml"


class RunConfig(BaseSettings):
    """One section per station, and which preset lies under them."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPT_GEN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    preset: str | None = Field(default=None, description="named settings under all given ones")
    corpus: CorpusConfig = Field(default_factory=CorpusConfig)
    vocab: VocabConfig = Field(default_factory=VocabConfig)
    model: ModelConfig = Field(default_factory=ModelConfig)
    train: TrainConfig = Field(default_factory=TrainConfig)
    tune: TuneConfig = Field(default_factory=TuneConfig)
    memory: MemoryConfig = Field(default_factory=MemoryConfig)
    export: ExportConfig = Field(default_factory=ExportConfig)
    compress: CompressConfig = Field(default_factory=CompressConfig)
    personal: PersonalConfig = Field(default_factory=PersonalConfig)
    engine: EngineConfig = Field(default_factory=EngineConfig)
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig)
    feedback: FeedbackConfig = Field(default_factory=FeedbackConfig)
    serve: ServeConfig = Field(default_factory=ServeConfig)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `resolve` has merged: it decides the order."""
        return (init_settings,)


def resolve(
    overrides: Iterable[str] = (),
    flags: dict[str, dict[str, Any]] | None = None,
    file: Path | None = None,
    recorded: dict[str, Any] | None = None,
    preset: str | None = None,
) -> RunConfig:
    """The configuration from all its sources.

    Args:
        overrides: `section.key=value`, from the command line.
        flags: values of named options by section; those that are None were not given.
        file: a TOML file; none: `prompt-gen.toml` in the current directory, if there is one.
        recorded: the settings of a run (`Run.settings`).
        preset: a name from `presets/`, from the command line.

    Raises:
        UnknownChoice: no such preset.
        SettingError: an unknown setting or a bad value; says which, and what was perhaps meant.
    """
    kept = {name: row for name, row in (recorded or {}).items() if name in ("corpus", "vocab")}
    given = {
        section: {key: value for key, value in row.items() if value is not None}
        for section, row in (flags or {}).items()
    }
    chosen = {} if preset is None else {"preset": preset}
    sources = (*_around(file), chosen, given, *map(_from_override, overrides))
    return validated(RunConfig, _merged(kept, _preset(*sources), *sources))


def differing(own: RunConfig, file: Path | None = None) -> list[str]:
    """Settings (`section.key`) for which the file or the environment says other than `own`.

    Raises:
        SettingError: as `resolve`.
    """
    sources = _around(file)
    around = _merged(_preset(*sources), *sources)
    others = validated(RunConfig, around).model_dump()
    ours = own.model_dump()
    names = [
        (section, key)
        for section, row in around.items()
        if section not in ("preset", "feedback")  # the latter is kept with no run
        for key in row
    ]
    return [
        f"{section}.{key}" for section, key in names if others[section][key] != ours[section][key]
    ]


def _preset(*sources: dict[str, Any]) -> dict[str, Any]:
    """The settings of the preset that the last of the sources names, if any does."""
    names = [source["preset"] for source in sources if source.get("preset")]
    return presets.settings(str(names[-1])) if names else {}


def _around(file: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the file and the environment say."""
    try:
        return _from_file(file), EnvSettingsSource(RunConfig)()
    except SettingsError as error:
        raise SettingError(
            f"a setting in the environment cannot be read: {error}",
            "Write PROMPT_GEN_SECTION__KEY=value, e.g. PROMPT_GEN_TRAIN__SEED=1",
        ) from error


def _from_file(file: Path | None) -> dict[str, Any]:
    path = file or Path(FILE)
    if file is None and not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise from_os_error(error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"'{path}' is not a TOML file: {error}", "Mend that line") from error


def _from_override(text: str) -> dict[str, Any]:
    name, equals, raw = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        raise SettingError(
            f"'{text}' is not a setting", "Write it as section.key=value, e.g. train.seed=1"
        )
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw.strip()
    return {section: {key: value}}


def _merged(*sources: dict[str, Any]) -> dict[str, Any]:
    """All of them, later ones over earlier ones."""
    values: dict[str, Any] = {}
    for source in sources:
        _merge(values, source)
    return values


def _merge(values: dict[str, Any], source: dict[str, Any]) -> None:
    """Put the source's values over what is there, section by section."""
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = dict(value) if isinstance(value, dict) else value
