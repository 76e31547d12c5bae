"""The command line: one file a verb, each imported only when it is called.

A verb's module defines `EXAMPLE`, shown below its help, and `run`, whose parameters are the
verb's arguments. Exit status: 0 done, 1 the answer is no, 2 bad usage or input.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from spinemsca._version import __version__
from spinemsca.errors import SpineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]

_VERBS: Final = {
    "download": "Download the dataset, or any release, and check every byte.",
    "verify": "Judge a release by every rule that a careful curator knows.",
    "info": "Print a release's composition table and statistics.",
    "show": "Draw a case or a release: image, labels and legend.",
    "synth": "Make a release of synthetic cases.",
    "build": "Make a release from a folder of images and label maps.",
    "pack": "Pack a release into split archives with checksums.",
    "train": "Train a network on releases.",
    "predict": "Segment lumbar MR slices and volumes.",
    "evaluate": "Score predictions against the truth.",
    "leaderboard": "Compare models on the same cases, with intervals and costs.",
    "measure": "Measure vertebrae, discs and alignment in label maps.",
    "relabel": "Rename levels in label maps by hand.",
    "report": "Write a page of measurements for each case, and one of all.",
    "demo": "Make, pack, download, verify, load and show a small release.",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits.

    Args:
        arguments: Without the program's name; `sys.argv` where not given.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _app(given[0] if given else "")(args=given, prog_name="spine-msca")
    except SpineError as error:
        sys.stderr.write(f"spine-msca: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"spine-msca: {where}{error.strerror or error}\n")
        sys.exit(2)


def _app(called: str) -> typer.Typer:
    app = typer.Typer(
        callback=_overview,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for verb, text in _VERBS.items():
        run, example = _load(verb) if verb == called else (_not_called, None)
        app.command(verb, help=text, epilog=example)(run)
    return app


def _load(verb: str) -> tuple[Callable[..., Any], str]:
    module = import_module(f"spinemsca.cli.{verb}")
    return module.run, f"Example: {module.EXAMPLE}"


def _not_called() -> None:
    """Stands in for the verbs that are listed but not called."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _overview(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Lumbar MR images into labelled, scored and measured spines. For research use only."""
