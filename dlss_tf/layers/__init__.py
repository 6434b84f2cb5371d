"""Keras layers of the paper's networks and losses."""
