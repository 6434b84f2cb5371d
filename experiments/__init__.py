"""One module a table or figure of the paper: `python -m experiments.table2 --help`."""

import dlss_tf  # noqa: F401  before TensorFlow, whose environment it sets
