"""Split archives: packing, multipart files, extraction that trusts nothing."""
