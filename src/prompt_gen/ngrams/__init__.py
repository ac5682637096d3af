"""Counts of n-grams of token ids, as a model of text that needs no training."""

from prompt_gen.ngrams.kneser_ney import START, KneserNey, State, build, discounts_by, load

__all__ = ["START", "KneserNey", "State", "build", "discounts_by", "load"]
