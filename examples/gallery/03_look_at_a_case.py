"""
Look at a case
==============

What a case holds, how its structures are named, and how to draw it.
"""

# %%
# A :class:`~spinemsca.case.Case` is an image, its label map and what is known of them. Spacing is
# in mm, or ``None`` where nobody knows it; it is never guessed.
import matplotlib.pyplot as plt

import spinemsca as sm
from spinemsca.anatomy import COLUMN
from spinemsca.draw import case_figure

case = sm.phantom(seed=2, index=5)
print(case.name, case.shape, case.sex, case.spacing)

# %%
# :data:`~spinemsca.anatomy.COLUMN` lists the eleven structures from top to bottom.
pixel = case.spacing.row * case.spacing.column
for structure in COLUMN:
    area = int((case.label == structure.value).sum()) * pixel
    print(f"{structure.value:2d}  {structure.name}  {area:6.0f} mm²  {structure.description}")

# %%
# ``case_figure`` draws it with a legend; vertebrae are plain and dark, discs hatched and light.
case_figure(case)

# %%
# ``overlay`` gives the bare picture, to be set into a figure of your own.
rows, columns = case.label.nonzero()
figure, panel = plt.subplots(figsize=(4, 5), layout="constrained")
panel.imshow(sm.overlay(case.image, case.label, opacity=0.35))
panel.set_xlim(columns.min() - 20, columns.max() + 20)
panel.set_ylim(rows.max() + 20, rows.min() - 20)
panel.axis("off")
