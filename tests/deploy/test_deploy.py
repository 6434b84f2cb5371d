import ast
import json
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from dlss_tf.cli.installed import FOR
from dlss_tf.serving.settings import MODEL, Settings

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
#: What the administrator makes, by the commands at the top of docker-compose.yml.
NOT_OURS = ("../exports", "./secrets/", "secrets/")
CONFIGS = "/etc/tensorflow-serving"

#: As published: tensorflow_serving/servables/tensorflow/session_bundle_config.proto and config/monitoring_config.proto,
#: of which tensorflow-serving-api has no classes. Those of the fields that batching.config may have.
INT64, BOOL, STRING = (f".google.protobuf.{name}Value" for name in ("Int64", "Bool", "String"))
PUBLISHED = {
    "BatchingParameters": {
        **{"max_batch_size": (1, INT64), "batch_timeout_micros": (2, INT64), "max_enqueued_batches": (3, INT64)},
        **{"num_batch_threads": (4, INT64), "thread_pool_name": (5, STRING)},
        **{"allowed_batch_sizes": (6, "repeated int64"), "pad_variable_length_inputs": (7, "bool")},
    },
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "MonitoringConfig": {"prometheus_config": (1, ".tensorflow.serving.PrometheusConfig")},
}
#: Of tensorflow_model_server, as tensorflow_serving/model_servers/main.cc has them.
FLAGS = {
    *("port", "rest_api_port", "rest_api_timeout_in_ms", "model_config_file", "monitoring_config_file"),
    *("allow_version_labels_for_unavailable_models", "enable_batching", "batching_parameters_file"),
}


def published(name):
    """An empty message of a published type."""
    file = descriptor_pb2.FileDescriptorProto(name="published.proto", package="tensorflow.serving", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message, fields in PUBLISHED.items():
        described = file.message_type.add(name=message)
        for field, (number, kind) in fields.items():
            label = kinds.LABEL_REPEATED if kind.startswith("repeated ") else kinds.LABEL_OPTIONAL
            added = described.field.add(name=field, number=number, label=label)
            if kind.startswith("."):
                added.type, added.type_name = kinds.TYPE_MESSAGE, kind
            else:
                added.type = getattr(kinds, f"TYPE_{kind.removeprefix('repeated ').upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.serving.{name}"))()


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())


def filled_in(text, **environment):
    """As compose fills in ${NAME:-if not set} and ${NAME:+if set}."""

    def value(found):
        name, sign, other = found.groups()
        given = environment.get(name, "")
        return (given or other) if sign == "-" else (other if given else "")

    return re.sub(r"\$\{(\w+):([-+])([^}]*)\}", value, text)


def flags_of(service, **environment):
    pairs = (filled_in(each, **environment).removeprefix("--").split("=", 1) for each in service["command"])
    return dict(pairs)


def test_models_config_serves_the_exported_model(compose):
    from tensorflow_serving.config import model_server_config_pb2

    text = (DEPLOY / "models.config").read_text()
    parsed = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    (model,) = parsed.model_config_list.config
    assert (model.name, model.model_platform) == (MODEL, "tensorflow")
    assert model.base_path == f"/models/{MODEL}" and mounts(compose["services"]["tensorflow-serving"])["/models"]
    assert list(model.model_version_policy.specific.versions) == [1]
    assert dict(model.version_labels) == {"stable": 1}


def test_batching_config_keeps_its_rules():
    parsed = text_format.Parse((DEPLOY / "batching.config").read_text(), published("BatchingParameters"))
    sizes = list(parsed.allowed_batch_sizes)
    assert sizes == sorted(set(sizes)) and sizes[-1] == parsed.max_batch_size.value
    defaults = Settings()
    assert parsed.max_batch_size.value * defaults.size**2 == defaults.tile**2
    assert 0 <= parsed.batch_timeout_micros.value <= 2000
    assert parsed.num_batch_threads.value >= 1 and parsed.max_enqueued_batches.value >= 1
    assert not parsed.pad_variable_length_inputs  # scans of other factors would be filled up to the largest


def test_monitoring_config_and_prometheus_agree(compose):
    parsed = text_format.Parse((DEPLOY / "monitoring.config").read_text(), published("MonitoringConfig"))
    assert parsed.prometheus_config.enable
    jobs = {job["job_name"]: job for job in yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]}
    assert set(jobs) == {"tensorflow-serving", "dlss-tf"} <= set(compose["services"])
    assert jobs["tensorflow-serving"]["metrics_path"] == parsed.prometheus_config.path
    assert jobs["dlss-tf"]["metrics_path"] == "/metrics"
    assert jobs["dlss-tf"]["authorization"] == {"type": "Bearer", "credentials_file": "/run/secrets/token"}
    rest = flags_of(compose["services"]["tensorflow-serving"])["rest_api_port"]
    ports = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    assert ports == {"tensorflow-serving": [f"tensorflow-serving:{rest}"], "dlss-tf": ["dlss-tf:8080"]}
    assert "token" in compose["services"]["prometheus"]["secrets"]


def mounts(service):
    """What is mounted from files, by where."""
    pairs = (volume.split(":") for volume in service.get("volumes", ()))
    return {where: what for what, where, *_ in pairs if "/" in what}


def test_what_compose_mounts_is_there_and_stays_as_it_is(compose):
    for service in compose["services"].values():
        for what in mounts(service).values():
            assert what.startswith(NOT_OURS) or (DEPLOY / what).is_file()
        assert all(volume.endswith(":ro") for volume in service.get("volumes", ()) if "/" in volume.split(":")[0])
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
    assert all(secret["file"].startswith(NOT_OURS) for secret in compose["secrets"].values())
    build = compose["services"]["dlss-tf"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_services_are_closed_in(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["restart"] and service["mem_limit"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), "a version is pinned"
        assert "build" in service or service["healthcheck"]["test"]
        if name != "nginx":  # is there for others
            assert service["ports"] and all(port.startswith("127.0.0.1:") for port in service["ports"])
    optional = {name: service.get("profiles") for name, service in compose["services"].items()}
    assert optional == {
        **{"tensorflow-serving": None, "dlss-tf": ["page", "tls"], "nginx": ["tls"]},
        "prometheus": ["monitoring"],
    }


@pytest.mark.parametrize("batching", ["", "true"])
def test_flags_of_tensorflow_serving(compose, batching):
    service = compose["services"]["tensorflow-serving"]
    flags = flags_of(service, DLSS_TF_BATCHING=batching)
    assert set(flags) == FLAGS
    assert (flags["port"], flags["rest_api_port"], flags["rest_api_timeout_in_ms"]) == ("8500", "8501", "300000")
    assert int(flags["rest_api_timeout_in_ms"]) == Settings().seconds * 1000
    assert flags["enable_batching"] == (batching or "false")
    # it ends at once if it has the file, but is not to batch
    assert flags["batching_parameters_file"] == (f"{CONFIGS}/batching.config" if batching else "")
    files = {value for name, value in flags.items() if name.endswith("_file") and value}
    assert files <= set(mounts(service))
    assert {f"{port.split(':')[-1]}" for port in service["ports"]} == {flags["port"], flags["rest_api_port"]}


def test_page_asks_the_tensorflow_serving_beside_it(compose):
    page = compose["services"]["dlss-tf"]
    assert page["command"] == ["--backend", "http://tensorflow-serving:8501"] and page["secrets"] == ["token"]
    assert page["depends_on"] == {"tensorflow-serving": {"condition": "service_healthy"}}


def dockerfile():
    return (DEPLOY / "Dockerfile").read_text()


def known_extras():
    assigned = [node for node in ast.walk(ast.parse((ROOT / "setup.py").read_text())) if isinstance(node, ast.Assign)]
    keys = [key.value for node in assigned if ast.unparse(node.targets[0]) == "EXTRAS" for key in node.value.keys]
    return {*keys, *(node.targets[0].slice.value for node in assigned if isinstance(node.targets[0], ast.Subscript))}


def stages():
    """What each stage of the Dockerfile begins with, in order, and its text."""
    parts = re.split(r"^FROM (\S+) AS (\S+)$", dockerfile(), flags=re.MULTILINE)
    return {name: (base, text) for base, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)}


def test_dockerfile_builds_what_there_is():
    served, more = (set(each.split(",")) for each in re.findall(r'install [^"]*"\.\[([\w,]+)\]"', dockerfile()))
    assert served == {"serve", "files"} and more == set(FOR) - served and served | more <= known_extras()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    assert all((ROOT / name).exists() for names in copied for name in names.split())
    assert re.search(r"^USER 10001$", dockerfile(), re.MULTILINE)


def test_stages_take_what_is_before_them():
    seen = []
    for name, (base, text) in stages().items():
        assert base in seen or re.fullmatch(r"python:3\.\d+-slim", base)
        assert set(re.findall(r"--from=(\S+)", text)) <= set(seen)
        seen.append(name)
    assert dockerfile().count("\nFROM ") == len(seen) and seen[-1] == "serve"  # which compose builds, without a target
    assert set(re.findall(r"--target (\S+)", dockerfile())) == {"cli"} <= set(seen)
    base, text = stages()["cli"]
    assert base == "user" and 'ENTRYPOINT ["dlss-tf"]' in text and "WORKDIR /data" in text


def test_conda_s_environment_is_that_of_setup():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, by_pip = environment["dependencies"]
    assert (python, pip, by_pip) == ("python=3.11", "pip", {"pip": ["-e .[all]"]}) and "all" in known_extras()
    assert environment["channels"][0] == "conda-forge" and environment["name"] == "dlss-tf"


def test_dockerfile_runs_a_command_that_there_is(capsys):
    from dlss_tf.cli import main

    (line,) = re.findall(r"^ENTRYPOINT (.+)$", stages()["serve"][1], re.MULTILINE)
    program, *arguments = json.loads(line)
    place = arguments.index("--token-file") + 1
    assert program == "dlss-tf" and arguments[place] == "/run/secrets/token"
    arguments[place] = "/no/such/token"  # all options are known, and without a token it does not start
    assert main([*arguments, "--backend", "http://tensorflow-serving:8501"]) != 0
    assert "/no/such/token: expected a file with a token" in capsys.readouterr().err


@pytest.fixture
def answering():
    """`answering(status, text)`: port of a server that answers so."""

    def start(status, text):
        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Answers))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        return servers[-1].server_port

    servers, asked = [], []
    start.asked = asked
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here, as there is in the image")
@pytest.mark.parametrize(("state", "healthy"), [("AVAILABLE", True), ("LOADING", False), (None, False)])
def test_health_check_of_tensorflow_serving(compose, answering, state, healthy):
    answer = {"model_version_status": [{"version": "1", "state": state, "status": {"error_code": "OK"}}]}
    port = 9 if state is None else answering(200, json.dumps(answer, indent=1))
    cmd, *command = compose["services"]["tensorflow-serving"]["healthcheck"]["test"]
    assert cmd == "CMD" and "8501" in command[-1]
    command[-1] = command[-1].replace("8501", str(port))
    assert (subprocess.run(command, capture_output=True, timeout=10).returncode == 0) == healthy
    assert answering.asked == ([] if state is None else [f"/v1/models/{MODEL}"])


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_health_check_of_our_image(answering, status, healthy):
    (line,) = re.findall(r"^HEALTHCHECK .*\\\n +CMD (.+)$", dockerfile(), re.MULTILINE)
    program, *arguments = json.loads(line)
    assert program == "python" and "8080" in arguments[-1]
    arguments[-1] = arguments[-1].replace("8080", str(9 if status is None else answering(status, "")))
    assert (subprocess.run([sys.executable, *arguments], capture_output=True).returncode == 0) == healthy
    assert answering.asked == ([] if status is None else ["/v2/health/ready"])
