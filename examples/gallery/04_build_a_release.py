"""
Build a release
===============

A folder of images and label maps, with numbers of its own, becomes a release in the dataset's
form, is judged by every rule, and packed for others.
"""

# %%
# The folder, as it might come from an annotation tool: PNG images of 384 rows and 320 columns,
# label maps in which L1 is 20, L1/L2 is 201 and so on, and a CSV of patients.
import csv
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import spinemsca as sm
from spinemsca.anatomy import COLUMN
from spinemsca.curate import read_build_config
from spinemsca.release import pack

folder = Path(tempfile.mkdtemp())
numbers = {s.value: 201 + s.value - 7 if s.is_disc else 19 + s.value for s in COLUMN}
table = np.array([0, *(numbers[value] for value in range(1, 12))], np.uint8)
patients = []
for name in ("images", "labels"):
    (folder / name).mkdir()
for index in range(6):
    case = sm.phantom(seed=4, index=index)
    grey = Image.fromarray((255 * np.clip(case.image, 0, 1)).astype(np.uint8))
    grey.resize((320, 384)).save(folder / "images" / f"p{index}_t2.png")
    labels = Image.fromarray(table[case.label])
    labels.resize((320, 384), Image.Resampling.NEAREST).save(folder / "labels" / f"p{index}_t2.png")
    patients.append({"patient": f"p{index}", "sex": case.sex.value})
with (folder / "patients.csv").open("w", newline="") as file:
    writer = csv.DictWriter(file, ("patient", "sex"))
    writer.writeheader()
    writer.writerows(patients)

# %%
# A few lines of TOML say what is what; ``spine-msca build CONFIG OUT`` reads the same file.
lines = [
    'images = "images/*.png"',
    'labels = "labels/*.png"',
    r"name = '(?P<patient>p\d+)_t2'",
    'source = "synthetic, made for this example"',
    'metadata = { file = "patients.csv", key = "patient", sex = "sex" }',
    "[values]",
    *(f'{numbers[s.value]} = "{s.name}"' for s in COLUMN),
]
(folder / "config.toml").write_text("\n".join(lines))
config = read_build_config(folder / "config.toml")
built = sm.build(config, folder, folder / "release", beside=folder, seed=0)
for split in ("Train", "Vali", "Test"):
    print(split, *sorted(path.name for path in (folder / "release" / split).iterdir()))
print("left out:", dict(built.left_out))

# %%
# ``verify`` judges it as a curator would; a broken rule of severity *error* fails the release.
verdict = sm.verify(folder / "release")
print("passed:", verdict.passed)
for finding in verdict.findings:
    print(finding.rule.severity, finding.rule.name, finding.case or "the release", finding.message)

# %%
# ``pack`` writes split archives, checksums and a card; others fetch them with
# ``spine-msca download --mirror``.
pack(folder / "release", folder / "archives")
for path in sorted((folder / "archives").iterdir()):
    print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")

# %%
# The release as a contact sheet.
sm.SpineMSCA(folder / "release", split=None).montage(6)
