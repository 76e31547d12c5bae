"""Segmentation: network, augmentation, training and anatomical clean-up.

Modules here import torch; import them only where they are used.
"""
