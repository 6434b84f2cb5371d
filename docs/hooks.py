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
    "checkpoints/unified-scan/MODEL_CARD.md": "model-card.md",
    "checkpoints/unified-small/MODEL_CARD.md": "model-card-small.md",
    "checkpoints/unified-small-adversarial/MODEL_CARD.md": "model-card-adversarial.md",
}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def modules(root: Path = ROOT) -> list[str]:
    """Dotted names of the package and its public modules, a package before what is in it."""
    files = (path.relative_to(root) for path in (root / PACKAGE).rglob("*.py"))
    names = (path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts for path in files)
    return sorted(".".join(parts) for parts in names if not any(part.startswith("_") for part in parts))


def _module(name: str, root: Path) -> tuple[Path, ast.Module]:
    path = root / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path, ast.parse(path.read_text(encoding="utf-8"))


def definition(name: str, root: Path = ROOT) -> tuple[str, ast.AST]:
    """Where a class or function, given by a dotted name that may be an import of it, is defined: dotted name, node."""
    module, _, own = name.rpartition(".")
    path, tree = _module(module, root)
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == own:
            return name, node
        if isinstance(node, ast.ImportFrom) and own in {alias.asname or alias.name for alias in node.names}:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            return definition(".".join([*above, *filter(None, [node.module]), own]), root)
    raise ValueError(f"{name}: neither a class nor a function, nor an import of one")


def public_names(root: Path = ROOT) -> dict[str, str]:
    """What `dlss_tf` itself offers, by its table of lazily imported names {name: ".module"}: name -> dotted name."""
    _, tree = _module(PACKAGE, root)
    dictionaries = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    )
    return {
        name: f"{PACKAGE}{module}.{name}"
        for dictionary in dictionaries
        for name, module in ast.literal_eval(dictionary).items()
    }


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


def _entry(name: str, place: str) -> str:
    """A line of the list of public names: a link and the first sentence of the docstring."""
    defined, node = definition(place)
    sentence = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
    return f"- [`{name}`][{defined}]: {sentence}"


def _api(name: str) -> str:
    if name != PACKAGE:
        return f"::: {name}\n"
    entries = "\n".join(_entry(*item) for item in public_names().items())
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
