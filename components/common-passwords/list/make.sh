#!/bin/sh
# Makes the list anew, in the folder that this script is in. Needs npm and node.
set -eu
cd "$(dirname "$0")"

package=@zxcvbn-ts/language-common
version=4.1.3
integrity=sha512-g2bg4skmlJG9aJqC/nWziZzgYpSe/f3rKeGobrkdFiOrfZVFqqzUgC6BUQWuX54Sua9j0Jxxt+1bf4f/Mal1Kg==

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

found=$(npm view "$package@$version" dist.integrity)
[ "$found" = "$integrity" ] || { echo "$package@$version is not what it was: $found" >&2; exit 1; }
# npm checks what it fetches against that hash.
npm pack --silent --pack-destination "$scratch" "$package@$version" >/dev/null
tar -xzf "$scratch"/*.tgz -C "$scratch"

# In their order, the most common first. Shorter ones are refused for their length wherever this is used.
node -e '
const passwords = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
const kept = passwords.filter((password) => [...password].length >= 8);
process.stdout.write(kept.map((password) => password + "\n").join(""));
' "$scratch/package/src/passwords.json" >passwords.txt
cp "$scratch/package/LICENSE.txt" LICENSE
