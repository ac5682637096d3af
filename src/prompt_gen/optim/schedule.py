"""The learning rate over a run: warm up, hold, fall linearly."""


def rate(step: int, warmup_steps: int, decay_start: int, n_steps: int, floor: float) -> float:
    """The share of the peak learning rate at `step` (0 is the first update).

    Holding and then falling beat a fall from the start, and it lets the end of a run be set when
    half of it is over. Source: Hu et al. 2024 (MiniCPM), warm-up, stable, decay.
    """
    up = min(1.0, (step + 1) / max(1, warmup_steps))
    if step < decay_start:
        return up
    left = (n_steps - step) / max(1, n_steps - decay_start)
    return up * (floor + (1 - floor) * max(0.0, left))
