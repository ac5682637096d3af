"""A network beside its data: what every process of a training begins with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_gen.run import Run, Watch, fingerprint
from prompt_gen.settings import RunConfig
from prompt_gen.shards import ShardSet
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:  # torch would be loaded by what only serves or completes
    from transformers import PreTrainedModel

    from prompt_gen.model import Shape
    from prompt_gen.training import Forecast, Trained


@dataclass(frozen=True)
class Start:
    """All that training begins with, the same in every process."""

    run: Run
    config: RunConfig
    tokenizer: Tokenizer
    shards: ShardSet
    shape: "Shape"
    network: "PreTrainedModel"
    print_: str  # fingerprint of data and settings

    @classmethod
    def of(cls, run: Run, config: RunConfig, tokenizer: Tokenizer, shard_set: ShardSet) -> "Start":
        """A network of the right shape beside its data."""
        from prompt_gen import model, training

        device, n_tokens = training.choose_device(config.train), shard_set.train.n_tokens
        shape = model.choose_shape(config.model, config.train, device, n_tokens)
        network = model.begin(config.model, shape, tokenizer, shard_set.train, config.train.seed)
        if config.model.pretrained:
            training.choose_weights(network, config.tune, config.train.seed)
        sections = (section.model_dump() for section in (config.model, config.train, config.tune))
        print_ = fingerprint(shard_set.fingerprint, *sections)
        return cls(run, config, tokenizer, shard_set, shape, network, print_)

    def foresee(self, watch: Watch) -> "Forecast":
        """What the training will be like, beside what counting its text reaches."""
        from prompt_gen import model, training

        return training.foresee(
            self.network,
            self.shards,
            self.tokenizer,
            self.config.train,
            self.run.station("training"),
            watch,
            model.start(self.config.model, self.tokenizer, self.shards.train),
        )

    def fit(self, watch: Watch, *, resume: bool = False, force: bool = False) -> "Trained":
        """Shards to weights, by the recipe that the run was begun with.

        With `force` what was trained before is removed, but not before it is clear that this can be
        trained; the bundle stays until another takes its place.
        """
        from prompt_gen import training

        directory = self.run.station("training")
        with training.together():
            ahead = (resume and training.kept(directory, self.print_)) or self.foresee(watch)
            if force:
                self.run.forget("training")
            ahead.keep(directory, self.print_)
            config = self.config.train
            teach = training.of_text(self.shards, self.tokenizer, config, ahead.recipe)
            return training.fit(
                self.network,
                teach,
                config,
                ahead.recipe,
                directory,
                self.print_,
                watch,
                resume,
                training.scales(self.network, self.config.tune),
            )
