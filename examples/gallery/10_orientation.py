"""
One patient in four files
=========================

A sagittal slice can lie in a file in eight ways. Axis codes say how, as in nibabel: one letter an
axis, the side of the patient to which the index grows. The numbers are the same from each.
"""

# %%
# ``IP`` is a picture that lies right: rows run to the feet, columns to the back. The others are
# the same case as other files would hold it.
import matplotlib.pyplot as plt

import spinemsca as sm
from spinemsca.io import Orientation

case = sm.phantom(seed=4, index=1)
files = {
    "IP": "lies right",
    "IA": "its mirror image",
    "SA": "turned by 180°",
    "PI": "rows and columns exchanged",
}


def as_in_file(codes: str) -> tuple:
    """Image, label map and spacing of a file whose rows and columns run as the codes say."""
    way = Orientation.parse(codes)
    image, label = (way.undo(array[None])[..., 0] for array in (case.image, case.label))
    own = {axis: case.spacing[k] for k, axis in enumerate(way.order[1:])}
    return image, label, (own[0], own[1])


# %%
# ``measure`` is told how the file lies, by its header, by the record that ``predict`` wrote, or by
# ``orientation``.
figure, axes = plt.subplots(1, 4, figsize=(12, 4), layout="constrained")
for panel, (codes, title) in zip(axes, files.items(), strict=True):
    image, label, spacing = as_in_file(codes)
    found = sm.measure(label, spacing=spacing, orientation=codes)
    lordosis, height = found.get("lordosis_l1_s1"), found.get("disc_height_dabbs", "D3")
    panel.imshow(sm.overlay(image, label))
    panel.set_title(f"{codes}: {title}", fontsize=10)
    panel.set_xlabel(f"lordosis {lordosis.value:.2f}°\nD3 height {height.value:.2f} mm")
    panel.set_xticks([])
    panel.set_yticks([])
