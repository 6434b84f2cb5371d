"""What MkDocs adds to docs/: the top level's own pages, and a page of the API for each module, from its docstrings.

Nothing is copied: README.md is the site's home, its links turned from paths in the repository to pages of the site.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "dlss_tf"
#: Pages made of files that stand outside docs/, by their path in the repository.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "checkpoints/unified-small/MODEL_CARD.md": "model-card.md",
}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def modules(root: Path = ROOT) -> list[str]:
    """Dotted names of the package and its public modules, a package before what is in it."""
    files = (path.relative_to(root) for path in (root / PACKAGE).rglob("*.py"))
    names = (path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts for path in files)
    return sorted(".".join(parts) for parts in names if not any(part.startswith("_") for part in parts))


def public_names(root: Path = ROOT) -> list[str]:
    """Dotted names of what ``dlss_tf`` itself offers: its table of lazily imported names, {name: ".module"}."""
    tables = (
        ast.literal_eval(node.value)
        for node in ast.parse((root / PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    )
    return [f"{PACKAGE}{module}.{name}" for table in tables for name, module in table.items()]


def linked(markdown: str, source: str, target: str) -> str:
    """A page's Markdown with its links, from `source` in the repository, turned to what `target` of the site needs."""

    def turned(match: re.Match) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        if path in PAGES:
            path = PAGES[path]
        elif path.startswith("docs/"):
            path = path.removeprefix("docs/")
        else:
            return match[1]
        return posixpath.relpath(path, posixpath.dirname(target) or ".")

    return _LINK.sub(turned, markdown)


def summary(name: str, root: Path = ROOT) -> str:
    """The first sentence of the docstring of a class or function, given by its dotted name."""
    module, _, own = name.rpartition(".")
    tree = ast.parse((root / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = next(node for node in tree.body if getattr(node, "name", None) == own)
    return (ast.get_docstring(found) or "").partition("\n\n")[0].replace("\n", " ")


def _api(name: str) -> str:
    if name != PACKAGE:
        return f"::: {name}\n"
    entries = "\n".join(f"- [`{n.rpartition('.')[2]}`][{n}]: {summary(n)}" for n in public_names())
    return f"# {PACKAGE}\n\nWhat `import {PACKAGE}` offers; each is imported when first used.\n\n{entries}\n"


def _page(name: str) -> str:
    return f"api/{name.replace('.', '/')}.md"


def _nav(names: list[str]) -> list:
    """Pages by subpackage."""
    nav: list = [{PACKAGE: _page(PACKAGE)}]
    groups: dict[str, list] = {}
    packages = {name.rpartition(".")[0] for name in names}
    for name in names[1:]:
        _, first, *rest = name.split(".")
        if rest or name in packages:
            groups.setdefault(first, []).append({".".join(rest) or first: _page(name)})
        else:
            nav.append({first: _page(name)})
    return nav + [{group: pages} for group, pages in groups.items()]


def on_config(config):
    for entry in config.nav:
        if "API reference" in entry:
            entry["API reference"] = _nav(modules())
    return config


def on_files(files, config):
    for source, target in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=linked(text, source, target)))
    for name in modules():
        files.append(File.generated(config, _page(name), content=_api(name)))
    return files


def on_page_markdown(markdown, page, config, files):
    source = f"docs/{page.file.src_uri}"
    if (ROOT / source).exists():
        return linked(markdown, source, page.file.src_uri)
    return markdown
