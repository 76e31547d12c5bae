"""The rules, one topic a file, each a list of `Rule` and the pure functions that apply them."""
