"""`python -m dlss_tf.cli`: the same as `dlss-tf`."""

import sys

from .commands import main

if __name__ == "__main__":
    sys.exit(main())
