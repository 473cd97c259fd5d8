"""Goes through the scenario with Python's grpcio, and prints what came of each step as JSON.

Usage: client.py STUBS_FOLDER URL ADMIN_URL OPERATOR_KEY_FILE
"""

import importlib
import json
import pathlib
import secrets
import sys
import time

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from mails import Mails

stubs_folder, url, admin, key_file = sys.argv[1:]
sys.path.insert(0, stubs_folder)
mails = Mails(admin, key_file)
scenario = json.loads((pathlib.Path(__file__).parent / "scenario.json").read_text())
channel = grpc.insecure_channel(url.removeprefix("http://"))

later = (int(time.time()) + 30 * 24 * 3600) * 1000
known = {
    "email": f"python.{secrets.token_hex(6)}@example.org",
    "password": secrets.token_urlsafe(12),
    "new_password": secrets.token_urlsafe(12),
    "later": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later / 1000)),
}


def filled(value):
    """`value` with what is known for `$name`."""
    if isinstance(value, dict):
        return {name: filled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    if isinstance(value, str) and value.startswith("$"):
        return known[value[1:]]
    return value


def place(message, path):
    for name in path.split("."):
        message = message[name]
    return message


def method(name):
    """The stub's method, and the class of its request."""
    path, name = name.split("/")
    package, service = path.rsplit(".", 1)
    module = f"{package}.{package.replace('.', '_')}"
    services = importlib.import_module(module + "_pb2_grpc")
    described = importlib.import_module(module + "_pb2").DESCRIPTOR.services_by_name[service].methods_by_name[name]
    stub = getattr(services, service + "Stub")(channel)
    kind = described.input_type
    request = importlib.import_module(kind.file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return getattr(stub, name), getattr(request, kind.name), described.server_streaming


def ask(step):
    """The answers, and the session if there is one."""
    call, request, streams = method(step["rpc"])
    message = ParseDict(filled(step.get("message", {})), request())
    metadata = []
    if "bearer" in step:
        metadata.append(("authorization", "Bearer " + filled(step["bearer"])))
    if "refresh" in step:
        metadata.append(("x-refresh-token", filled(step["refresh"])))
    if streams:
        return list(call(message, metadata=metadata, timeout=30)), {}
    answer, done = call.with_call(message, metadata=metadata, timeout=30)
    return [answer], dict(done.initial_metadata())


def check(step, is_so, what):
    if not is_so:
        raise SystemExit(f"{step['it']}: {what}")


def refusal(step, error):
    """The reason of a refusal, which must be the one that the step expects."""
    details = {detail.TypeName(): detail for detail in rpc_status.from_call(error).details}
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    details["google.rpc.ErrorInfo"].Unpack(info)
    check(step, info.domain == "vestibule", info.domain)
    check(step, info.reason == step.get("refused"), f"refused: {error.code()} {info.reason} {error.details()}")
    check(step, error.code().name == step["status"], error.code())
    if "fields" in step:
        details["google.rpc.BadRequest"].Unpack(bad)
        fields = [violation.field for violation in bad.field_violations]
        check(step, fields == step["fields"], fields)
    return info.reason


def answered(step):
    if "mail" in step:
        known["mailed"] = mails.token(known["email"], step["mail"])
    try:
        answers, metadata = ask(step)
    except grpc.RpcError as error:
        return refusal(step, error)
    check(step, "refused" not in step, "was answered")
    if "count" in step:
        check(step, len(answers) == step["count"], len(answers))
        return "ok"
    if step.get("session"):
        known.update(
            access=metadata["x-access-token"], refresh=metadata["x-refresh-token"], session=metadata["x-session-id"]
        )
        check(step, int(metadata["x-access-expires-at"]) > time.time() * 1000, "has expired")
    if step.get("short"):
        known["short"] = metadata["x-access-token"]
        check(step, "x-refresh-token" not in metadata, "has a refresh token")
        check(step, int(metadata["x-access-expires-at"]) > time.time() * 1000, "has expired")
    # With what is false and empty: proto3 does not send it.
    fields = MessageToDict(answers[0], preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    for path, expected in filled(step.get("answer", {})).items():
        check(step, place(fields, path) == expected, f"{path} is {place(fields, path)}")
    for name, path in step.get("keep", {}).items():
        known[name] = place(fields, path)
    return "ok"


print(json.dumps({"transport": "gRPC, Python", "steps": [answered(step) for step in scenario]}))
