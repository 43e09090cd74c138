"""Long series made short enough for a picture, without losing a spike.

A curve of 35,000 hours is drawn on a thousand pixels. Every so-manieth point would miss the very
hour in which a token died; so of each stretch the lowest and the highest point stay.
"""

from __future__ import annotations

import numpy as np

from steelyard.replay.path import Floats, Ints


def thin(values: Floats, stretches: int) -> Ints:
    """Return which points to draw: of each stretch the lowest and the highest, and both ends.

    What is not finite is neither; the first of it in a stretch stays, so that a curve still breaks.

    Args:
        values: float64, shape (n,).
        stretches: How many, of equal length; at least 1.

    Returns:
        Indices, int64, ascending, at most 3 for each stretch and 2; all n where they are not more.

    >>> thin(np.array([1.0, 5.0, 2.0, 2.0, 0.0, 3.0, 3.0, 3.0]), 2).tolist()
    [0, 1, 4, 5, 7]
    """
    count = len(values)
    if count <= 2 * stretches:
        return np.arange(count)
    kept = {0, count - 1}
    edges = np.linspace(0, count, stretches + 1).astype(np.int64)
    known = np.isfinite(values)
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        stretch, is_known = values[start:end], known[start:end]
        if is_known.all():
            kept.update((start + int(stretch.argmin()), start + int(stretch.argmax())))
            continue
        kept.add(start + int(is_known.argmin()))
        if is_known.any():
            kept.add(start + int(np.where(is_known, stretch, np.inf).argmin()))
            kept.add(start + int(np.where(is_known, stretch, -np.inf).argmax()))
    return np.array(sorted(kept), dtype=np.int64)


def union(*indices: Ints) -> Ints:
    """Return all points that any of several series keeps.

    Args:
        indices: Of each, int64.

    >>> union(np.array([0, 2]), np.array([1, 2])).tolist()
    [0, 1, 2]
    """
    return np.unique(np.concatenate(indices))
