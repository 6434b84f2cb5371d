"""The generators as ONNX graphs, made of their weights alone: no TensorFlow (operation set 17, channels first)."""
