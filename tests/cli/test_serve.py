import argparse
import subprocess
import sys

import pytest

from dlss_tf import packages
from dlss_tf.cli import commands, options, serve
from dlss_tf.errors import InputError

pytest.importorskip("fastapi")


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    serve.add_options(parser)
    return parser.parse_args(list(arguments))


@pytest.fixture
def served(monkeypatch):
    from dlss_tf.serving import server

    found = []
    monkeypatch.setattr(server, "serve", lambda settings, say: found.append(settings))
    return found


def test_what_is_asked_for_is_what_is_served(served, tmp_path, monkeypatch):
    monkeypatch.delenv(options.TOKEN, raising=False)
    serve.run(parsed("--port", "9", "--watch", str(tmp_path), "--factor", "5", "--refine", "--waiting", "7"))
    (settings,) = served
    assert (settings.host, settings.port, settings.factor, settings.waiting) == ("127.0.0.1", 9, 5, 7)
    assert settings.options.refine and settings.token == "" and settings.grpc_port is None


def test_the_token_is_a_files_or_the_environments_never_an_argument(served, tmp_path, monkeypatch):
    monkeypatch.setenv(options.TOKEN, "of-the-environment")
    (tmp_path / "token").write_text("of-the-file\n")
    serve.run(parsed())
    serve.run(parsed("--token-file", str(tmp_path / "token")))
    assert [settings.token for settings in served] == ["of-the-environment", "of-the-file"]
    for content in ("", "two\nlines"):
        (tmp_path / "token").write_text(content)
        with pytest.raises(InputError, match="token: expected a token in one line, found none"):
            serve.run(parsed("--token-file", str(tmp_path / "token")))
    with pytest.raises(InputError, match="none: expected a file with a token, found: No such file"):
        serve.run(parsed("--token-file", str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size", "100"], "size: expected a multiple of 32 px, found 100"),
        (["--watch", "x"], "watch: expected a factor for the scans in x, found none"),
        (["--waiting", "0"], "waiting: expected more than 0, found 0"),
        (["--backend", "http://a", "--grpc-port", "8500"], "grpc_port: expected none beside http://a"),
    ],
)
def test_mistakes_are_a_sentence(served, capsys, arguments, sentence):
    assert commands.main(["serve", *arguments]) == 2
    assert sentence in capsys.readouterr().err and not served


def test_packages_that_are_not_installed_are_told():
    code = "import sys; sys.modules['uvicorn'] = None; from dlss_tf.cli import main; sys.exit(main(['serve']))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert found.returncode == 2 and f"found no uvicorn; {packages.install('serve')}" in found.stderr
