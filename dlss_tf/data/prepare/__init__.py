"""One's own scans as a data set in the STEM Crops layout: cut, looked at, split, recorded. No TensorFlow."""
