import asyncio

from serving.conftest import enlarged, in_process

from dlss_tf.serving.batches import Refused
from dlss_tf.serving.settings import Settings

SENT = {"factor": 5, "dtype": "uint8", "shape": "2,2", "format": "raw"}


def asked(answers, *request, **more):
    async def ask():
        async with in_process(Settings(), answers) as (web, _):
            return await web.request(*request, **more)

    return asyncio.run(ask())


def test_a_fault_of_ours_says_nothing_of_what_is_inside():
    def broken(question):
        raise KeyError("a secret")

    answer = asked(broken, "POST", "/api/supersample", params=SENT, content=b"abcd")
    assert answer.status_code == 500 and answer.json() == {"error": "expected to be answered, found a fault of ours"}


def test_what_is_refused_may_say_when_to_come_again():
    def busy(question):
        raise Refused(503, "expected a worker, found none", 2.5)

    async def ask():
        async with in_process(Settings(), enlarged) as (web, service):
            service.batches.submit = busy
            return await web.post("/api/supersample", params=SENT, content=b"abcd")

    answer = asyncio.run(ask())
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "3"
    assert answer.json() == {"error": "expected a worker, found none"}


def test_unknown_paths_and_methods_have_each_protocols_shape():
    assert asked(enlarged, "GET", "/v1/nothing").json()["error"].startswith("Malformed request: GET /v1/")
    nothing = asked(enlarged, "GET", "/nothing")
    assert nothing.status_code == 404 and list(nothing.json()) == ["error"]
    wrong = asked(enlarged, "DELETE", "/api/info")
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "GET"


def test_the_description_names_every_route():
    paths = asked(enlarged, "GET", "/openapi.json").json()["paths"]
    for path in ("/api/supersample", "/v1/models/{model}:predict", "/v2/models/{model}/infer", "/metrics"):
        assert path in paths
    assert {"200", "400", "413", "429", "503"} <= set(paths["/api/supersample"]["post"]["responses"])
