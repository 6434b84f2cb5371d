"""What people hold in, what they get out: files, folders watched, HyperSpy signals, napari layers."""
