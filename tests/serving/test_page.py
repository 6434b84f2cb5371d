import asyncio
import re

from serving.conftest import enlarged, in_process

from dlss_tf.serving import page
from dlss_tf.serving.settings import Settings


def got(*paths):
    async def ask():
        async with in_process(Settings(), enlarged) as (web, _):
            return [await web.get(path) for path in paths]

    return asyncio.run(ask())


def test_the_page_and_all_that_it_names_are_there_and_nothing_is_from_elsewhere():
    index, docs = got("/", "/docs")
    assert index.headers["content-type"].startswith("text/html") and docs.status_code == 200
    for text in [index.text, docs.text, *(path.read_text(encoding="utf-8") for path in page.PARTS.values())]:
        named = re.findall(r"(?:src|href)=\"([^\"#]+)\"|from \"\./([\w.-]+)\"", text)
        parts = [each for pair in named for each in pair if each and not each.startswith(("data:", "blob:"))]
        assert not [each for each in parts if "//" in each]
        names = {
            each.removeprefix("./").removeprefix("static/") for each in parts if each.endswith((".js", ".css", ".svg"))
        }
        assert names <= set(page.PARTS)


def test_names_of_parts_are_no_paths():
    for path in ("/static/../guard.py", "/static/%2e%2e%2fguard.py", "/static/..%2f..%2fconfig.py", "/static/x.css"):
        assert got(path)[0].status_code == 404
