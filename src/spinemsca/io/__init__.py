"""Readers and writers, one file a format: the only door for untrusted bytes."""
