/**
 * The script in `<prefix>/bin`. It finds the installation from its own place, also through links, so that a prefix can be
 * moved, and prefers the installation's own Node.js.
 * @param program path of the JavaScript file from `lib/provisioning`.
 */
export function launcher(program: string): string {
  return `#!/bin/sh
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
lib=$(CDPATH='' cd "$(dirname "$self")/../lib/provisioning" && pwd) || exit 1
node=$lib/node/bin/node
[ -x "$node" ] || node=node
command -v "$node" >/dev/null 2>&1 || { echo "error: Node.js 22.18 or newer required" >&2; exit 1; }
exec "$node" "$lib/${program}" "$@"
`;
}
