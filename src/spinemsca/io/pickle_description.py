"""What a pickle describes, read without unpickling: nothing is imported, nothing is called."""

from __future__ import annotations

import io
import pickletools
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Instruction", "describe_pickle", "read_instructions"]

Instruction: TypeAlias = tuple[str, Any]

# Instructions of pickle protocol 2, which torch.save writes (Lib/pickletools.py).
_VALUES: Final = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "GLOBAL"})
# Opcodes of Python's pickletools by what they do.
_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_MARKED: Final = frozenset(
    {"MARK", "EMPTY_DICT", "TUPLE", "SETITEM", "SETITEMS", "PROTO", "BINPERSID", "STOP"}
)
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
# Characters; longer ones hold numbers, and to decode them as text takes longer than all else.
_LONG: Final = 4096
_MARK: Final = object()


class _Skipped(bytes):
    """Stands for bytes that nobody reads: as long as they are, but empty."""

    def __new__(cls, size: int) -> Self:
        skipped = super().__new__(cls)
        skipped.size = size
        return skipped

    size: int

    def __len__(self) -> int:
        return self.size


class _Skimmed(io.BytesIO):
    """A file whose long pieces are skipped, as new memory for them costs more than all else."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size <= _LONG:
            return super().read(size)
        start, end = self.tell(), self.seek(0, io.SEEK_END)
        return _Skipped(self.seek(min(start + size, end)) - start)


def read_instructions(pickled: bytes) -> Iterator[Instruction]:
    """Names and arguments of a pickle's instructions; long text as a view of its UTF-8.

    Raises:
        ValueError: If it is no pickle.
    """
    for operation, argument, position in pickletools.genops(_Skimmed(pickled)):
        # After the instruction's byte come four of the length.
        start = (position or 0) + 5
        length = int.from_bytes(pickled[start - 4 : start], "little")
        if operation.name == "BINUNICODE" and length > _LONG:
            yield operation.name, memoryview(pickled)[start : start + length]
        else:
            yield operation.name, argument


def describe_pickle(instructions: Iterable[Instruction]) -> Any:
    """What a pickle would build, as tuples; nothing is imported or called.

    Args:
        instructions: From `read_instructions`.

    Returns:
        Numbers, strings, tuples and dicts as they are; a global as its name; a call as
        `(function, arguments)`; an object with a state as `(object, state)`. `None` where the
        pickle does anything else.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for name, argument in instructions:
            if not _step(name, argument, stack, memo):
                return None
        return stack[0] if len(stack) == 1 else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> bool:
    """Carries out one instruction; whether it is one of those known."""
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in {"BINPUT", "LONG_BINPUT"}:
        memo[argument] = stack[-1]
    elif name in {"BINGET", "LONG_BINGET"}:
        stack.append(memo[argument])
    elif name in {"REDUCE", "BUILD", *_TUPLES}:
        stack.append(_taken(stack, _TUPLES.get(name, 2)))
    else:
        return _marked(name, stack)
    return True


def _marked(name: str, stack: list[Any]) -> bool:
    """Carries out an instruction that works on a mark or on a dict."""
    if name == "MARK":
        stack.append(_MARK)
    elif name == "EMPTY_DICT":
        stack.append({})
    elif name == "TUPLE":
        stack.append(_to_mark(stack))
    elif name in {"SETITEM", "SETITEMS"}:
        pairs = _taken(stack, 2) if name == "SETITEM" else _to_mark(stack)
        # Only strings are keys, as the hash of nested tuples could take for ever.
        stack[-1].update((str.__str__(k), v) for k, v in zip(pairs[::2], pairs[1::2], strict=True))
    return name in _MARKED


def _taken(stack: list[Any], count: int) -> tuple[Any, ...]:
    taken = tuple(stack[-count:])
    if len(taken) < count:
        raise IndexError
    del stack[-count:]
    return taken


def _to_mark(stack: list[Any]) -> tuple[Any, ...]:
    count = 0
    while stack[-1 - count] is not _MARK:
        count += 1
    return _taken(stack, count + 1)[1:]
