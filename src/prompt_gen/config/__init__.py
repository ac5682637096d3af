"""The settings of every station: one frozen model each, with defaults, meanings and units.

A station sees its own section only. `settings.py` puts the sections together.
"""

from prompt_gen.config.corpus import CorpusConfig
from prompt_gen.config.engine import EngineConfig
from prompt_gen.config.evaluate import EvaluateConfig
from prompt_gen.config.feedback import FeedbackConfig
from prompt_gen.config.memory import MemoryConfig, PersonalConfig
from prompt_gen.config.model import ModelConfig
from prompt_gen.config.section import Section, setting_error, validated
from prompt_gen.config.serve import ServeConfig, is_loopback
from prompt_gen.config.smaller import CompressConfig, ExportConfig, Weights
from prompt_gen.config.train import TrainConfig
from prompt_gen.config.tune import TuneConfig
from prompt_gen.config.vocab import VocabConfig

__all__ = [
    "CompressConfig",
    "CorpusConfig",
    "EngineConfig",
    "EvaluateConfig",
    "ExportConfig",
    "FeedbackConfig",
    "MemoryConfig",
    "ModelConfig",
    "PersonalConfig",
    "Section",
    "ServeConfig",
    "TrainConfig",
    "TuneConfig",
    "VocabConfig",
    "Weights",
    "is_loopback",
    "setting_error",
    "validated",
]
