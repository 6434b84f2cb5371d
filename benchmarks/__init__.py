"""Speed and memory of this package beside the same network in PyTorch: `make bench`."""

import dlss_tf  # noqa: F401  before TensorFlow, whose environment it sets
