"""Where trouble sits: two conditions on the columns that hold most of the troubled rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Batch, column_kind
from mlops_lab.evaluation.profile import to_float
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.reservoir import smallest

__all__ = ["Drawn", "Region", "describe_region"]

KEPT = 1500  # rows of each kind: enough for two cuts, and small beside any batch
MOST_LEVELS = 30


@dataclass(frozen=True)
class Drawn:
    """A uniform draw of rows that is the same for any split into batches: those with the smallest random numbers.

    Parameters
    ----------
    priority : ndarray of float, shape (kept,)
        Random number of each row, smallest first.
    rows : DataFrame of shape (kept, columns)
        The rows.
    seen : int
        Rows that they were drawn from.
    """

    priority: np.ndarray = field(default_factory=lambda: np.empty(0))
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    seen: int = 0

    @classmethod
    def of(cls, batch: Batch, chosen: np.ndarray, rng: RowRandom) -> Drawn:
        """Draw from some rows of a batch.

        Parameters
        ----------
        batch : Batch
            The rows.
        chosen : ndarray of bool, shape (rows,)
            Which of them may be drawn.
        rng : RowRandom
            One number a row.

        Returns
        -------
        Drawn
            At most 1,500 rows.
        """
        places = np.flatnonzero(chosen)
        priority = rng.random()[places]
        kept = smallest(priority, KEPT)
        return cls(priority[kept], batch.frame.take(places[kept]), len(places))

    def __add__(self, other: Drawn) -> Drawn:
        if not self.seen or not other.seen:
            return self if self.seen else other
        priority = np.concatenate([self.priority, other.priority])
        kept = smallest(priority, KEPT)
        return Drawn(priority[kept], pd.concat([self.rows, other.rows]).take(kept), self.seen + other.seen)


@dataclass(frozen=True)
class Region:
    """Two conditions that hold for many of the troubled rows and for few of the others.

    Parameters
    ----------
    text : str
        The conditions, such as ``"age > 61 and hours <= 20"``.
    share_of_troubled, share_of_others : float
        Share of the troubled rows, and of the others, that fulfil them.
    rows : int
        Rows that the shares were counted on.
    """

    text: str
    share_of_troubled: float
    share_of_others: float
    rows: int


def describe_region(troubled: Drawn, others: Drawn) -> Region | None:
    """Find the two conditions that tell the troubled rows best from the others.

    A decision tree of depth two on equally weighted classes; of its leaves, the one with the largest difference of
    shares.

    Parameters
    ----------
    troubled, others : Drawn
        Rows with and without trouble.

    Returns
    -------
    Region or None
        None where there are fewer than ten rows of a kind, or nothing tells them apart.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": np.arange(100), "job": ["cook", "nurse"] * 50})
    >>> batch, old = Batch(frame, np.zeros(100), 0), (frame["age"] > 79).to_numpy()
    >>> troubled, others = (Drawn.of(batch, rows, RowRandom(0, "demo", 0, 100)) for rows in (old, ~old))
    >>> describe_region(troubled, others).text
    'age > 79.5'
    """
    if min(len(troubled.priority), len(others.priority)) < 10:
        return None
    from sklearn.tree import DecisionTreeClassifier

    frame = pd.concat([troubled.rows, others.rows])
    labels = np.repeat([1, 0], [len(troubled.priority), len(others.priority)])
    features, conditions = as_numbers(frame)
    if not conditions:
        return None
    tree = DecisionTreeClassifier(max_depth=2, min_samples_leaf=5, class_weight="balanced", random_state=0).fit(
        features, labels
    )
    leaves = tree.apply(features)
    shares = {
        leaf: ((leaves == leaf)[labels == 1].mean(), (leaves == leaf)[labels == 0].mean()) for leaf in np.unique(leaves)
    }
    best = max(shares, key=lambda leaf: shares[leaf][0] - shares[leaf][1])
    if best == 0 or shares[best][0] - shares[best][1] < 0.1:
        return None
    inside, outside = shares[best]
    return Region(" and ".join(path_to(tree.tree_, best, conditions)), float(inside), float(outside), len(frame))


def as_numbers(frame: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, object | None]]]:
    """Turn columns into features of a tree, numbers as they are and levels one by one, with what each stands for."""
    features: list[np.ndarray] = []
    conditions: list[tuple[str, object | None]] = []
    for name in frame.columns:
        kind = column_kind(frame[name].dtype)
        if kind in ("integer", "real"):
            values = to_float(frame[name])
            features.append(np.where(np.isfinite(values), values, np.nan))
            conditions.append((name, None))
        elif kind in ("text", "category", "boolean"):
            for level in frame[name].value_counts().index[:MOST_LEVELS]:
                features.append((frame[name] == level).to_numpy(dtype=bool, na_value=False).astype(float))
                conditions.append((name, level))
    return (np.column_stack(features) if features else np.empty((len(frame), 0))), conditions


def path_to(tree: object, leaf: int, conditions: list[tuple[str, object | None]]) -> list[str]:
    """Collect the conditions from a tree's root to a leaf."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    path: list[str] = []
    node = leaf
    while node != 0:
        above = int(np.flatnonzero((left == node) | (right == node))[0])
        name, level = conditions[tree.feature[above]]  # type: ignore[attr-defined]
        low_side = left[above] == node
        if level is None:
            path.append(f"{name} {'<=' if low_side else '>'} {tree.threshold[above]:.4g}")  # type: ignore[attr-defined]
        else:
            path.append(f"{name} {'is not' if low_side else 'is'} {level}")
        node = above
    return path[::-1]
