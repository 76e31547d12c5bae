"""A dataset on disk: layouts, split archives, download, verification, composition, packing."""
