"""What maintainers run: publish a checkpoint, widen a generator, revive its silent channels."""

import dlss_tf  # noqa: F401  before TensorFlow, whose environment it sets
