#!/bin/sh
# Installs provisioning (Linux, macOS, FreeBSD).
#
#   PROVISIONING_RELEASES_URL=https://releases.example.org sh install.sh
#   sh install.sh --prefix "$HOME/.local" --packages core,platform
#
# Finds out what machine this is, brings a Node.js and the setup program, verifies both and leaves the rest to it.
set -eu

base=${PROVISIONING_RELEASES_URL:-'@RELEASES_URL@'}
prefix=/usr/local
version=@VERSION@
release_key=${PROVISIONING_RELEASE_KEY:-}
system_node=false
require_signature=false
from_source=false

fail() { # fail <exit code> <message>
  echo "error: $2" >&2
  exit "$1"
}

usage() {
  cat <<'END'
Usage: install.sh [options]

  --prefix P, --install-path P  where to install (default /usr/local)
  --user                        install to ~/.local
  --version V                   a version instead of the latest
  --packages a,b                core, platform, extensions, templates (default core)
  --bundle ID                   a tested set of versions, such as stable
  --variant complete|minimal    (default complete)
  --from-source                 build and install the source tree this is run in
  --no-replace-existing         refuse a prefix that is in use
  --system-node                 use the Node.js on the PATH
  --require-signature           refuse releases without a valid signature
  --release-key FILE            public key of the releases
  --dry-run                     say what would be done
  --yes                         replace another version without asking
  --verbose                     say more

PROVISIONING_RELEASES_URL says where releases are: an address, file:// or a folder.
END
  if [ -n "$base" ]; then echo "Without it: $base"; fi
}
case $base in @*) base= ;; esac

arguments=
quote() { printf "%s" "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"; }
pass() { for word; do arguments="$arguments $(quote "$word")"; done; }
needs_value() { [ $# -ge 2 ] || fail 2 "Missing value for $1"; }

while [ $# -gt 0 ]; do
  case $1 in
    --*=*) option=${1%%=*}; value=${1#*=}; shift; set -- "$option" "$value" "$@"; continue ;;
    --prefix | --install-path) needs_value "$@"; prefix=$2; shift ;;
    --user) prefix=$HOME/.local ;;
    --version) needs_value "$@"; version=$2; pass --version "$2"; shift ;;
    --packages | --bundle | --variant) needs_value "$@"; pass "$1" "$2"; shift ;;
    --release-key) needs_value "$@"; release_key=$2; shift ;;
    --system-node) system_node=true ;;
    --require-signature) require_signature=true; pass "$1" ;;
    --from-source) from_source=true ;;
    --no-replace-existing | --dry-run | --yes | --verbose | --force) pass "$1" ;;
    -h | --help) usage; exit 0 ;;
    *) fail 2 "Unknown option: $1" ;;
  esac
  shift
done

# 1. The machine.
os=$(uname -s)
case $os in
  Linux) system=linux ;;
  Darwin) system=macos ;;
  FreeBSD) system=freebsd; system_node=true ;;
  *) fail 1 "Unsupported operating system: $os" ;;
esac
machine=$(uname -m)
case $machine in
  x86_64 | amd64) architecture=amd64 ;;
  aarch64 | arm64) architecture=arm64 ;;
  *) fail 1 "Unsupported architecture: $machine" ;;
esac

# 2. What it takes.
has() { command -v "$1" >/dev/null 2>&1; }
new_enough() {
  has node && node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>22||a===22&&b>=18?0:1)'
}
if $from_source; then
  if [ ! -f package.json ] || [ ! -d packages/core-cli ]; then fail 1 "Must run from project root"; fi
  if ! has npm || ! new_enough; then fail 1 "Node.js 22.18 or newer required"; fi
  npm ci && npm run build
  eval "exec npm run install-local -- --prefix $(quote "$prefix")"
fi
[ -n "$base" ] || fail 3 "Nobody has said where releases are: set PROVISIONING_RELEASES_URL to the address, or the folder, that has them"
has tar || fail 1 "tar not found"
case $base in
  http://* | https://*) has curl || has wget || fail 1 "curl or wget required" ;;
esac
if has sha256sum; then sum() { sha256sum "$1" | cut -d ' ' -f 1; }
elif has shasum; then sum() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
else fail 1 "sha256sum or shasum required"; fi
if $system_node; then new_enough || fail 1 "Node.js 22.18 or newer required"; fi

# 3. Permission; nobody becomes root silently.
folder=$prefix
while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
[ -w "$folder" ] || fail 4 "Cannot write to $prefix. Use sudo or --prefix=\$HOME/.local"

# 4. Downloads, in a private folder.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fetch() { # fetch <path below the base> <file>
  case $base in
    http://* | https://*) ;;
    *)
      [ -f "${base#file://}/$1" ] || return 1
      cp "${base#file://}/$1" "$2" 2>/dev/null || fail 1 "Cannot copy $1 to $work; is the disk full? TMPDIR names another place"
      return 0
      ;;
  esac
  for attempt in 1 2 3; do
    if has curl; then curl -fsSL -o "$2" "$base/$1" && return 0
    else wget -q -O "$2" "$base/$1" && return 0; fi
    rm -f "$2"
    [ "$attempt" = 3 ] || sleep "$attempt"
  done
  return 1
}

if [ "$version" = latest ]; then
  pass --latest
  if fetch latest "$work/latest" 2>/dev/null; then
    version=$(head -n 1 "$work/latest")
  else
    case $base in http://* | https://*) fail 1 "Cannot find out the latest version at $base" ;; esac
    version=$(cd "${base#file://}" 2>/dev/null && for file in */provisioning-setup-*.mjs; do
      name=${file##*/provisioning-setup-}
      [ "$file" = "*/provisioning-setup-*.mjs" ] || echo "${name%.mjs}"
    done | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
    [ -n "$version" ] || fail 5 "No release at $base"
  fi
fi

download() { # download <file>: fetches it and compares its checksum
  fetch "$version/$1" "$work/$1" || fail 1 "Download failed: $base/$version/$1"
  expected=$(awk -v name="$1" '$2 == name || $2 == "*" name { print $1 }' "$work/checksums.txt")
  if [ -z "$expected" ] || [ "$(sum "$work/$1")" != "$expected" ]; then
    rm -f "$work/$1"
    fail 1 "Checksum mismatch for $1"
  fi
}

fetch "$version/checksums.txt" "$work/checksums.txt" || fail 1 "Download failed: $base/$version/checksums.txt"

# The key that releases are signed with, when this script was made with one.
if [ -z "$release_key" ]; then
  cat >"$work/release-key.asc" <<'KEY'
@RELEASE_KEY@
KEY
  if [ "$(wc -l <"$work/release-key.asc")" -gt 1 ]; then release_key=$work/release-key.asc; fi
fi
if [ -n "$release_key" ] && has gpg; then
  mkdir -m 700 "$work/gnupg"
  if fetch "$version/checksums.txt.sig" "$work/checksums.txt.sig" 2>/dev/null; then
    verify() { gpg --homedir "$work/gnupg" --batch --quiet --trust-model always "$@" 2>/dev/null; }
    if ! verify --import "$release_key" || ! verify --verify "$work/checksums.txt.sig" "$work/checksums.txt"; then
      fail 1 "Signature of the release is not valid"
    fi
  else
    fail 1 "Signature of the release cannot be verified: the release has no signature"
  fi
  pass --release-key "$release_key"
elif $require_signature; then
  fail 1 "Signature of the release cannot be verified: a release key (--release-key) and gpg are needed"
fi

setup=provisioning-setup-$version.mjs
download "$setup"
node=node
if $system_node; then
  pass --system-node
else
  runtime=$(awk '{ print $2 }' "$work/checksums.txt" | grep -E "^provisioning-runtime-.*-$system-$architecture\.tar\.gz$" | head -n 1 || true)
  [ -n "$runtime" ] || fail 1 "Release $version has no Node.js for $system-$architecture; use --system-node"
  download "$runtime"
  mkdir "$work/runtime"
  tar -xzf "$work/$runtime" -C "$work/runtime" 2>/dev/null ||
    fail 1 "Cannot unpack $runtime in $work; is the disk full? TMPDIR names another place"
  node=$work/runtime/lib/provisioning/node/bin/node
fi

# 5. Everything else. Not exec: the downloads are removed afterwards.
eval "set -- $arguments"
status=0
PROVISIONING_RELEASES_URL=$base "$node" "$work/$setup" install --prefix "$prefix" --release "$version" \
  --downloads "$work" "$@" || status=$?
exit "$status"
