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

import spinemsca as sm
from spinemsca.release import Split
from spinemsca.segment import (
    Weights,
    export_checkpoint,
    load_examples,
    read_training_config,
    train,
)

folder = Path(tempfile.mkdtemp())
sm.synthesise(folder / "phantoms", 12, seed=5, size=256)
release = sm.open_release(folder / "phantoms")
training = load_examples(release, Split.TRAIN)
validation = load_examples(release, Split.VAL)

# %%
# Everything has a default; here the network is a small one of the same design. The command reads
# the same file: ``spine-msca train phantoms --config examples/train/minute.toml --out run``.
(folder / "config.toml").write_text("""
steps = 200
size = 96
batch = 4
rate = 4e-3
warmup = 10
ema = 0.9
strength = 0.2
validate_every = 40

[network]
widths = [32, 48, 64]
depths = [1, 1, 1]
attention = 1
""")
config = read_training_config(folder / "config.toml")
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
model = sm.Model(Weights(network, config.size, "one-minute"))
case = sm.phantom(seed=6, index=0)
found = model.predict(case.image, case.spacing, refuse=False)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for panel, label, title in zip(
    axes, (case.label, found.label), ("truth", "prediction"), strict=True
):
    panel.imshow(sm.overlay(case.image, label))
    panel.set_title(title)
    panel.axis("off")
