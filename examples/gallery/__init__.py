"""One claim about L1 and L2 per file: `python -m examples.gallery.NAME` measures it, asserts it and draws a figure."""
