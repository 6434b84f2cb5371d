"""Files of images: a module a format, and what all of them need. No TensorFlow."""
