"""The paper's networks as functions that return functional Keras models."""
