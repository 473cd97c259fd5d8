"""Many clients at once, long streams and a server that is stopped, over gRPC against the built server.

Usage: many.py STUBS_FOLDER URL ADMIN_URL OPERATOR_KEY_FILE SERVER_PID
Stops the server at its end. Its bucket `api-token-create` must be large.
"""

import concurrent.futures
import os
import pathlib
import secrets
import signal
import sys
import threading
import time

import grpc

from mails import Mails

stubs_folder, url, admin, key_file, server = sys.argv[1:]
sys.path.insert(0, stubs_folder)

from google.protobuf.empty_pb2 import Empty  # noqa: E402
from accounts.v1 import accounts_v1_pb2 as accounts, accounts_v1_pb2_grpc as accounts_rpc  # noqa: E402
from test.v1 import test_v1_pb2 as test, test_v1_pb2_grpc as test_rpc  # noqa: E402
from tokens.v1 import tokens_v1_pb2 as tokens, tokens_v1_pb2_grpc as tokens_rpc  # noqa: E402

CLIENTS = 64
TOKENS = 1_000  # as many as somebody may have
target = url.removeprefix("http://")
mails = Mails(admin, key_file)


def opened():
    # A connection of its own: channels to one target share one otherwise.
    return grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])


channel = opened()
public = accounts_rpc.PublicAccountsServiceStub(channel)
owned = tokens_rpc.TokensServiceStub(channel)
pongs = test_rpc.TestAuthServiceStub(channel)


def check(is_so, what):
    if not is_so:
        raise SystemExit(what)


def bearer(value):
    return [("authorization", f"Bearer {value}")]


def is_good(value):
    """Whether a credential is worth a pong."""
    try:
        pongs.Pong(test.PongRequest(), metadata=bearer(value), timeout=30)
        return True
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.UNAUTHENTICATED, error)
        return False


def signed_in():
    """The session of somebody new whose address is verified."""
    email, password = f"many.{secrets.token_hex(6)}@example.org", secrets.token_urlsafe(12)
    public.SignUp(accounts.SignUpRequest(email=email, password=password), timeout=30)
    public.VerifyEmail(accounts.VerifyEmailRequest(token=mails.token(email, "verify-email")), timeout=30)
    _, call = public.SignIn.with_call(accounts.SignInRequest(email=email, password=password), timeout=30)
    return dict(call.initial_metadata())


def refreshed(refresh_token):
    with opened() as own:
        stub = accounts_rpc.AccountsServiceStub(own)
        _, call = stub.RefreshSession.with_call(Empty(), metadata=[("x-refresh-token", refresh_token)], timeout=60)
        return dict(call.initial_metadata())


def one_session_is_refreshed_by_many(pool):
    session = signed_in()
    sessions = list(pool.map(refreshed, [session["x-refresh-token"]] * CLIENTS))
    leaves = {found["x-refresh-token"] for found in sessions}
    check(len(leaves) == 1, f"{len(leaves)} live refresh tokens")
    check(all(is_good(found["x-access-token"]) for found in sessions), "somebody is stranded")
    refreshed(leaves.pop())
    print(f"{CLIENTS} clients refreshed one session: one live refresh token, nobody stranded")


def created(name, session):
    request = tokens.CreateTokenRequest(token_metadata=tokens.TokenMetadata(name=name))
    request.token_metadata.expires_at.FromSeconds(int(time.time()) + 30 * 24 * 3600)
    return owned.CreateToken(request, metadata=bearer(session["x-access-token"]), timeout=60)


def a_token_is_regenerated_under_load(pool):
    session = signed_in()
    token = created("regenerated", session)
    value, goes_on = token.token_value.token, threading.Event()
    goes_on.set()

    def load():
        asked = 0
        while goes_on.is_set():
            check(is_good(session["x-access-token"]), "the load is refused")
            asked += 1
        return asked

    loads = [pool.submit(load) for _ in range(8)]
    times = 50
    for _ in range(times):
        request = tokens.RegenerateTokenRequest(token_uuid=token.token_uuid)
        answer = owned.RegenerateToken(request, metadata=bearer(session["x-access-token"]), timeout=60)
        before, value = value, answer.token_value.token
        check((is_good(before), is_good(value)) == (False, True), "two values are valid, or none")
    goes_on.clear()
    asked = sum(load.result() for load in loads)
    print(f"a token was made anew {times} times beside {asked} pongs: one value was valid each time")


def resident_mb():
    status = pathlib.Path(f"/proc/{server}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def a_long_list_streams_and_ends(pool):
    session = signed_in()
    # One after the other: those of one owner would run again and again for each other.
    for number in range(TOKENS):
        created(f"token {number}", session)
    listing = {"metadata": bearer(session["x-access-token"]), "timeout": 120}
    before = resident_mb()
    counts = list(pool.map(lambda _: len(list(owned.ListTokens(Empty(), **listing))), range(CLIENTS)))
    check(counts == [TOKENS] * CLIENTS, f"lists of {set(counts)}")
    grown = resident_mb() - before
    check(grown < 64, f"the server grew by {grown:.0f} MB")
    stream = owned.ListTokens(Empty(), **listing)
    next(stream)
    stream.cancel()
    check(is_good(session["x-access-token"]), "nothing is answered after a client went away")
    # One that is being taken when the server is stopped.
    stream = owned.ListTokens(Empty(), **listing)
    next(stream)
    os.kill(int(server), signal.SIGTERM)
    rest = sum(1 for _ in stream)
    check(rest == TOKENS - 1, f"{rest} of {TOKENS - 1} came after SIGTERM")
    print(f"{CLIENTS} lists of {TOKENS} tokens at once: the server grew by {max(grown, 0):.0f} MB; one went on to its end after SIGTERM")


with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
    one_session_is_refreshed_by_many(pool)
    a_token_is_regenerated_under_load(pool)
    a_long_list_streams_and_ends(pool)
