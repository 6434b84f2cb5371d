import re
import subprocess

import pytest

from dlss_tf import _version


def test_version_begins_with_the_number():
    assert re.fullmatch(rf"dlss-tf {re.escape(_version.__version__)}(, git \S+)?", _version.version())


def test_the_revision_is_that_of_the_checkout_alone(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "dlss_tf"
    package.mkdir(parents=True)
    monkeypatch.setattr(_version, "__file__", str(package / "_version.py"))
    repository = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    try:
        subprocess.run([*repository, "init", "--quiet"], check=True)
    except OSError:
        pytest.skip("there is no git")
    subprocess.run([*repository, "commit", "--quiet", "--allow-empty", "--message=a"], check=True)
    assert _version.git_revision() is None and _version.version() == f"dlss-tf {_version.__version__}"
    monkeypatch.setattr(_version, "__file__", str(tmp_path / "dlss_tf" / "_version.py"))
    assert re.fullmatch(r"[0-9a-f]{40}", _version.git_revision())
    assert re.fullmatch(r"dlss-tf .*, git [0-9a-f]{7,}", _version.version())


def test_without_git_there_is_no_revision(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert _version.git_revision() is None
