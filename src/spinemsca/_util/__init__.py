"""What every room uses: files, checksums, parallel work, optional packages, progress."""
