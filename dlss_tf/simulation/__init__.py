"""Simulated micrographs, to train and test on (not in the paper). NumPy only."""
