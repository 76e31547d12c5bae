"""Parameters to JSON and back, exactly."""

from __future__ import annotations

import types
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from spinemsca.errors import UsageError
from spinemsca.phantom.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_record", "to_record"]


def to_record(parameters: Parameters) -> dict[str, Any]:
    """Parameters as JSON-serialisable dictionaries and lists."""
    return asdict(parameters)


def from_record(record: Mapping[str, Any]) -> Parameters:
    """Parameters from what `to_record` made, before or after JSON.

    Raises:
        UsageError: If the record does not hold a phantom's parameters.
    """
    try:
        parameters: Parameters = _build(Parameters, record)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"record holds no phantom's parameters ({error})",
            remedy="Use one that was written with the case, by the same version",
        ) from None
    return parameters


def _build(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _build(get_args(kind)[0], value)
    if origin is tuple:
        inner = get_args(kind)
        kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_build(k, v) for k, v in zip(kinds, value, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{f.name: _build(hints[f.name], value[f.name]) for f in fields(kind)})
    return kind(value)
