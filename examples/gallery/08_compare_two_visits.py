"""
Measure and compare visits
==========================

Landmarks and morphometry with standard errors, and whether a disc has lost height between two
visits or the difference is measuring error. For research use only.
"""

# %%
# One synthetic patient twice: at the second visit the disc L4/L5 has lost 3 mm of height, and the
# scanner's noise is another.
from dataclasses import replace

import matplotlib.pyplot as plt

import spinemsca as sm
from spinemsca.measure import detect_changes
from spinemsca.phantom import draw_parameters, render

first = draw_parameters(seed=11, index=1)
names = [vertebra.name for vertebra in first.shape.vertebrae]
place = names.index("L4")
discs = list(first.shape.discs)
discs[place] = replace(discs[place], height=discs[place].height - 3)
second = replace(
    first,
    shape=replace(first.shape, discs=tuple(discs)),
    scanner=replace(first.scanner, seed=first.scanner.seed + 1),
)
visits = [render(first, name="first visit"), render(second, name="second visit")]

# %%
# Both are segmented and measured; anything with a label map and a spacing can be.
model = sm.load_model()
found = [model.predict(visit.image, visit.spacing) for visit in visits]
before, after = (
    sm.measure(seg, image=visit.image, name=visit.name)
    for seg, visit in zip(found, visits, strict=True)
)
for name in ("disc_height_middle", "disc_height_index", "disc_area"):
    result = before.get(name, "D4")
    print(f"{name}: {result.value:.2f} ± {result.error:.2f}")

# %%
# ``compare`` gives every change beside the smallest that measuring error alone would not explain.
# Standard errors speak of an outline, not of a network that outlines another picture otherwise: a
# change just above the detectable one needs a look.
changes = [
    c for c in detect_changes(before, after) if c.before.definition.name == "disc_height_middle"
]
for change in changes:
    said = "changed" if change.detected else "within error"
    level = change.before.structure
    print(f"{level}: {change.change:+.2f} mm, detectable {change.detectable:.2f}: {said}")

# %%
# The two slices and the changes of disc height.
figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained", width_ratios=(1, 1, 1.2))
for panel, visit, seg in zip(axes, visits, found, strict=False):
    panel.imshow(sm.overlay(visit.image, seg.label))
    panel.set_title(visit.name, fontsize=10)
    panel.axis("off")
levels = [change.before.structure for change in changes]
axes[2].bar(levels, [c.change for c in changes], yerr=[c.detectable for c in changes], capsize=4)
axes[2].axhline(0, color="black", linewidth=0.8)
axes[2].set_ylabel("change of disc height, mm")
