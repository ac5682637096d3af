"""The grammar that wrote the bundled demo corpus of prompt-gen.

``health_lines`` and ``helpdesk_lines`` give the lines of the two files, always the same ones in
the same order; ``python -m tools.bundled_corpus`` writes them.
"""

from __future__ import annotations

from .health import health_lines
from .helpdesk import helpdesk_lines

__all__ = ["health_lines", "helpdesk_lines"]
