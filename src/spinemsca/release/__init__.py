"""A dataset on disk: layouts, split archives, download, verification, composition, packing."""

from __future__ import annotations

from spinemsca.release.archive.multipart import parse_size
from spinemsca.release.archive.pack import pack
from spinemsca.release.case_table import TABLE_NAME, CaseRow
from spinemsca.release.info import Info, info
from spinemsca.release.layout import IMAGE_NAME, LABEL_NAME, Entry
from spinemsca.release.origin import of_slice
from spinemsca.release.patient_splits import patient_key, read_csv, read_patient_splits
from spinemsca.release.release import Release, open_release, write_release
from spinemsca.release.split import Split, split_sizes
from spinemsca.release.stratify import stratified_splits
from spinemsca.release.summary import NumberSummary
from spinemsca.release.synthetic import PHANTOMS_NAME, synthesise
from spinemsca.release.transfer.download import download
from spinemsca.release.transfer.mirror import LICENCE
from spinemsca.release.transfer.serve import serve_folder
from spinemsca.release.verify import RULES, Verdict, verify
from spinemsca.release.verify.report import rules_table, verdict_table

__all__ = [
    "CaseRow",
    "Entry",
    "IMAGE_NAME",
    "Info",
    "LABEL_NAME",
    "LICENCE",
    "NumberSummary",
    "PHANTOMS_NAME",
    "RULES",
    "Release",
    "Split",
    "TABLE_NAME",
    "Verdict",
    "download",
    "info",
    "of_slice",
    "open_release",
    "pack",
    "parse_size",
    "patient_key",
    "read_csv",
    "read_patient_splits",
    "rules_table",
    "serve_folder",
    "split_sizes",
    "stratified_splits",
    "synthesise",
    "verdict_table",
    "verify",
    "write_release",
]
