"""A napari plugin: supersamples an image layer, in a process of napari's own or of another environment's Python.

Nothing here imports TensorFlow when it is imported, so napari's environment need not have it. napari's process never
does, for importing TensorFlow beside an OpenGL driver that uses LLVM (Mesa's) ends the process.
"""
