"""Pictures of scores: boxes by structure, agreement of areas, and the worst cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spinemsca._util import atomic_path, optional
from spinemsca.anatomy import COLUMN
from spinemsca.draw import overlay, windowed
from spinemsca.errors import MissingDependencyError
from spinemsca.score.case_score import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spinemsca.case import Image as Pixels
    from spinemsca.case import LabelMap
    from spinemsca.score.case_score import CaseScore
    from spinemsca.score.compare import Agreement

__all__ = [
    "box_plot",
    "difference_picture",
    "missing_plots",
    "plot_agreement",
    "worst_first",
    "worst_strip",
]

# Orange of Okabe and Ito's palette, which colour-blind readers tell apart.
_MISSED: Final = (230, 159, 0)
# Blue of Okabe and Ito's palette.
_INVENTED: Final = (0, 114, 178)
# Reddish purple of Okabe and Ito's palette.
_RENAMED: Final = (204, 121, 167)
# Dark blue of text; chosen by eye.
_INK: Final = (28, 36, 48)
# Pixels of the side of one picture in a strip; chosen by eye.
_TILE: Final = 300
# Pixels of a line of text; chosen by eye.
_LINE: Final = 24


def missing_plots() -> str:
    """Why there can be no plots and how to get them; empty where matplotlib is installed."""
    try:
        _pyplot()
    except MissingDependencyError as error:
        return f"Plots are left out: {error}"
    return ""


def box_plot(scores: Sequence[CaseScore], path: Path, unit: str) -> None:
    """Draws Dice and HD95 of each structure over the cases, from L1 to S1.

    Args:
        scores: Of all cases.
        path: PNG to write.
        unit: Of lengths, `px` or `mm`.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    plt = _pyplot()
    values = np.array([s.metrics for s in scores])
    shown = [s for s in COLUMN if not np.isnan(values[:, s.value - 1, METRICS.index("dice")]).all()]
    figure, axes = plt.subplots(2, 1, figsize=(8, 6.5), sharex=True, layout="constrained")
    for axis, metric, title in zip(axes, ("dice", "hd95"), ("Dice", f"HD95 ({unit})"), strict=True):
        columns = [values[:, s.value - 1, METRICS.index(metric)] for s in shown]
        boxes = axis.boxplot(
            [c[~np.isnan(c)] for c in columns] if columns else [[]],
            patch_artist=True,
            widths=0.6,
            flierprops={"marker": ".", "markersize": 5, "markeredgecolor": "#556070"},
            medianprops={"linewidth": 1.6},
        )
        for patch, structure in zip(boxes["boxes"], shown, strict=bool(shown)):
            patch.set(facecolor=[v / 255 for v in structure.colour], edgecolor="#1c2430")
        for line, structure in zip(boxes["medians"], shown, strict=bool(shown)):
            # Vertebrae are dark: a dark median could not be seen on them.
            line.set_color("#1c2430" if structure.is_disc else "#ffffff")
        axis.set_ylabel(title)
        axis.grid(axis="y", alpha=0.3)
    axes[0].set_title(f"{len(scores)} cases: median, quartiles, 1.5 quartile distances, outliers")
    axes[1].set_yscale("symlog", linthresh=1)
    axes[1].set_ylim(bottom=0)
    axes[1].set_xticks(range(1, len(shown) + 1), [s.name for s in shown])
    _save(figure, path)


def plot_agreement(agreement: Agreement, path: Path, what: str, unit: str) -> None:
    """Draws a Bland–Altman plot of areas or volumes.

    Args:
        agreement: From `bland_altman`.
        path: PNG to write.
        what: Is compared, `areas` or `volumes`.
        unit: Of these, such as `px²`.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axis.scatter(agreement.mean, agreement.difference, s=12, alpha=0.5, color="#0072b2")
    low, high = agreement.limits
    for value, text in ((agreement.bias, "bias"), (low, "−1.96 SD"), (high, "+1.96 SD")):
        axis.axhline(value, color="#1c2430", linestyle="-" if text == "bias" else "--", lw=1)
        axis.annotate(
            f"{text} {value:.0f}",
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axis.set_xlabel(f"Mean of both {what} ({unit})")
    axis.set_ylabel(f"Second minus first ({unit})")
    axis.set_title(f"{len(agreement.mean)} structures")
    _save(figure, path)


def worst_first(scores: Sequence[CaseScore], number: int) -> list[CaseScore]:
    """The cases with the lowest mean Dice over their structures, the worst first."""
    column = METRICS.index("dice")
    means = [
        float(np.nanmean(s.metrics[:, column])) if not np.isnan(s.metrics[:, column]).all() else 2.0
        for s in scores
    ]
    return [scores[i] for i in np.argsort(means, kind="stable")[:number]]


def worst_strip(image: Pixels | None, truth: LabelMap, found: LabelMap, title: str) -> Image.Image:
    """Image, truth, prediction and their difference beside each other.

    Args:
        image: `(H, W)` float32, or `None` for a black one.
        truth: `(H, W)` uint8.
        found: The same shape.
        title: Written above.
    """
    pixels = np.zeros(truth.shape, np.float32) if image is None else image
    panels = {
        "image": Image.fromarray(windowed(pixels)).convert("RGB"),
        "truth": overlay(pixels, truth),
        "prediction": overlay(pixels, found),
        "difference": difference_picture(pixels, truth, found),
    }
    width = round(_TILE * truth.shape[1] / truth.shape[0])
    strip = Image.new("RGB", (len(panels) * (width + 6), _TILE + 2 * _LINE), (255, 255, 255))
    pen, font = ImageDraw.Draw(strip), ImageFont.load_default(15)
    pen.text((4, 2), title, fill=_INK, font=font)
    for i, (name, panel) in enumerate(panels.items()):
        left = i * (width + 6)
        strip.paste(panel.resize((width, _TILE), Image.Resampling.LANCZOS), (left, _LINE))
        pen.text((left + 4, _TILE + _LINE + 2), _CAPTIONS.get(name, name), fill=_INK, font=font)
    return strip


# Words for the colours above.
_CAPTIONS: Final = {"difference": "orange missed, blue added, pink renamed"}


def difference_picture(image: Pixels, truth: LabelMap, found: LabelMap) -> Image.Image:
    """The image in grey; missed pixels orange, added ones blue, those of another level pink.

    Args:
        image: `(H, W)` float32.
        truth: `(H, W)` uint8.
        found: The same shape.
    """
    picture = np.repeat(windowed(image)[..., None], 3, axis=2)
    picture[(truth > 0) & (found == 0)] = _MISSED
    picture[(truth == 0) & (found > 0)] = _INVENTED
    picture[(truth > 0) & (found > 0) & (truth != found)] = _RENAMED
    return Image.fromarray(picture)


def _pyplot() -> Any:
    optional("matplotlib").use("Agg")
    return optional("matplotlib.pyplot")


def _save(figure: Any, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    figure.clear()
    optional("matplotlib.pyplot").close(figure)
