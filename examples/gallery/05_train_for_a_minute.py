"""
Train for a minute
==================

The training loop on a handful of phantoms: a small network at low resolution, less than a minute of
one CPU core. ``make weights`` shows how the shipped weights were made.
"""

# %%
# Twelve cases, of which nine are learnt from and two choose the best weights.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

from spinemsca.draw import overlay
from spinemsca.phantom import phantom
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.release.synthetic import synthesise
from spinemsca.segment.inference.model import Model
from spinemsca.segment.networks.column import NetworkConfig
from spinemsca.segment.runtime.weights import Weights
from spinemsca.segment.training.checkpoint import export_checkpoint
from spinemsca.segment.training.config import TrainingConfig
from spinemsca.segment.training.data import load_examples
from spinemsca.segment.training.train import train

folder = Path(tempfile.mkdtemp())
synthesise(folder / "phantoms", 12, seed=5, size=256)
release = Release.open(folder / "phantoms")
training = load_examples(release, Split.TRAIN)
validation = load_examples(release, Split.VAL)

# %%
# Everything has a default; here the network is a small one of the same design. From a file:
# ``spine-msca train phantoms --config examples/train/minute.toml --out run``.
config = TrainingConfig(
    network=NetworkConfig(widths=(32, 48, 64), depths=(1, 1, 1), attention=1),
    steps=200,
    size=96,
    batch=4,
    rate=4e-3,
    warmup=10,
    ema=0.9,
    strength=0.2,
    validate_every=40,
)
best = train(config, training, validation, folder / "run", device="cpu")
print(f"best mean Dice on the validation cases: {best:.2f}")

# %%
# A run's folder holds its checkpoints, the record of code, data and machine, a log, and curves.
print(*sorted(path.name for path in (folder / "run").iterdir()))
with Image.open(folder / "run" / "curves.png") as picture:
    curves = picture.copy()
curves

# %%
# What the network makes of a case that it has not seen, beside the truth.
network = export_checkpoint(folder / "run" / "best.ckpt", config.network)
model = Model(Weights(network, config.size, "one-minute"))
case = phantom(seed=6, index=0)
found = model.predict(case.image, case.spacing, refuse=False)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for panel, label, title in zip(
    axes, (case.label, found.label), ("truth", "prediction"), strict=True
):
    panel.imshow(overlay(case.image, label))
    panel.set_title(title)
    panel.axis("off")
