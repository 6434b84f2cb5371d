"""Table 2: root mean and root standard deviation of MSEs, traditional methods against DLSS, at five coverages."""

import sys

from dlss_tf.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", "--split", "test", "--name", "table2", *sys.argv[1:]]))
