"""Why a candidate is shown: the tree behind the caret as text, as data and as a picture."""

from prompt_gen.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
