"""
Score two models
================

Overlap, surface distances and levels of two models on the same cases, and whether they differ.
The second model is the first, working at two thirds of its resolution.
"""

# %%
# Eight cases, predicted by both.
from dataclasses import replace

import matplotlib.pyplot as plt

import spinemsca as sm
from spinemsca.score import CaseScore, summarise
from spinemsca.score.case_score import score_case
from spinemsca.score.compare import compare_scores

fine = sm.load_model()
models = {"shipped": fine, "coarse": sm.Model(replace(fine.weights, size=256))}
cases = [sm.phantom(seed=9, index=index) for index in range(8)]


def scored(model: sm.Model, case: sm.Case) -> CaseScore:
    """One prediction against its truth; intervals draw patients, so it says whose it is."""
    found = model.predict(case.image, refuse=False)
    return replace(score_case(found.label, case.label), name=case.name, patient=case.name)


scores = {name: [scored(model, case) for case in cases] for name, model in models.items()}

# %%
# ``sm.evaluate`` gives the same for a pair of arrays, as ``spine-msca evaluate --json`` prints it.
one = sm.evaluate(fine.predict(cases[0].image).label, cases[0].label)
print({metric: round(one["overall"][metric]["mean"], 3) for metric in ("dice", "hd95", "nsd")})

# %%
# Mean, standard deviation, and a 95 % bootstrap interval over patients, as for a paper.
for name, found in scores.items():
    dice = summarise(found)["overall"]["dice"]
    low, high = dice["ci95"]
    print(f"{name}: {dice['mean']:.3f} ± {dice['sd']:.3f} [{low:.3f}, {high:.3f}]")

# %%
# Patient by patient: the median difference, Wilcoxon's test with Holm's correction over the
# structures, and the rank-biserial correlation as effect size.
difference = compare_scores(scores["shipped"], scores["coarse"])
dice = difference["overall"]["dice"]
print(f"median difference {dice['median']:.3f}, p = {dice['p']:.3f}, effect {dice['effect']:.2f}")

# %%
# The same as a picture.
means = {name: [score.metrics[:, 0].mean() for score in found] for name, found in scores.items()}
figure, panel = plt.subplots(figsize=(4, 3.6), layout="constrained")
for pair in zip(*means.values(), strict=True):
    panel.plot(list(means), pair, marker="o", color="#3c4bcd", alpha=0.6)
panel.set_ylabel("mean Dice of a case")
panel.margins(x=0.3)
