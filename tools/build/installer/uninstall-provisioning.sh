#!/bin/sh
# Removes an installation of provisioning: provisioning uninstall with the same options, also when its program does not
# run any more.
set -eu

prefix=/usr/local
keep_config=false
arguments=
quote() { printf "%s" "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"; }
for word; do
  case ${previous:-} in --prefix) prefix=$word ;; esac
  case $word in
    --prefix=*) prefix=${word#--prefix=} ;;
    --user) prefix=$HOME/.local; previous=; continue ;;
    --keep-config) keep_config=true ;;
  esac
  previous=$word
  arguments="$arguments $(quote "$word")"
done

if "$prefix/bin/provisioning" --version >/dev/null 2>&1; then
  eval "set -- $arguments"
  case " $* " in *" --prefix"*) ;; *) set -- "$@" --prefix "$prefix" ;; esac
  exec "$prefix/bin/provisioning" uninstall "$@"
fi

[ -w "$prefix" ] || { echo "error: Cannot write to $prefix. Use sudo" >&2; exit 4; }
[ -d "$prefix/lib/provisioning" ] || { echo "error: No installation in $prefix" >&2; exit 5; }
echo "The installed program does not run; removing the known folders."
rm -rf "$prefix/lib/provisioning" "$prefix/lib/provisioning.new" "$prefix"/lib/provisioning.backup-* "$prefix/share/provisioning"
rm -f "$prefix/lib/.provisioning.lock" "$prefix/lib/.provisioning.swap.json"
for program in "$prefix"/bin/provisioning "$prefix"/bin/provisioning-*; do rm -f "$program"; done
for folder in bin lib share; do rmdir "$prefix/$folder" 2>/dev/null || true; done
$keep_config || echo "Configuration, data and cache of users are left where they are."
echo "Uninstallation complete"
