import subprocess

import pytest

from dlss_tf import __version__, software


@pytest.fixture
def root(monkeypatch, tmp_path):
    """Where the package is to be, in a folder that holds another checkout."""
    for folder in (tmp_path, tmp_path / "site-packages"):
        folder.mkdir(exist_ok=True)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "--message", "one"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(software, "ROOT", str(tmp_path))
    software.revision.cache_clear()
    yield tmp_path
    software.revision.cache_clear()


def test_a_checkouts_revision_and_whether_it_was_changed(root):
    found = software.described()
    assert found["version"] == __version__ and len(found["revision"]) == 40
    software.revision.cache_clear()
    (root / "file").write_text("one")
    subprocess.run(["git", "-C", str(root), "add", "file"], check=True)
    assert software.revision() == f"{found['revision']}-dirty"


def test_what_is_installed_in_anothers_checkout_has_none(root, monkeypatch):
    monkeypatch.setattr(software, "ROOT", str(root / "site-packages"))
    assert software.described() == {"version": __version__}


def test_without_git_there_is_none(root, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert software.revision() is None
