"""What `predict` writes: names, records, the ledger, finding, reading and writing results."""

from __future__ import annotations

from spinemsca.predictions.find import LabelFile, LabelFiles, find_label_maps
from spinemsca.predictions.images import find_image
from spinemsca.predictions.label_schemes import LabelScheme, to_structures
from spinemsca.predictions.ledger import LedgerRow, read_ledger, update_ledger
from spinemsca.predictions.names import LABEL, TABLE_NAME, source_of
from spinemsca.predictions.pairing import Pair, Pairing, pair_labels, read_pairs
from spinemsca.predictions.read import LabelledScan, LabelledSlice, Reading, read_labelled
from spinemsca.predictions.record import ModelUsed, Record, read_record, write_record
from spinemsca.predictions.scans import ScanInput, find_scans, named_in
from spinemsca.predictions.write import discard, finished, sweep, write_label_map, write_result

__all__ = [
    "LABEL",
    "LabelFile",
    "LabelFiles",
    "LabelScheme",
    "LabelledScan",
    "LabelledSlice",
    "LedgerRow",
    "ModelUsed",
    "Pair",
    "Pairing",
    "Reading",
    "Record",
    "ScanInput",
    "TABLE_NAME",
    "discard",
    "find_image",
    "find_label_maps",
    "find_scans",
    "finished",
    "named_in",
    "pair_labels",
    "read_labelled",
    "read_ledger",
    "read_pairs",
    "read_record",
    "source_of",
    "sweep",
    "to_structures",
    "update_ledger",
    "write_label_map",
    "write_record",
    "write_result",
]
