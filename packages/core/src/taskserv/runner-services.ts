/** Part of the program on the host: units started and restarted, and whether they are healthy. */
export const servicesScript = String.raw`
# Some hosts, most of all containers, do not allow the mount namespaces that units ask for (systemd status 226).
without_sandbox() {
  # A unit that is being started again shows the new attempt, so its journal is asked too.
  [ "$(systemctl show --property=ExecMainStatus --value "$1")" = 226 ] ||
    journalctl -q --no-pager -n 20 -o cat -u "$1" 2>/dev/null | grep -q 226/NAMESPACE || return 1
  case $1 in *.*) drop="/etc/systemd/system/$1.d" ;; *) drop="/etc/systemd/system/$1.service.d" ;; esac
  if [ -e "$drop/90-provisioning.conf" ]; then return 1; fi
  mkdir -p "$drop"
  {
    echo '[Service]'
    for name in BindPaths BindReadOnlyPaths ReadWritePaths ReadOnlyPaths InaccessiblePaths TemporaryFileSystem; do echo "$name="; done
    for name in PrivateTmp PrivateDevices PrivateMounts PrivateUsers ProtectSystem ProtectHome ProtectKernelTunables \
      ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock ProtectHostname MountAPIVFS; do echo "$name=no"; done
  } >"$drop/90-provisioning.conf"
  systemctl daemon-reload
  say "warn this host allows no sandbox around $1; it runs without"
}
start_unit() {
  if systemctl "$1" "$2" 2>&1 9>&-; then return 0; fi
  # On a busy host a start may take longer than its unit allows; the second attempt decides.
  without_sandbox "$2" || sleep 1
  systemctl reset-failed "$2" 2>/dev/null || :
  systemctl restart "$2" 2>&1 9>&-
}
start_units() {
  if [ -n "$reload_systemd" ]; then systemctl daemon-reload 2>&1 9>&-; fi
  enable=
  for unit in $UNITS; do
    state=$(printf '%s\n' "$before" | grep "^unit$tab$unit$tab") || :
    case $state in *enabled) ;; *) enable="$enable $unit" ;; esac
  done
  # shellcheck disable=SC2086
  if [ -n "$enable" ]; then systemctl enable $enable 2>&1 9>&-; fi
  for unit in $UNITS; do
    action=start
    if [ -n "$restart" ] || [ -e "$work/restart" ]; then
      action=restart
    elif contains "$before" "unit\${tab}$unit\${tab}active\${tab}enabled"; then
      if [ -z "$reload" ]; then continue; fi
      action='reload-or-restart'
    fi
    systemctl reset-failed "$unit" 2>/dev/null || :
    if ! start_unit "$action" "$unit"; then
      journalctl -q --no-pager -n 15 -o cat -u "$unit" 2>&1 || :
      restore_files
      fail START_FAILED "$unit"
    fi
  done
}
satisfied() { while IFS= read -r line; do contains "$1" "$line" || return 1; done <expected; }
http_ok() {
  bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$2" "$0" >&3 && read -r _ code _ <&3 && [[ $code == [23]* ]]' "$@"
}
# shellcheck disable=SC2086
tcp_check() { timeout "$HEALTH_TIMEOUT" bash -c ': <"/dev/tcp/$0/$1"' $HEALTH_TCP 2>/dev/null; }
# shellcheck disable=SC2086
http_check() { (http_ok $HEALTH_HTTP) 2>/dev/null; }
command_check() { timeout "$HEALTH_TIMEOUT" sh -c "$HEALTH_COMMAND" >health.log 2>&1 </dev/null 9>&-; }
script_check() { hook health >health.log; }
healthy_now() {
  if [ -n "$HEALTH_TCP" ]; then tcp_check || return 1; fi
  if [ -n "$HEALTH_HTTP" ]; then http_check || return 1; fi
  if [ -n "$HEALTH_COMMAND" ]; then command_check || return 1; fi
  if [ -f scripts/health.sh ]; then script_check || return 1; fi
}
wait_healthy() {
  tries=$HEALTH_TRIES
  while ! healthy_now; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
      if [ -f health.log ]; then tail -n 5 health.log; fi
      return 1
    fi
    sleep 0.3
  done
}
`;
