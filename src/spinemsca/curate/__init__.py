"""Scans to cases: select, resample, normalise, de-identify, split."""
