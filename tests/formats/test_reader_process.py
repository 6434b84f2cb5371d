import os
import subprocess
import sys

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.formats import wire

CODE = """
import sys
from dlss_tf.formats import reader_process, readers
from dlss_tf.formats.contents import entry_of
from dlss_tf.micrograph import Micrograph

def read(path):
    import os, numpy as np
    print("on stdout"); os.write(1, b"more"); os.write(2, b"and on stderr")
    if "large" in path: return [entry_of(Micrograph(np.ones((2**14, 2**14))))]
    return [entry_of(Micrograph(np.ones((4, 5)), title=os.getcwd()))]

readers.READERS[".test"] = read
reader_process.main()
"""


@pytest.fixture
def process():
    with subprocess.Popen([sys.executable, "-c", CODE], stdin=-1, stdout=-1, stderr=-1, bufsize=0) as process:
        assert wire.receive(process.stdout) == "ready"
        yield process
        process.stdin.close()  # it ends with what asks it
        assert process.wait(60) == 0 and process.stdout.read() == process.stderr.read() == b""


def ask(process, path, folder, **others):
    asked = {"question": "images", "path": path, "suffix": ".test", "stem": "a", "image": None, "folder": str(folder)}
    wire.send(process.stdin, {**asked, **others})
    return wire.receive(process.stdout, 10**9)


def test_it_answers_in_plain_values_whatever_readers_print(process, tmp_path):
    (tmp_path / "a.test").write_bytes(b"x")
    wire.send(process.stdin, {"prepare": ".png"})
    assert wire.receive(process.stdout) == {}
    for _ in range(2):
        (fields,), _ = ask(process, "a.test", tmp_path)["found"]
        assert fields["title"] == os.path.realpath(tmp_path)  # names are those of who asks
        np.testing.assert_array_equal(fields["data"], np.ones((4, 5)))
    assert ask(process, "none.test", tmp_path)["error"].startswith("none.test: expected a .test image, found")
    assert "error" in ask(process, "a.test", tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limit is Linux'")
def test_what_needs_more_memory_is_refused_and_the_next_is_read(process, tmp_path):
    for name in ("large.test", "a.test"):
        (tmp_path / name).write_bytes(b"x")
    assert ask(process, "large.test", tmp_path)["error"] == (
        "large.test: expected an image that fits, found one that needs more memory than the 268 MB that a file of its "
        "size may take"
    )
    assert "found" in ask(process, "a.test", tmp_path)


def test_a_small_file_that_becomes_large_is_refused_by_name(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    path = str(tmp_path / "a.ome.tif")
    pixels = 'DimensionOrder="XYZCT" Type="float" SizeX="16" SizeY="16" SizeZ="100000000" SizeC="1" SizeT="1"'
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        f'<Pixels ID="P" {pixels}><TiffData IFD="0" PlaneCount="100000000"/></Pixels></Image></OME>'
    )
    tifffile.imwrite(path, np.zeros((16, 16), np.float32), description=xml, metadata=None)
    with pytest.raises(micrograph.InputError, match=r"a\.ome\.tif: expected .* found"):
        micrograph.read(path)
