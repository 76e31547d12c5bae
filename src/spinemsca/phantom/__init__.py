"""Synthetic cases: shape, tissue signal, scanner."""
