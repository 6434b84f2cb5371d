import numpy as np
import pytest

from dlss_tf.data.prepare.cutting import Source


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """`scans(NAME=image, ...)`: sources of images that are saved in the folder `scans`, each a specimen; read here."""
    from dlss_tf import micrograph

    monkeypatch.setattr(micrograph, "IN_PROCESS", micrograph.READABLE)
    (tmp_path / "scans").mkdir()

    def save(**images):
        for name, image in images.items():
            np.save(tmp_path / "scans" / f"{name}.npy", image)
        return [Source(str(tmp_path / "scans" / f"{name}.npy"), name) for name in images]

    return save
