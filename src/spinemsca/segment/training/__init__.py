"""Learning weights: data and its partial labels, loss, loop, checkpoints, calibration."""
