"""
Make a phantom
==============

A phantom is a synthetic case whose anatomy is known: a spine drawn from published ranges, tissue
signal from T1, T2 and proton density, and a scanner with noise, coil shading and ghosts.
"""

# %%
# The same seed and index give the same case, whatever was made before it.
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

import spinemsca as sm
from spinemsca.phantom import draw_parameters, render

case = sm.phantom(seed=1, index=3)
assert np.array_equal(case.image, sm.phantom(1, 3).image)
print(case.name, case.shape, f"{case.spacing.row:.2f} x {case.spacing.column:.2f} mm", case.sex)

# %%
# Every parameter can be read and changed: here the Pfirrmann grade of all discs.
drawn = draw_parameters(seed=1, index=3)


def with_grade(grade: int) -> sm.Case:
    """The same patient with all discs of one grade."""
    discs = tuple(replace(disc, grade=grade) for disc in drawn.shape.discs)
    return render(replace(drawn, shape=replace(drawn.shape, discs=discs)), name=f"grade {grade}")


shown = [with_grade(grade) for grade in (1, 3, 5)]
shown.append(sm.phantom(1, 3, contrast="t1", name="T1 contrast"))
figure, axes = plt.subplots(1, 4, figsize=(11, 3.2), layout="constrained")
for one, panel in zip(shown, axes, strict=True):
    panel.imshow(one.image, cmap="gray", vmax=np.percentile(one.image, 99.5))
    panel.set_title(one.name, fontsize=10)
    panel.axis("off")

# %%
# ``provenance`` holds the parameters and the true landmarks, so that measures can be judged.
print(*sorted(case.provenance))
