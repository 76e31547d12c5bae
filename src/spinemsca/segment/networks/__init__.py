"""The package's network, `column`, and others' that are trained through the same loop.

One network a file; each maps `(B, 1, H, W)` to logits `(B, 12, H, W)`. All are normalised case
by case, so that batches cut into parts or spread over devices give the gradient of one batch.
"""
