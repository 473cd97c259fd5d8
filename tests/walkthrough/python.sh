# The section of walkthrough.sh with a client in Python. It stands between two marks, by which check.sh knows whether it is there.

ln -s "$clone/proto" "$clone/tests" .
install='python3 -m venv python && python/bin/pip install --quiet --disable-pip-version-check -r tests/clients/requirements.txt'
if eval "$install" >install.log 2>&1; then
    printf '<!-- needs PyPI -->\n'
    say '### From a program'
    say 'Programs speak gRPC on the same address ([grpc.md](grpc.md)). Python makes its stubs from `proto/`:'
    show "$install"
    try 'python/bin/python -m grpc_tools.protoc -I proto --python_out . --grpc_python_out . proto/{accounts,tokens}/v1/*.proto'
    cat >client.py <<'PYTHON'
import time

import grpc
from accounts.v1 import accounts_v1_pb2 as accounts, accounts_v1_pb2_grpc as accounts_rpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status
from tokens.v1 import tokens_v1_pb2 as tokens, tokens_v1_pb2_grpc as tokens_rpc

channel = grpc.insecure_channel("127.0.0.1:8080")
people = accounts_rpc.PublicAccountsServiceStub(channel)
service = tokens_rpc.TokensServiceStub(channel)


def bearer(token):
    return [("authorization", "Bearer " + token)]


def refused(ask):
    """What the server says to a request that it refuses."""
    try:
        ask()
    except grpc.RpcError as error:
        for detail in rpc_status.from_call(error).details:
            info, bad = ErrorInfo(), BadRequest()
            if detail.Unpack(info):
                print(error.code().name, info.reason)
            if detail.Unpack(bad):
                print(*(f"{field.field} {field.description}" for field in bad.field_violations))


def create(name, credential):
    expires_at = Timestamp(seconds=int(time.time()) + 30 * 24 * 3600)
    metadata = tokens.TokenMetadata(name=name, expires_at=expires_at)
    permissions = tokens.TokenPermissions(scopes=["tokens:read"])
    request = tokens.CreateTokenRequest(token_metadata=metadata, token_permissions=permissions)
    return service.CreateToken(request, metadata=bearer(credential))


def sign_in(password):
    return people.SignIn.with_call(accounts.SignInRequest(email="ada@example.org", password=password))


refused(lambda: sign_in("wrong"))
_, call = sign_in("twelve odd geese nap")
metadata = dict(call.initial_metadata())
print("session=" + metadata["x-session-id"])
session = metadata["x-access-token"]
refused(lambda: create("", session))

# A token of a program's own, which lives longer than the session and may do less.
made = create("nightly build", session)
print("made", made.token_uuid.uuid)
for token in service.ListTokens(Empty(), metadata=bearer(made.token_value.token)):
    print("listed", token.token_metadata.name, list(token.token_permissions.scopes))
refused(lambda: create("another", made.token_value.token))
end = tokens.ForceTokenExpirationRequest(token_uuid=made.token_uuid)
service.ForceTokenExpiration(end, metadata=bearer(session))
refused(lambda: list(service.ListTokens(Empty(), metadata=bearer(made.token_value.token))))
PYTHON
    try 'cat client.py'
    try 'python/bin/python client.py'
    printf '<!-- up to here -->\n'
else
    printf 'a section is left out: there is no Python with venv, or no PyPI, here\n' >&2
fi
