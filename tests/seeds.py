"""Seeds of random tests: known ones beside fresh ones, which are drawn when the test runs.

Test processes that share the work must collect the same tests: a seed drawn for the list of tests would differ.
"""

from __future__ import annotations

import random

__all__ = ["FRESH", "drawn"]

FRESH = "fresh"


def drawn(seed: int | str) -> int:
    """The seed, or a new one for FRESH; printed, so that what fails can be had again."""
    found = random.SystemRandom().randrange(10**6) if seed == FRESH else int(seed)
    print(f"seed {found}")
    return found
