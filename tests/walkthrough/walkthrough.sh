#!/usr/bin/env bash
# Prints docs/walkthrough.md: every command is run, and what it prints is what it printed, with what differs from run to run
# replaced by a word in <>. It needs the ports 8080 and 8081 and curl; and Python with venv and PyPI for one section, which is left out
# where they are not to be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
clone=$PWD
cargo build --quiet --locked -p vestibule
program=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/debug
PATH=$program:$PATH
folder=$(mktemp -d)
cd "$folder"
server=
finish() {
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

plain() {
    sed -E \
        -e 's/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/<access token>/g' \
        -e 's/vsk_[A-Za-z0-9]+/<service key>/g' \
        -e 's/"A[A-Za-z0-9_-]{70}"/"<refresh token>"/g' \
        -e 's/"(signup_token|token)": ?"[A-Za-z0-9_-]{27}"/"\1":"<one-time token>"/g' -e 's/#[A-Za-z0-9_-]{27}/#<one-time token>/g' \
        -e 's/\b(session|family|jti|sid)=[A-Za-z0-9_-]{22}/\1=<\1>/g' -e 's/^[A-Za-z0-9_-]{22}  /<session>  /' \
        -e 's/\bkey=[A-Za-z0-9]{11}\b/key=<key id>/g' \
        -e 's/(key|revoke) [A-Za-z0-9]{11}\b/\1 <key id>/g' -e 's/^[A-Za-z0-9]{11} (signs)/<kid> \1/' \
        -e 's/again in [0-9]+ s/again in <seconds> s/' \
        -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/<id>/g' \
        -e 's/[0-9a-f]{64}/<digest>/g' -e 's/\b[0-9a-f]{12}\b/<digest>/g' \
        -e 's/"(jti|sid|kid|x|client_id|session_id|service_key)": ?"[A-Za-z0-9_-]+"/"\1":"<\1>"/g' \
        -e 's/"id":"0[0-9]{13}\//"id":"<milliseconds>\//' -e 's/\b1[0-9]{12}\b/<milliseconds>/g' -e 's/\b1[0-9]{9}\b/<seconds>/g' \
        -e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?(Z|UTC)?/<moment>/g' \
        -e 's/\b[0-9]{6}\b( bytes)?/<size>/g' -e 's/[0-9.]+ [KM]i?B\b/<size>/g' \
        -e "s#$folder#.#g"
}

say() { printf '\n%s\n' "$*"; }

# Shows a command.
show() { printf '\n```console\n$ %s\n```\n' "$1"; }

# Shows a command and what it prints; a failure is shown by its exit code.
try() {
    printf '\n```console\n$ %s\n' "$1"
    local code=0
    eval "$1" >printed 2>&1 || code=$?
    plain <printed
    [ -z "$(tail -c1 printed)" ] || echo
    [ $code -eq 0 ] || echo "exit code $code"
    printf '```\n'
}

start() {
    : >serve.log
    vestibule serve >serve.log 2>serve.err &
    server=$!
    # Waits for the line that says that it listens, or for the end of the server.
    until grep -q listening serve.log; do
        kill -0 "$server" 2>/dev/null || { cat serve.err >&2; exit 1; }
        read -rt 0.05 <> <(:) || true
    done
    printf '\n```console\n$ vestibule serve &\n'
    plain <serve.log
    printf '```\n'
}

# Waits until no mail is on its way any more.
captured() {
    while vestibule mail list --json | grep -qE '"state": ?"(queued|sending)"'; do
        read -rt 0.05 <> <(:) || true
    done
}

field() { sed -E "s/.*\"$1\": ?\"([^\"]+)\".*/\1/" | tail -1; }

cat <<'MD'
# Walkthrough

From an empty folder to a drained stop. A script makes this page from a real run, and continuous integration compares it with
what the run prints now: words in `<>` stand for what differs from run to run.

## Start
MD
say 'No configuration is needed: an empty folder becomes the data folder, and the key for the first requests lies in it.'
start
try 'ls data; stat -c %a data data/operator.key data/keys/root'
try 'curl -s -i http://127.0.0.1:8080/readyz | head -1'

say '## The four commands'
say 'From the command line, with the operator key of `./data`:'
try "vestibule call token generate-tokens '{\"id\": \"user-1\"}'"
access=$(field access_token <printed)
refresh=$(field refresh_token <printed)
say 'Over HTTP, with the same key as a bearer token:'
key=$(cat data/operator.key)
try 'curl -s http://127.0.0.1:8080/v1/token/verify-token -H "authorization: Bearer $key" -H "content-type: application/json" -d "{\"access_token\": \"$access\"}"'
try 'curl -s http://127.0.0.1:8080/v1/token/refresh-tokens -H "authorization: Bearer $key" -H "content-type: application/json" -d "{\"refresh_token\": \"$refresh\"}"'
newer=$(field refresh_token <printed)
newer_access=$(field access_token <printed)
try 'vestibule call token blacklist-tokens "{\"refresh_token\": \"$newer\", \"access_token\": \"$newer_access\"}"'
try 'vestibule call token verify-token "{\"access_token\": \"$access\"}"'
say 'The family has ended, and with it every access token that belonged to it.'

say '## The same message twice'
say 'A message with an idempotency key is carried out once. The same request again gets the same reply; another request under the same key is refused.'
try "vestibule call token generate-tokens '{\"id\": \"user-2\"}' --id order-17 | tee first"
try "vestibule call token generate-tokens '{\"id\": \"user-2\"}' --id order-17 | cmp - first && echo the same reply"
try "vestibule call token generate-tokens '{\"id\": \"user-3\"}' --id order-17"
try 'vestibule call token list-sessions "{\"id\": \"user-2\"}"'

say '## A stolen refresh token'
say 'Somebody copied a refresh token. Its owner goes on refreshing; then the copy is used. Nobody can tell who is who, so the family ends for both.'
stolen=$(field refresh_token <first)
try 'vestibule call token refresh-tokens "{\"refresh_token\": \"$stolen\"}"'
second=$(field refresh_token <printed)
try 'vestibule call token refresh-tokens "{\"refresh_token\": \"$second\"}"'
third=$(field refresh_token <printed)
try 'vestibule call token refresh-tokens "{\"refresh_token\": \"$stolen\"}"'
try 'vestibule call token refresh-tokens "{\"refresh_token\": \"$third\"}"'
try 'vestibule call token list-sessions "{\"id\": \"user-2\"}"'

say '## What is refused'
try 'curl -s http://127.0.0.1:8080/v1/token/verify-token -d "{}"'
try 'curl -s http://127.0.0.1:8080/v1/token/verify-token -H "authorization: Bearer $key" -H "content-type: application/json" -d "{\"access_tokn\": 1}"'
try "vestibule call token generate-tokens '{\"id\": \"\"}'"
try "vestibule call nowhere nothing '{}'"
try "vestibule call token generate-tokens '{\"id\": 7}'"
try "vestibule call token generate-tokens '{\"id\": \"a\", \"id\": \"b\"}'"
say 'A text with a control character breaks a rule; half a surrogate is no text at all.'
try "vestibule call token generate-tokens '{\"id\": \"s3cret\\u0000\"}'"
try "vestibule call token generate-tokens '{\"id\": \"s3cret\\ud800\"}'"
say 'Texts, lists and requests have their lengths, and moments a beginning.'
try "printf '{\"id\": \"%065537d\"}' 0 | vestibule call token generate-tokens -"
try "printf '{\"users\": [%s0]}' \"\$(yes 0, | head -10000 | tr -d '\\n')\" | vestibule call authorization import-users -"
try "printf '%300000s' '' | vestibule call token verify-token -"
try "vestibule call authorization import-users '{\"users\": [{\"email\": \"ann@example.org\", \"registered_at\": -1}]}'"
say 'What is configured wrong is told before anybody can be served: a link in mails without its token, say.'
try "VESTIBULE_COMPONENTS__EMAIL__CONFIG__VERIFY_LINK='{public-origin}/welcome' timeout 60 vestibule serve --data other --listen 127.0.0.1:0 --admin 127.0.0.1:0 2>&1 | tail -1"

say '## A key for a service of yours'
try 'vestibule key create billing --scope token/verify-token'
limited=$(grep -o 'vsk_[A-Za-z0-9]*' printed | head -1)
try 'vestibule call token verify-token --key "$limited" "{\"access_token\": \"nonsense\"}"'
try "vestibule call token generate-tokens --key \"\$limited\" '{\"id\": \"user-1\"}'"

say '## A person'
say 'Strangers reach what they need of `accounts` without a credential. Without a mail server mails are captured, for you to look at.'
post() { curl -s "http://127.0.0.1:8080/v1/accounts/$1" -H 'content-type: application/json' -d "$2" "${@:3}"; }
printf '\n```console\n$ post() { curl -s "http://127.0.0.1:8080/v1/accounts/$1" -H "content-type: application/json" -d "$2" "${@:3}"; }\n```\n'
try "post sign-up '{\"email\": \"ada@example.org\", \"password\": \"nine wet otters sing\", \"first_name\": \"Ada\", \"last_name\": \"King\"}' -o reply -w '%{http_code}\\n'"
captured
try 'vestibule mail list --json | grep -oE "\"(to|subject|state)\": ?\"[^\"]*\""'
mail=$(vestibule mail list --json | field id)
token=$(vestibule mail show "$mail" --json | grep -o 'verify-email#[A-Za-z0-9_-]*' | head -1)
token=${token#*#}
say 'The link in the mail leads to a page that posts the token. So does this:'
try 'post verify-email "{\"token\": \"$token\"}" -w "%{http_code}\n"'
try 'post verify-email "{\"token\": \"nonsense\"}"'
try "post sign-in '{\"email\": \"ada@example.org\", \"password\": \"wrong\"}'"
try "post sign-in '{\"email\": \"ada@example.org\", \"password\": \"nine wet otters sing\"}'"
access=$(field access_token <printed)
refresh=$(field refresh_token <printed)
say 'With the access token she is a user:'
try 'post profile "{}" -H "authorization: Bearer $access"'
try 'post list-sessions "{}" -H "authorization: Bearer $access"'
try 'post refresh-session "{\"refresh_token\": \"$refresh\"}"'
access=$(field access_token <printed)
try "post change-password '{\"current\": \"nine wet otters sing\", \"new\": \"password1234\"}' -H \"authorization: Bearer \$access\""
try "post change-password '{\"current\": \"nine wet otters sing\", \"new\": \"eleven dry badgers hum\"}' -H \"authorization: Bearer \$access\" -w '%{http_code}\\n'"
say 'A forgotten password is set anew by a link, which ends every session.'
try "post reset-password '{\"email\": \"ada@example.org\"}' -w '%{http_code}\\n'"
captured
mail=$(vestibule mail list --json | field id)
sent=$(vestibule mail show "$mail" --json | grep -o 'new-password#[A-Za-z0-9_-]*' | head -1)
sent=${sent#*#}
try 'post new-password "{\"code\": \"$sent\", \"password\": \"twelve odd geese nap\"}" -w "%{http_code}\n"'
try 'post profile "{}" -H "authorization: Bearer $access"'
try "post sign-in '{\"email\": \"ada@example.org\", \"password\": \"twelve odd geese nap\"}' > session; head -c 1 session"
access=$(field access_token <session)
. "$clone/tests/walkthrough/python.sh"
try "post delete-account '{\"password\": \"twelve odd geese nap\"}' -H \"authorization: Bearer \$access\" -w '%{http_code}\\n'"

say '## A service with pages of its own'
say 'A shop keeps its own pages and its own tokens. Its key names the commands that it needs, each of them, and may name the user it acts for.'
try 'vestibule key create shop --act-as \
    --scope=authorization/{registration,cancel-registration,get-user,save-token,get-access-token,get-refresh-token} \
    --scope=authorization/{revoke-token,verify-scope,get-signup-token,verify-email,get-forgot-password-token,reset-password} \
    --scope=users/{registration,get-user-by-auth-id,update-user} --scope=email/{send-verify-email,send-forgot-password-email} \
    --scope=token/{generate-tokens,verify-token,refresh-tokens,blacklist-tokens}'
shop=$(grep -o 'vsk_[A-Za-z0-9]*' printed | head -1)
ask() { vestibule call --key "$shop" "$@"; }
printf '\n```console\n$ ask() { vestibule call --key "$shop" "$@"; }\n```\n'
say 'Somebody registers. The shop gets the token for the mail, and has the mail sent.'
try "ask authorization registration '{\"email\": \"grace@example.org\", \"password\": \"eight red foxes run\"}'"
grace=$(field id <printed)
token=$(field signup_token <printed)
try "ask authorization registration '{\"email\": \"Grace@Example.org\", \"password\": \"eight red foxes run\"}'"
try "ask users registration \"{\\\"auth_id\\\": \\\"\$grace\\\", \\\"email\\\": \\\"grace@example.org\\\", \\\"first_name\\\": \\\"Grace\\\", \\\"last_name\\\": \\\"\\\"}\""
try "ask email send-verify-email \"{\\\"email\\\": \\\"grace@example.org\\\", \\\"token\\\": \\\"\$token\\\", \\\"first_name\\\": \\\"Grace\\\", \\\"about\\\": \\\"\$grace\\\"}\""
say 'Another token so soon there is not: the first is good for a day.'
try "ask authorization get-signup-token '{\"email\": \"grace@example.org\"}'"
try 'ask authorization verify-email "{\"token\": \"$token\"}"'
say 'Somebody else mistyped their address; the shop takes the account back, and could not if it were in use.'
try "ask authorization registration '{\"email\": \"typo@example.org\", \"password\": \"eight red foxes run\"}'"
typo=$(field id <printed)
try 'ask authorization cancel-registration "{\"id\": \"$typo\"}"'
try 'ask authorization cancel-registration "{\"id\": \"$grace\"}"'
say 'Who is it? Nothing says whether address or password was wrong.'
try "ask authorization get-user '{\"email\": \"grace@example.org\", \"password\": \"eight red foxes run\"}'"
try "ask authorization get-user '{\"email\": \"grace@example.org\", \"password\": \"wrong\"}'"
try 'ask users get-user-by-auth-id "{\"auth_id\": \"$grace\"}"'
profile=$(field id <printed)
say 'A profile is its owner'"'"'s: the shop says for whom it acts.'
try 'ask users update-user "{\"id\": \"$profile\", \"last_name\": \"Hopper\"}" --as "$grace"'
try 'ask users update-user "{\"id\": \"$profile\", \"last_name\": \"Hopper\"}" --as somebody-else'
say 'Tokens that the shop made itself are kept for it, as keyed hashes.'
soon=$(($(date +%s%3N) + 600000))
later=$(($(date +%s%3N) + 86400000))
pair='{\"access_token\": \"shop-access-token-one\", \"access_token_expires_at\": $soon, \"refresh_token\": \"shop-refresh-token-one\", \"refresh_token_expires_at\": $later, \"user\": {\"id\": \"$grace\"}}'
try "ask authorization save-token \"$pair\""
try "ask authorization get-access-token '{\"access_token\": \"shop-access-token-one\"}'"
try "ask authorization get-refresh-token '{\"refresh_token\": \"shop-refresh-token-one\"}'"
try 'ask authorization verify-scope "{\"access_token\": \"shop-access-token-one\", \"access_token_expires_at\": $soon, \"user\": {\"id\": \"$grace\"}, \"scopes\": [\"user\"]}"'
try 'ask authorization verify-scope "{\"access_token\": \"shop-access-token-one\", \"access_token_expires_at\": $soon, \"user\": {\"id\": \"$grace\"}, \"scopes\": [\"admin\"]}"'
try 'ask authorization revoke-token "{\"refresh_token\": \"shop-refresh-token-one\", \"user\": {\"id\": \"$grace\"}, \"reason\": \"logout\"}"'
try 'ask authorization revoke-token "{\"refresh_token\": \"shop-refresh-token-one\", \"user\": {\"id\": \"$grace\"}, \"reason\": \"logout\"}"'
try "ask authorization get-access-token '{\"access_token\": \"shop-access-token-one\"}'"
say 'Or it takes the JSON Web Tokens of `token`.'
try 'ask token generate-tokens "{\"id\": \"$grace\"}"'
access=$(field access_token <printed)
refresh=$(field refresh_token <printed)
try 'ask token refresh-tokens "{\"refresh_token\": \"$refresh\"}"'
refresh=$(field refresh_token <printed)
try 'ask token verify-token "{\"access_token\": \"$access\"}"'
try 'ask token blacklist-tokens "{\"refresh_token\": \"$refresh\", \"access_token\": \"$access\"}"'
try 'ask token verify-token "{\"access_token\": \"$access\"}"'
say 'A forgotten password:'
try "ask authorization get-forgot-password-token '{\"email\": \"grace@example.org\"}'"
token=$(field token <printed)
try "ask email send-forgot-password-email \"{\\\"email\\\": \\\"grace@example.org\\\", \\\"token\\\": \\\"\$token\\\", \\\"about\\\": \\\"\$grace\\\"}\""
try 'ask authorization reset-password "{\"token\": \"$token\", \"password\": \"seven wild geese fly\"}"'
try 'ask authorization reset-password "{\"token\": \"$token\", \"password\": \"seven wild geese fly\"}"'
say 'What its key does not name, it does not reach.'
try 'ask token revoke-subject "{\"id\": \"$grace\"}"'

say '## Mails'
captured
try 'vestibule mail list'
mail=$(vestibule mail list --json | grep -o '{[^}]*"Set a new password[^}]*}' | field id)
try 'vestibule mail show "$mail"'
say 'A mail is tried again at once, as long as its time is not over. Without a server it is captured again; [operations](operations.md#mail) says how to name one.'
try 'vestibule mail retry "$mail"'
captured
try "vestibule mail list --state failed"

say '## People, by their operator'
say 'A fresh installation has no account. The first administrator is made on the machine; the password comes from the terminal or from standard input, never from an argument.'
try "printf 'ten blue herons wade\\n' | vestibule user create admin@example.org --owner --verified"
admin=$(tail -1 printed)
try 'vestibule user show "$admin"'
try 'vestibule user find grace@example.org'
try 'vestibule user find nobody@example.org'
say 'Whom she disables is out at once, and comes back by a new sign-in only.'
try "post sign-in '{\"email\": \"grace@example.org\", \"password\": \"seven wild geese fly\"}' > session; head -c 1 session"
access=$(field access_token <session)
try 'vestibule user sessions "$grace"'
try 'vestibule user disable "$grace"'
try 'vestibule user find grace@example.org | grep state'
try 'post profile "{}" -H "authorization: Bearer $access"'
try "post sign-in '{\"email\": \"grace@example.org\", \"password\": \"seven wild geese fly\"}'"
try 'vestibule user enable "$grace"'
try "post sign-in '{\"email\": \"grace@example.org\", \"password\": \"seven wild geese fly\"}' > session; head -c 1 session"
try 'vestibule user end-sessions "$grace"'
try 'vestibule user sessions "$grace"'
try 'vestibule user roles "$grace" user admin'
try 'vestibule user roles "$grace" emperor'
say 'People come over from another system, a line each. What is wrong with a line is told by place and rule, and the others are imported.'
cat >users.jsonl <<'JSONL'
{"email": "ann@example.org", "id": "legacy/1", "is_email_verified": true, "first_name": "Ann"}
{"email": "s3cret at example.org"}
{"email": "cyd@example.org", "registered_at": -5, "shoe_size": 38}
{"email": "dan@example.org", "first_name": "s3cret
{"email": "eve@example.org", "registered_at": 1500000000000}
JSONL
try 'cat users.jsonl'
try 'vestibule user import users.jsonl'
say 'Mended, it goes on from the first of them; what is there already stays as it is.'
sed -i -e 's/s3cret at /bob@/' -e 's/-5, "shoe_size": 38/0/' -e 's/"s3cret$/"Dan"}/' users.jsonl
try 'vestibule user import users.jsonl --from 2'
try 'vestibule user import users.jsonl'
say 'An import that loses its server says where to go on.'
try 'vestibule user import users.jsonl --url http://127.0.0.1:1'
try 'vestibule user show legacy/1'

say '## What is stored about somebody'
try 'vestibule subject export "$grace" | grep -oE "\"(channel|host)\": ?\"[a-z-]+\"" | sort | uniq -c | tr -s " "'
try 'vestibule user delete "$grace"'
try 'vestibule subject forget "$grace"'
try 'vestibule subject export "$grace"'
say 'What was decided stays on record, with the id and without the person: who, what, outcome and the class of its reason, and where from.'
try 'vestibule audit tail -n 3'
try 'vestibule audit export --subject "$grace" --action sign-in'
try 'vestibule audit export --subject "$grace" --action subject-forget --json'

say '## Rotating the signing key'
say 'The next key is published before it signs, so that whoever keeps a copy of the key set knows it in time; a rotation that comes too early is refused unless it is forced.'
try 'vestibule call token generate-tokens "{\"id\": \"user-4\"}" > before; vestibule signing-key rotate'
try 'vestibule signing-key rotate --force | head -1'
old=$(field access_token <before)
try 'vestibule call token verify-token "{\"access_token\": \"$old\"}" | grep -o "\"valid\": *true"'
try 'curl -s http://127.0.0.1:8080/.well-known/jwks.json | grep -o "\"alg\":\"EdDSA\"" | sort | uniq -c | tr -s " "'

say '## A crash'
say 'What was answered is on the disk. After `kill -9` the next start goes on where this one stopped.'
printf '\n```console\n$ kill -9 %%1\n```\n'
{ kill -9 "$server" && wait "$server"; } 2>/dev/null || true
start
try 'vestibule call token verify-token "{\"access_token\": \"$old\"}" | grep -o "\"valid\": *true"'
try 'vestibule call token refresh-tokens "{\"refresh_token\": \"$third\"}"'
try 'vestibule doctor'

say '## A stop'
say '`SIGTERM` lets the messages in flight finish, closes idle connections and exits with 0.'
printf '\n```console\n$ kill %%1; wait %%1; echo "exit code $?"\n'
kill "$server"
code=0
wait "$server" || code=$?
server=
echo "exit code $code"
printf '```\n'
