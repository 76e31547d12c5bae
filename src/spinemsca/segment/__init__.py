"""Segmentation: `networks`, their `training`, and prediction with anatomical clean-up.

Modules here import torch; import them only where they are used. Prediction does not need
`training`.
"""
