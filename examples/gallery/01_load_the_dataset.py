"""
Load the dataset
================

:class:`~spinemsca.dataset.SpineMSCA` is a plain torch ``Dataset``. Here it opens a release of
synthetic cases, made on the spot; ``sm.SpineMSCA("data", download=True)`` gets the published one.
"""

# %%
# A release of twelve synthetic cases takes the published dataset's form: ``Train``, ``Vali`` and
# ``Test``, an image and a label map a case, and a table of what is known of the patients.
import tempfile
from pathlib import Path

from torch.utils.data import DataLoader

import spinemsca as sm

root = Path(tempfile.mkdtemp()) / "phantoms"
sm.synthesise(root, 12, seed=1)
train = sm.SpineMSCA(root, split="train")
print(str(train).replace(str(root.parent), "…"))

# %%
# An item is a dict. Images are float32 in [0, 1]; label values are 0 for background, 1 to 5 for
# L1 to L5, 6 for S1 and 7 to 11 for the discs from L1/L2 to L5/S1.
item = train[0]
print(item["image"].shape, item["image"].dtype, item["label"].shape, item["label"].dtype)
print(item["label"].unique().tolist())

# %%
# The ordinary ``DataLoader`` collates them.
batch = next(iter(DataLoader(train, batch_size=4, shuffle=True, collate_fn=sm.collate)))
print(batch["image"].shape, batch["case"])

# %%
# ``montage`` shows the first cases on one sheet.
train.montage(8)
