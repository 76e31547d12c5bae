"""Combinations of factors' levels: enough of them that every two levels meet, and all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

Combination = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]


def all_pairs(
    factors: Mapping[str, Sequence[Any]], allowed: Callable[[Combination], bool]
) -> list[Combination]:
    """Few combinations that hold every pair of levels which some allowed combination holds.

    Greedy and deterministic: each combination starts from the first pair that none has held yet,
    then takes for each other factor, from the left, the level that adds most new pairs, and of
    several the one used least.

    Args:
        factors: Levels by factor.
        allowed: Whether a combination is one, asked of partial ones too: it must answer yes
            where something that is missing decides.
    """
    waiting = dict.fromkeys(_pairs(factors))
    used = dict.fromkeys(((f, v) for f, levels in factors.items() for v in levels), 0)
    chosen = []
    while waiting:
        start = next(iter(waiting))
        made = _completed(dict(start), factors, allowed, waiting, used)
        if made is None:
            del waiting[start]
            continue
        chosen.append(made)
        for pair in combinations(made.items(), 2):
            waiting.pop(pair, None)
        for item in made.items():
            used[item] += 1
    return chosen


def whole(
    factors: Mapping[str, Sequence[Any]], allowed: Callable[[Combination], bool]
) -> Iterator[Combination]:
    """The product of all levels, as far as it is allowed."""
    for values in product(*factors.values()):
        made = dict(zip(factors, values, strict=True))
        if allowed(made):
            yield made


def _pairs(factors: Mapping[str, Sequence[Any]]) -> Iterator[Pair]:
    for one, other in combinations(factors, 2):
        for a, b in product(factors[one], factors[other]):
            yield (one, a), (other, b)


def _completed(
    made: Combination,
    factors: Mapping[str, Sequence[Any]],
    allowed: Callable[[Combination], bool],
    waiting: Mapping[Pair, None],
    used: Mapping[tuple[str, Any], int],
) -> Combination | None:
    if not allowed(made):
        return None
    missing = next((f for f in factors if f not in made), None)
    if missing is None:
        return {f: made[f] for f in factors}
    order = list(factors)

    def worth(level: Any) -> tuple[int, int]:
        new = sum(_ordered((missing, level), item, order) in waiting for item in made.items())
        return -new, used[missing, level]

    for level in sorted(factors[missing], key=worth):
        found = _completed(made | {missing: level}, factors, allowed, waiting, used)
        if found is not None:
            return found
    return None


def _ordered(one: tuple[str, Any], other: tuple[str, Any], order: list[str]) -> Pair:
    return (one, other) if order.index(one[0]) < order.index(other[0]) else (other, one)
