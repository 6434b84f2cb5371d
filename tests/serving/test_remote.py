import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError, gathered
from dlss_tf.inference.options import Options
from dlss_tf.interfaces.files import supersample_file
from dlss_tf.micrograph import Micrograph
from dlss_tf.serving import client
from dlss_tf.serving.remote import RemoteSupersampler


def test_files_are_what_they_are_without_a_server(server, supersampler, rng, tmp_path):
    source = str(tmp_path / "scan.hspy")
    scan = rng.normal(1000, 30, (21, 26)).astype(np.float32)
    scan[3, 3] = np.nan
    micrograph.write(source, Micrograph(scan, (0.5, 0.5), "nm", "lattice", ("scanned",)))
    remote = RemoteSupersampler(server)
    made, said = [], []
    for generator in (remote, supersampler):
        with gathered() as sentences:
            target = str(tmp_path / f"{len(made)}.hspy")
            supersample_file(generator, source, target, 5, Options(ensemble=True), quiet=True)
        made.append([micrograph.read(path) for path in (target, target.replace(".hspy", "-uncertainty.hspy"))])
        said.append(sentences)
    assert said[0] == said[1] and "1 of 546 samples are not finite" in said[0][0] and source in said[0][0]
    for here, there in zip(*made):
        np.testing.assert_allclose(here.data, there.data, rtol=0, atol=1e-4 * np.ptp(there.data))
        assert (here.pixel_size, here.units, here.title) == (there.pixel_size, there.units, there.title)
    ours = {**made[1][0].provenance, "server": True}
    ours["generator"] = {name: each for name, each in ours["generator"].items() if name != "weights"}
    assert {**made[0][0].provenance, "date": "", "tile": 0} == {**ours, "date": "", "tile": 0}
    assert ours["source"]["file"] == source
    assert [line.partition("generator")[0] for line in made[0][0].history] == [
        line.partition("generator")[0] for line in made[1][0].history
    ]


def test_what_can_be_said_without_a_truth_is_what_it_is_without_a_server(server, supersampler, rng, tmp_path):
    scan, target = str(tmp_path / "scan.npy"), str(tmp_path / "image.npy")
    np.save(scan, rng.random((24, 24)))
    remote, told = RemoteSupersampler(server), []
    for generator in (remote, supersampler):
        made = supersample_file(generator, scan, target, 5, quiet=True)
        told.append((made.factor_trained, pytest.approx(made.share_guessed, abs=0.01)))
    assert told[0] == told[1] and told[0][0]
    known = supersample_file(remote, scan, target, 5, Options(keep_known=True), quiet=True)
    assert known.share_guessed is None and known.trust() == "factor 5 trained for"


def test_nothing_stays_on_the_server(server, web, rng):
    RemoteSupersampler(server).run(rng.random((9, 9)), 4)
    assert "dlss_requests_admitted 0.0" in web.get("/metrics").text
    assert "dlss_results_kept 0.0" in web.get("/metrics").text


def test_who_has_no_token_is_told_how_to_give_it(monkeypatch):
    def refuse(self, *_, **__):
        raise client.ServerError("expected a token, found none", 401)

    monkeypatch.setattr(client.Client, "ask", refuse)
    with pytest.raises(InputError, match="^expected a token, found none; give --token-file, or the variable DLSS_TF_T"):
        RemoteSupersampler("http://server")


def test_other_servers_and_none():
    with pytest.raises(InputError, match="^http://127.0.0.1:9: expected a server, found"):
        RemoteSupersampler("http://127.0.0.1:9")


def test_the_servers_words(server):
    with pytest.raises(InputError, match="^factor: expected one of 4, 5, 8"):
        RemoteSupersampler(server).run(np.eye(9), 6)
