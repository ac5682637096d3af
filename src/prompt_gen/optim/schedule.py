"""The learning rate over a run: warm up, hold, fall linearly."""


def rate(step: int, share: float, warmup_steps: int, decay: float, floor: float) -> float:
    """The share of the peak learning rate at `step` (0 is the first update).

    `share` is how much of the run is over, from 0 to 1; the last `decay` of it falls to `floor`.
    Holding and then falling beats a fall from the start, and the end need not be known before.
    Source: Hu et al. 2024 (MiniCPM), warm-up, stable, decay.
    """
    up = min(1.0, (step + 1) / max(1, warmup_steps))
    if share <= 1 - decay:
        return up
    return up * min(1.0, floor + (1 - floor) * max(0.0, 1 - share) / decay)
