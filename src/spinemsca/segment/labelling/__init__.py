"""From pixels to named levels: components, numbering, renaming."""
