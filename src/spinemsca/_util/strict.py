"""The one base of all schemas: what a file or a caller says is checked, and then stays as it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Strict"]


class Strict(BaseModel):
    """A schema that allows no unknown field, no change afterwards, and neither infinity nor NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
