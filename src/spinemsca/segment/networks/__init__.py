"""Other people's networks, trained through the same loop to compare with.

One network a file; each maps `(B, 1, H, W)` to logits `(B, 12, H, W)`. All are normalised case
by case, so that batches cut into parts or spread over devices give the gradient of one batch.
"""
