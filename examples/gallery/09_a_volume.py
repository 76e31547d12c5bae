"""
Predict and measure a volume
============================

A sagittal series as NIfTI: every slice is segmented, the slice through the middle of the spinal
canal is chosen, and that one is measured. For research use only.
"""

# %%
# A volume as ``dcm2niix`` writes it, axes ``RAS``. Its outer slices are noise, as though they lay
# beside the spine.
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel
import numpy as np

import spinemsca as sm
from spinemsca.phantom import draw_parameters, render
from spinemsca.segment.inference.volume import predict_volume

drawn = draw_parameters(seed=12, index=0)
scans = [replace(drawn, scanner=replace(drawn.scanner, seed=seed)) for seed in range(3)]
middle = [render(scan, name="slice").image for scan in scans]
noise = np.random.default_rng(0).rayleigh(0.1, size=(2, 512, 512))
pixels = np.stack([noise[0], *middle, noise[1]])
spacing = render(drawn, name="slice").spacing
affine = np.diag([4.0, spacing.column, spacing.row, 1.0])
path = Path(tempfile.mkdtemp()) / "t2.nii.gz"
grid = np.rint(1000 * pixels.transpose(0, 2, 1)[:, ::-1, ::-1]).astype(np.int16)
nibabel.save(nibabel.Nifti1Image(grid, affine), path)

# %%
# Readers bring slices upright by the file's header; nothing is resampled.
volume = sm.read_volume(path)
print(volume.pixels.shape, volume.grid.codes, volume.spacing)

# %%
# Levels are made to agree over the slices. The choice comes with its certainty and its reason.
found = predict_volume(sm.load_model(), volume)
print(
    f"slice {found.shown} of {len(found.slices)}, certainty {found.certainty:.2f}: {found.reason}"
)
print(found.numbering)

# %%
# All slices, and the measures of the chosen one.
figure, axes = plt.subplots(1, 5, figsize=(12, 2.8), layout="constrained")
for index, panel in enumerate(axes):
    panel.imshow(sm.overlay(volume.pixels[index].astype(np.float32), found.labels[index]))
    panel.set_title(f"slice {index}" + (", measured" if index == found.shown else ""), fontsize=9)
    panel.axis("off")
measured = sm.measure(found.best, image=volume.pixels[found.shown], spacing=volume.spacing)
for name in ("lordosis_l1_s1", "sacral_slope", "lumbar_length"):
    result = measured.get(name)
    print(f"{name}: {result.value:.1f} ± {result.error:.1f}")
