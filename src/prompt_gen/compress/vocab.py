"""A smaller vocabulary: rows of the embeddings and of the head go, and the text is read anew."""

from prompt_gen import corpus, shards, vocab
from prompt_gen.compress import learning
from prompt_gen.compress.work import Made, Work
from prompt_gen.errors import SettingError
from prompt_gen.model import pretrained
from prompt_gen.run import fingerprint
from prompt_gen.vocab import smaller

NEEDS_TEXT = True


def make(work: Work) -> Made:
    """The network with the rows of the `compress.vocab_size` entries that are missed most.

    Which those are: see `vocab.smaller`.

    Raises:
        SettingError: no size, or one that cannot be.
    """
    source = work.source.made
    if work.how.vocab_size is None:
        raise SettingError(
            "a smaller vocabulary needs a size: compress.vocab_size is not given",
            f"There are {source.tokenizer.size:,} entries; --set compress.vocab_size=4096",
        )
    tokenizer, rows = smaller.cut(source.tokenizer, work.how.vocab_size)
    vocab.keep(tokenizer, work.run, fingerprint("cut", tokenizer.hash), {"kind": "cut"})
    text = shards.write(corpus.load(work.run), tokenizer, work.run, work.watch)
    network = learning.network_of(source, learning.context_of(source))
    pretrained.take_rows(network, rows, (tokenizer.bos_id, tokenizer.eos_id))
    if not work.how.recover:
        return learning.as_it_is(work, network, tokenizer, text)
    return learning.learned(work, network, tokenizer, text, None, continued=True)
