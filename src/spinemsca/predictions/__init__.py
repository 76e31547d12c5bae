"""What `predict` writes: names, records, the ledger, finding, reading and writing results."""
