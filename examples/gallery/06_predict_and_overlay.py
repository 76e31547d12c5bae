"""
Predict and overlay
===================

The weights that come with the package on one slice, how sure they are of each structure, and what
they refuse. For research use only.
"""

# %%
# Any two-dimensional array will do, in any range of greys; row 0 is at the head.
import matplotlib.pyplot as plt
import numpy as np

import spinemsca as sm

model = sm.load_model()
case = sm.phantom(seed=8, index=2)
found = model.predict(case.image, case.spacing)
print("refused:", found.refused, " ambiguous:", found.ambiguous, " lies:", found.orientation)
print("warnings:", *found.warnings or ("none",), sep="\n  ")

# %%
# Confidence is the probability that a structure is outlined well and named right.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.imshow(sm.overlay(case.image, found.label))
left.axis("off")
names = [structure.name for structure in found.confidence]
colours = [np.array(structure.colour) / 255 for structure in found.confidence]
right.barh(names[::-1], list(found.confidence.values())[::-1], color=colours[::-1])
right.set_xlim(0, 1)
right.set_xlabel("confidence")

# %%
# What is no sagittal lumbar MR is refused, with a reason and an empty label map.
noise = np.random.default_rng(0).normal(size=(300, 300))
print(model.predict(noise).refused)

# %%
# A picture that lies upside down is recognised; its labels lie as the picture does.
turned = model.predict(case.image[::-1, ::-1], case.spacing)
print(turned.orientation, *turned.warnings, sep="\n")
