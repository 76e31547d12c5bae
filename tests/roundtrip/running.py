"""Calling verbs in this process, on files of known patients, with a model that knows them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spinemsca import segment
from spinemsca.cli import main
from tests.roundtrip.formats import PICTURES, Lie, write_image, write_patients_release
from tests.roundtrip.knowing import Knowing
from tests.roundtrip.names import KEPT, NAMES, is_safe
from tests.roundtrip.patients import SHOWN, Numbers, numbers


@cache
def knowing() -> Knowing:
    return Knowing()


@contextlib.contextmanager
def known_model(model: Knowing | None = None) -> Iterator[None]:
    """While it lasts, `predict` uses the model that knows the patients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "load_model", lambda *_, **__: model or knowing())
        yield


@dataclass(frozen=True)
class Told:
    """What a verb said."""

    status: int
    out: str
    err: str


def call(*arguments: object, status: int = 0) -> Told:
    """Calls the command line and checks its exit status."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    told = Told(code, out.getvalue(), err.getvalue())
    assert code == status, f"{arguments[0]}: exit status {code}, {told.err}"
    return told


@dataclass(frozen=True)
class Run:
    """One way through a chain.

    Attributes:
        top: An empty folder.
        lie: Of the files.
        name: Kind of name, of `NAMES`.
    """

    top: Path
    lie: Lie
    name: str

    @property
    def stems(self) -> tuple[str, ...]:
        return NAMES[self.name]

    @property
    def out(self) -> Path:
        return self.top / "out"

    @property
    def scans(self) -> Path:
        return self.top / "scans"

    def write(self) -> dict[str, str]:
        """Writes the images; patient by the file's path as the ledger shows it."""
        if self.lie.fmt == "release":
            write_patients_release(self.scans, self.lie, self.stems)
            folders = [self.scans / "Test" / stem for stem in self.stems]
            return {printed(f / "img.pt"): n for f, n in zip(folders, "ab", strict=False)}
        paths = [
            write_image(self.scans, stem, self.lie, n)
            for stem, n in zip(self.stems, "ab", strict=False)
        ]
        return {printed(path): n for path, n in zip(paths, "ab", strict=False)}

    def predict(self, *options: object) -> dict[str, str]:
        """Predicts what was written; patient by the result's name."""
        owners = self.write()
        call("predict", self.scans, "--out", self.out, "--workers", 1, *options)
        names = self.names(owners)
        if self.name in KEPT or self.lie.fmt == "release":
            assert sorted(names) == sorted(self.stems)
        return names

    def names(self, owners: dict[str, str]) -> dict[str, str]:
        """Patient by result, as the ledger tells, each segmented and safely named."""
        rows = ledger(self.out)
        assert len(rows) >= len(owners)
        found = {row["name"]: owners[row["file"]] for row in rows if row["file"] in owners}
        assert all(row["status"] == "segmented" for row in rows)
        assert sorted(found.values()) == sorted(owners.values())
        assert all(is_safe(name) for name in found)
        assert len({name.casefold() for name in found}) == len(found)
        return found

    @property
    def told(self) -> list[object]:
        """Options of `measure` that say what files of this kind cannot."""
        lie, said = self.lie, []
        if lie.known and not lie.stated:
            said += ["--spacing", *lie.spacing_of_file]
        if lie.fmt in PICTURES and lie.codes[0] in "PA":
            said += ["--orientation", lie.codes]
        return said

    def expected(self, name: str, index: int = SHOWN, names: str = "", **changes: Any) -> Numbers:
        """A patient's numbers."""
        lie = self.lie
        known = {"known": lie.known, "tilt": lie.tilt} | changes
        return numbers(name, lie.grid, index, names=names, **known)


def printed(path: Path) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")


def ledger(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_numbers(measured: list[dict[str, Any]]) -> dict[tuple[str, int | None], Numbers]:
    """Numbers by case and slice."""
    return {
        (case["case"], case["slice"]): {
            (m["structure"], m["measure"]): m["value"] for m in case["measures"]
        }
        for case in measured
    }


def measured(*arguments: object, status: int = 0) -> dict[str, Numbers]:
    """Numbers by case."""
    told = json.loads(call("measure", *arguments, "--json", status=status).out)
    found = read_numbers(told)
    assert len(found) == len({case for case, _ in found})
    return {case: values for (case, _), values in found.items()}
