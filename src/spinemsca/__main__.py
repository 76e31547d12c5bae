"""`python -m spinemsca`, which is what `torchrun -m` needs."""

from __future__ import annotations

from spinemsca.cli import main

if __name__ == "__main__":
    main()
