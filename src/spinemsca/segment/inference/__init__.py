"""From an image to a segmentation: slices, volumes, files."""
