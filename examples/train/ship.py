"""Puts a run's weights where the package looks for them: `ship.py WEIGHTS FOLDER VERSION`.

Beside them goes `model.json` with their checksum; whatever else stands in it stays.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from spinemsca._util.files import write_bytes, write_text


def main(weights: Path, folder: Path, version: str) -> None:
    """Copies the weights and notes their checksum and version."""
    data = weights.read_bytes()
    path = folder / "model.json"
    about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    about |= {"version": version, "sha256": hashlib.sha256(data).hexdigest()}
    write_bytes(folder / "model.safetensors", data)
    write_text(path, json.dumps(about, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
