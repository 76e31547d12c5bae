"""How good a segmentation is: overlap, surface and level metrics, tables with intervals."""
