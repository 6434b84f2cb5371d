import asyncio
import os

import numpy as np
from serving.conftest import PlayedModel, enlarged

from dlss_tf import micrograph
from dlss_tf.formats import digests
from dlss_tf.interfaces import arrivals
from dlss_tf.micrograph import Micrograph
from dlss_tf.serving.service import Service
from dlss_tf.serving.settings import Settings


async def until(condition, seconds=60.0):
    end = asyncio.get_running_loop().time() + seconds
    while not condition() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.01)
    assert condition()


def test_each_new_scan_becomes_a_result_and_a_bad_one_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(arrivals.arrivals, "__kwdefaults__", {**arrivals.arrivals.__kwdefaults__, "settle": 0.05})
    np.save(tmp_path / "before.npy", np.eye(8))

    async def run():
        service = Service(Settings(watch=str(tmp_path), factor=4), PlayedModel(enlarged))
        await service.start()
        await asyncio.sleep(0.2)  # it has looked at what is there
        np.save(tmp_path / ".a.npy", np.ones((8, 9)))
        os.rename(tmp_path / ".a.npy", tmp_path / "a.npy")
        await until(lambda: service.live.count == 1)
        first = service.live.newest
        (tmp_path / "bad.npy").write_bytes(b"no array")
        await until(lambda: service.live.count == 2)
        second = service.live.newest
        micrograph.write(str(tmp_path / "c.mrc"), Micrograph(np.ones((8, 9), np.float32), (2.0, 2.0), "nm"))
        await until(lambda: service.live.count == 3)
        kept = service.kept.get(service.live.newest["id"])
        await service.close()
        return first, second, kept

    first, second, kept = asyncio.run(run())
    assert first["name"] == "a.npy" and first["images"]["image"]["shape"] == [32, 36]
    assert second["name"] == "bad.npy"
    assert second["error"].startswith("bad.npy: expected a .npy image") and str(tmp_path) not in second["error"]
    source = {"file": "c.mrc", "sha256": digests.of_file(str(tmp_path / "c.mrc"))}
    assert kept.images["image"].provenance == {"result": "image", "factor": 4, "source": source}
    assert kept.images["image"].pixel_size == (0.5, 0.5) and not [name for name in os.listdir(tmp_path) if "x4" in name]
