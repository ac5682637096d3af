"""What is measured."""

from pydantic import Field

from prompt_gen.config.section import Section


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
