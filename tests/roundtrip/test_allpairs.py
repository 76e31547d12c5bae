from __future__ import annotations

from itertools import combinations

from tests.roundtrip.allpairs import all_pairs, whole

FACTORS = {"a": (1, 2, 3), "b": "xyz", "c": (True, False), "d": (0, 1, 2, 3)}


def _allowed(made) -> bool:
    return not (made.get("a") == 1 and made.get("b") == "y")


def _pairs(combination):
    return set(combinations(combination.items(), 2))


def test_every_pair_that_can_be_is_held_by_few_combinations():
    chosen = all_pairs(FACTORS, _allowed)
    everything = list(whole(FACTORS, _allowed))
    assert set().union(*map(_pairs, chosen)) == set().union(*map(_pairs, everything))
    assert all(map(_allowed, chosen))
    assert 12 <= len(chosen) <= 16 < len(everything) == 64


def test_the_same_every_time():
    assert all_pairs(FACTORS, _allowed) == all_pairs(FACTORS, _allowed)


def test_dead_ends_are_left():
    """The last factor may rule out what looked well at the first."""
    chosen = all_pairs({"a": (1, 2), "b": (1, 2), "c": (1, 2)}, lambda m: len({*m.values()}) < 3
                       and not (len(m) == 3 and m["a"] == m["b"]))  # fmt: skip
    assert {(m["a"], m["b"]) for m in chosen} == {(1, 2), (2, 1)}
