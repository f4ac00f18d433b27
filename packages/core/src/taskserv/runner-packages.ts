/** Part of the program on the host: packages of the system, their versions, and no service started early. */
export const packagesScript = String.raw`
# Services of a package start when their configuration is in place, not when they are unpacked.
deny_start() {
  denied=yes
  if [ -e /usr/sbin/policy-rc.d ] && ! grep -q provisioning /usr/sbin/policy-rc.d; then
    mv /usr/sbin/policy-rc.d /usr/sbin/policy-rc.d.provisioning
  fi
  printf '#!/bin/sh\n# provisioning\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
}
allow_start() {
  if [ -z "$denied" ]; then return 0; fi
  denied=
  rm -f /usr/sbin/policy-rc.d
  if [ -e /usr/sbin/policy-rc.d.provisioning ]; then mv /usr/sbin/policy-rc.d.provisioning /usr/sbin/policy-rc.d; fi
}
apt() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 -o Acquire::Languages=none \
    -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 -o APT::Update::Error-Mode=any \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null 2>&1 9>&-
}
lists_fresh() { [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -1440 2>/dev/null | head -n 1)" ]; }
is_version() {
  found=\${1#*:}
  case $found in "$2" | "$2".* | "$2"-* | "$2"+* | "$2"~*) return 0 ;; esac
  return 1
}
offered_version() {
  apt-cache madison "$1" 2>/dev/null | while read -r _ _ version _; do
    if is_version "$version" "$2"; then printf '%s' "$version"; break; fi
  done
}
# The version asked for, where the package sources have it; "$need" gets name=version.
pin_version() {
  main=\${PACKAGES%% *}
  here=$(printf '%s\n' "$before" | grep "^info\${tab}version\${tab}$main\${tab}") || :
  if contains "$before" "package\${tab}$main\${tab}installed" && is_version "\${here##*"$tab"}" "$PIN"; then return; fi
  if ! lists_fresh || [ -n "$UPGRADE" ]; then apt update || :; fi
  offered=$(offered_version "$main" "$PIN")
  if [ -n "$offered" ]; then
    # Packages that come in the same version belong together.
    rest=
    for name in $need; do
      if [ "$name" != "$main" ] && [ "$(offered_version "$name" "$PIN")" = "$offered" ]; then name="$name=$offered"; fi
      if [ "$name" != "$main" ]; then rest="$rest $name"; fi
    done
    for name in $PACKAGES; do
      case " $need " in *" $name "*) continue ;; esac
      if [ "$name" != "$main" ] && [ "$(offered_version "$name" "$PIN")" = "$offered" ]; then rest="$rest $name=$offered"; fi
    done
    need="$main=$offered$rest"
  elif [ -n "$UPGRADE" ]; then
    fail VERSION_UNAVAILABLE "$main $PIN"
  else
    say "warn the package sources have no $main $PIN; what they have is installed"
  fi
}
package_versions() { printf '%s\n' "$before" | grep "^info" || :; }
install_packages() {
  attempt=1
  refresh=$UPGRADE
  while :; do
    if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] || [ "$attempt" -gt 1 ]; then dpkg --configure -a 2>&1 </dev/null 9>&-; fi
    if { [ -z "$refresh" ] && lists_fresh; } || apt update; then
      deny_start
      if apt install --no-install-recommends --allow-downgrades -- "$@"; then allow_start; return 0; fi
      allow_start
    fi
    if [ "$attempt" -ge 3 ]; then return 1; fi
    refresh=yes
    sleep $((attempt * 2))
    attempt=$((attempt + 1))
  done
}
`;
