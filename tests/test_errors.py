from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from spinemsca import errors
from spinemsca._util.optional_packages import optional


def test_message_says_what_where_and_remedy():
    error = errors.CaseError("is torn", where=Path("a.pt"), remedy="Mend it")
    assert str(error) == "a.pt: is torn. Mend it"
    assert str(errors.SpineError("is torn")) == "is torn"


def test_advice_is_the_message_without_the_place():
    error = errors.FileFormatError("is torn", where=Path("secret/a.pt"), remedy="Mend it")
    assert error.advice == "is torn. Mend it"
    assert str(error) == f"{error.where}: {error.advice}"
    assert errors.SpineError("is torn", where="a").advice == "is torn"
    assert pickle.loads(pickle.dumps(error)).advice == error.advice


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n != "SpineError"])
def test_one_tree_that_survives_pickling(name):
    kind = getattr(errors, name)
    assert issubclass(kind, errors.SpineError)
    error = pickle.loads(pickle.dumps(kind("is torn", where="a", remedy="Mend it")))
    assert type(error) is kind
    assert (error.what, error.where, error.remedy) == ("is torn", "a", "Mend it")


def test_missing_package_names_the_install_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(errors.MissingDependencyError, match=r"pip install spine-msca\[plot\]"):
        optional("matplotlib")
    with pytest.raises(errors.MissingDependencyError, match=r"pip install nowhere$"):
        optional("nowhere.at_all")
    assert optional("json").loads("1") == 1
