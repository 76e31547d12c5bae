"""Weights and what runs them: torch, TorchScript, ONNX Runtime, OpenVINO."""
