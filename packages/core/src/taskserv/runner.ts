import { repositoriesScript } from './runner-repositories.ts';

/**
 * The program that runs on the host: POSIX sh, no dependency but what every Debian has. It sources `plan.sh` (data and
 * the `facts` function, written by `plan-script.ts`) and speaks in lines that start with `::`:
 *
 *     ::step <name> started|done|skipped|failed
 *     ::before <fact>      what the host told before anything was done
 *     ::after <fact>       and afterwards
 *     ::warn <text>
 *     ::error <CODE> <text>
 *     ::result unchanged|changed|absent|removed
 *
 * Everything else on its output is what the called programs say.
 */
const preamble = String.raw`
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C DEBIAN_FRONTEND=noninteractive
work=$(pwd)
export WORK="$work"
tab=$(printf '\t')
nl='
'
step=
undo=
lock=/run/provisioning.lock
denied=

say() { printf '::%s\n' "$*"; }
begin() { step=$1; say "step $1 started"; }
finish() { say "step $step done"; step=; }
fail() {
  if [ -n "$step" ]; then say "step $step failed"; fi
  if [ -n "$undo" ]; then undo_with=$undo; undo=; $undo_with; fi
  say "error $*"
  exit 1
}
cleanup() {
  allow_start
  cd /
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' HUP INT TERM PIPE
contains() { case "$nl$1$nl" in *"$nl$2$nl"*) return 0 ;; esac; return 1; }
tell() { printf '%s\n' "$2" | while IFS= read -r l; do say "$1 $l"; done; }
hook() {
  if [ ! -f "scripts/$1.sh" ]; then return 0; fi
  script=$1
  shift
  (. ./env.sh; exec sh -eu "scripts/$script.sh" "$@") </dev/null 2>&1 9>&-
}

take_lock() {
  command -v flock >/dev/null || fail REQUIREMENTS "command flock"
  exec 9>>"$lock" || fail HOST_FAILED "cannot write $lock"
  if ! flock -n 9; then
    owner=; operation=
    read -r owner operation <"$lock" || :
    # Runs of one workspace wait for each other; those of another are told who is at work.
    if [ "$owner" != "$OWNER" ] || ! flock -w "$LOCK_WAIT" 9; then fail HOST_BUSY "$operation"; fi
  fi
  printf '%s %s\n' "$OWNER" "$OPERATION" >"$lock"
}
`;

const packages = String.raw`
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

const files = String.raw`
own() { chown "$2:$3" "$1" && chmod "$4" "$1"; }
put_file() {
  source=$1 path=$2 hash=$3 mode=$4 owner=$5 group=$6 on_change=$7 validate=$8
  if contains "$before" "$hash  $path"; then
    contains "$before" "mode$tab$path$tab$mode $owner:$group" || own "$path" "$owner" "$group" "$mode"
    return
  fi
  new="$path.provisioning-new"
  mkdir -p "$(dirname "$path")" && cp "files/$source" "$new" && own "$new" "$owner" "$group" "$mode" ||
    { rm -f "$new"; fail FILE_FAILED "$path"; }
  if [ -n "$validate" ] && ! FILE=$new sh -c "$validate" </dev/null 2>&1 9>&-; then
    rm -f "$new"
    fail FILE_INVALID "$path"
  fi
  if [ -n "$recorded" ] && [ -f "$path" ]; then
    mkdir -p backup && cp -p "$path" "backup/$source" && printf '%s\t%s\n' "$source" "$path" >>backup.list
  fi
  mv -f "$new" "$path" || fail FILE_FAILED "$path"
  say "changed $path"
  case $path in /etc/systemd/* | /lib/systemd/* | /usr/lib/systemd/*) reload_systemd=yes ;; esac
  case $on_change in restart) restart=yes ;; reload) reload=yes ;; esac
}
restore_files() {
  if [ ! -f backup.list ]; then return 0; fi
  while IFS="$tab" read -r source path; do cp -p "backup/$source" "$path" && say "warn previous $path restored"; done <backup.list
  # shellcheck disable=SC2086
  if [ -n "$UNITS" ]; then systemctl restart $UNITS 2>&1 9>&- || :; fi
}
promised_sum() {
  if [ -n "$2" ]; then printf '%s' "$2"; return; fi
  if [ -z "$3" ]; then fail CHECKSUM "$1 comes without a checksum"; fi
  download "$3" assets/sums >/dev/null || fail DOWNLOAD_FAILED "$3"
  name=\${1##*/}
  while read -r sum file _; do
    if [ -z "$file" ] || [ "\${file#\*}" = "$name" ] || [ "\${file##*/}" = "$name" ]; then printf '%s' "$sum"; return; fi
  done <assets/sums
}
put_asset() {
  url=$1 hash=$2 sums=$3 key=$4 format=$5 member=$6 path=$7 mode=$8
  if contains "$before" "$hash  $path" || contains "$before" "asset$tab$path$tab$key"; then return; fi
  mkdir -p assets "$(dirname "$path")" "$RECORDS/.assets"
  wanted=$(promised_sum "$url" "$hash" "$sums") || { say "error \${wanted#*error }"; exit 1; }
  download "$url" assets/download || fail DOWNLOAD_FAILED "$url"
  found=$(sha256sum <assets/download) || fail DOWNLOAD_FAILED "$url"
  found=\${found%% *}
  if [ "$found" != "$wanted" ]; then fail CHECKSUM "$url has $found, expected \${wanted:-a checksum that its list lacks}"; fi
  if [ "$format" != file ]; then
    mkdir -p assets/unpacked
    case $format in
      tar) tar -x -f assets/download -C assets/unpacked ;;
      zip) unzip -q -o assets/download -d assets/unpacked 2>&1 9>&- ;;
    esac || fail DOWNLOAD_FAILED "$url cannot be unpacked"
    # Some publishers put everything into a folder named after the version.
    unpacked=assets/unpacked/$member
    if [ ! -f "$unpacked" ]; then unpacked=$(find assets/unpacked -type f -path "*/$member" | head -n 1); fi
    if [ -z "$unpacked" ]; then fail DOWNLOAD_FAILED "$url lacks $member"; fi
    cp "$unpacked" "$path.provisioning-new" || fail FILE_FAILED "$path"
  else
    cp assets/download "$path.provisioning-new" || fail FILE_FAILED "$path"
  fi
  chmod "$mode" "$path.provisioning-new" && mv -f "$path.provisioning-new" "$path" || fail FILE_FAILED "$path"
  printf '%s\n' "$key" >"$RECORDS/.assets/$(printf %s "$path" | tr / _)"
  rm -rf assets
  restart=yes
  say "changed $path"
}
download() {
  attempt=1
  while :; do
    if command -v curl >/dev/null; then
      curl -fsSL --connect-timeout 15 --retry 2 -o "$2" "$1" 2>&1 9>&- && return 0
    elif command -v wget >/dev/null; then
      wget -q -T 15 -t 2 -O "$2" "$1" 2>&1 9>&- && return 0
    elif [ -x /usr/lib/apt/apt-helper ]; then
      /usr/lib/apt/apt-helper -o Acquire::http::Timeout=15 download-file "$1" "$2" 2>&1 9>&- && return 0
    fi
    if [ "$attempt" -ge 3 ]; then return 1; fi
    sleep "$attempt"
    attempt=$((attempt + 1))
  done
}
`;

const services = String.raw`
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

const create = String.raw`
requirements() {
  missing=
  # shellcheck disable=SC1091
  os=$(. /etc/os-release 2>/dev/null; printf '%s %s' "\${ID:-unknown}" "\${ID_LIKE:-}")
  supported=
  for name in $OS_SUPPORT; do case " $os " in *" $name "*) supported=yes ;; esac; done
  if [ -z "$supported" ] && [ -n "$OS_SUPPORT" ]; then fail UNSUPPORTED_OS "\${os%% *}"; fi
  if [ "$MEMORY_MB" -gt 0 ]; then
    while read -r key value _; do if [ "$key" = MemTotal: ]; then memory=$((value / 1024)); fi; done </proc/meminfo
    if [ "$memory" -lt "$MEMORY_MB" ]; then fail MEMORY "$memory $MEMORY_MB"; fi
  fi
  if [ "$DISK_MB" -gt 0 ]; then
    free=$(df -Pk / | { read -r _; read -r _ _ _ free _; echo $((free / 1024)); })
    if [ "$free" -lt "$DISK_MB" ]; then fail DISK "$free $DISK_MB"; fi
  fi
}

install_taskserv() {
  begin pre-install
  hook pre-install || fail SCRIPT_FAILED pre-install
  put_repositories
  need=
  for name in $PACKAGES; do contains "$before" "package\${tab}$name\${tab}installed" || need="$need $name"; done
  missing=$need
  # What came along with something else stays when that goes.
  # shellcheck disable=SC2086
  if [ -z "$recorded" ] && [ -n "$PACKAGES" ] && [ "$need" != " $PACKAGES" ]; then apt-mark -qq manual $PACKAGES >/dev/null 2>&1 9>&- || :; fi
  if [ -n "$UPGRADE" ] && [ "$KEEP_PACKAGES" = no ]; then need=$PACKAGES; fi
  if [ -n "$PIN" ] && [ -n "$PACKAGES" ]; then pin_version; fi
  finish
  if [ -n "$need" ]; then
    begin packages
    versions=$(package_versions)
    # shellcheck disable=SC2086
    install_packages $need || fail PACKAGES_FAILED "$need"
    # Packages bring files and users of their own: what was told before no longer holds.
    before=$(facts)
    if [ -n "$missing" ] || [ "$versions" != "$(package_versions)" ]; then
      restart=yes
      reload_systemd=yes
      result=changed
    fi
    finish
  fi
  begin install
  make_users
  make_directories
  put_assets
  put_files
  hook install || fail SCRIPT_FAILED install
  finish
  if [ -n "$UNITS" ]; then
    begin start
    start_units
    finish
  fi
  if [ -n "$MIGRATE_FROM" ]; then restore_migration; fi
  begin configure
  hook configure || { restore_files; fail SCRIPT_FAILED configure; }
  finish
}

# Data of the version before: taken out before the new one comes, put in when it runs, compared (07 §6.4). Whatever
# fails, the old version runs again on its own data, which nobody touched.
begin_migration() {
  if [ ! -f scripts/migrate.sh ]; then fail MIGRATION_UNSUPPORTED "$NAME"; fi
  begin dump
  hook migrate dump "$MIGRATE_FROM" || fail MIGRATION_FAILED dump
  undo=revert_migration
  finish
  begin stop
  hook migrate stop "$MIGRATE_FROM" || fail MIGRATION_FAILED stop
  finish
}
restore_migration() {
  begin restore
  hook migrate restore "$MIGRATE_FROM" || fail MIGRATION_FAILED restore
  finish
  begin compare
  hook migrate verify "$MIGRATE_FROM" || fail MIGRATION_FAILED verify
  finish
}
revert_migration() {
  if hook migrate revert "$MIGRATE_FROM"; then say "warn $NAME $MIGRATE_FROM runs again"; else say "warn $NAME $MIGRATE_FROM does not run again"; fi
}

run_create() {
  begin check
  requirements
  before=$(facts)
  first=$before
  recorded=; restart=; reload=; reload_systemd=
  if [ -f "$RECORDS/$NAME" ]; then recorded=yes; fi
  # Data that another major version reads differently is never passed by.
  if [ -n "$recorded" ] && [ -f scripts/migrate.sh ] && [ -z "$MIGRATE_FROM" ]; then
    read -r was _ <"$RECORDS/$NAME"
    if [ "\${was%%.*}" != "\${RECORD_VALUE%%[. ]*}" ]; then fail MIGRATION_NEEDED "$was \${RECORD_VALUE%% *}"; fi
  fi
  tell before "$before"
  finish
  result=unchanged
  wanted=
  if ! satisfied "$before" || ! contains "$before" "$RECORD"; then wanted=yes result=changed; fi
  if [ -n "$wanted$UPGRADE" ]; then
    if [ -n "$MIGRATE_FROM" ]; then begin_migration; fi
    install_taskserv
    begin verify
    after=$(facts)
    for pause in 0.3 1 2; do
      if satisfied "$after"; then break; fi
      sleep "$pause"
      after=$(facts)
    done
    if ! satisfied "$after"; then tell after "$after"; fail NOT_CONVERGED; fi
    finish
  else
    after=$before
  fi
  begin health
  if ! wait_healthy; then restore_files; fail UNHEALTHY; fi
  finish
  undo=
  if [ "$result" = changed ]; then
    { mkdir -p "$RECORDS" && printf '%s\n%s\n' "$RECORD_VALUE" "$PACKAGES" >"$RECORDS/.new" && mv -f "$RECORDS/.new" "$RECORDS/$NAME"; } ||
      fail HOST_FAILED "cannot write $RECORDS/$NAME"
    after=$(facts)
  fi
  tell after "$after"
  say "result $result"
}
`;

const remove = String.raw`
used_elsewhere() {
  for other in "$RECORDS"/*; do
    if [ "$other" = "$RECORDS/$NAME" ] || [ ! -f "$other" ]; then continue; fi
    { read -r _; read -r names; } <"$other"
    case " $names " in *" $1 "*) return 0 ;; esac
  done
  return 1
}
run_delete() {
  if [ ! -f "$RECORDS/$NAME" ]; then say 'result absent'; return; fi
  begin drain
  hook drain || say 'warn the drain script failed'
  finish
  begin uninstall
  # shellcheck disable=SC2086
  if [ -n "$UNITS" ]; then systemctl disable --now $UNITS 2>&1 9>&- || say 'warn Failed to stop systemd service'; fi
  hook uninstall || say 'warn the uninstall script failed'
  remove_files || say 'warn Failed to remove configuration'
  gone=
  if [ "$KEEP_PACKAGES" = no ]; then
    for name in $PACKAGES; do used_elsewhere "$name" || gone="$gone $name"; done
  fi
  if [ -n "$gone" ]; then
    verb=remove
    if [ "$CLEANUP_DATA" = yes ]; then verb=purge; fi
    # shellcheck disable=SC2086
    apt "$verb" --auto-remove -- $gone || say 'warn Failed to remove binary'
  fi
  remove_repositories
  if [ "$CLEANUP_DATA" = yes ]; then remove_data || say 'warn Failed to remove data directories'; fi
  rm -f "$RECORDS/$NAME"
  finish
  say 'result removed'
}
`;

const report = String.raw`
tell_check() {
  if "$2"; then say "check $1 ok"; else say "check $1 failed $3"; fi
}
unit_check() { systemctl is-active -q "$unit"; }
# How it stands, looked at once; nothing is changed and nobody is kept waiting.
run_health() {
  if [ ! -f "$RECORDS/$NAME" ]; then say 'result absent'; return; fi
  for unit in $UNITS; do tell_check "service $unit" unit_check "is not running"; done
  if [ -n "$HEALTH_TCP" ]; then tell_check "port \${HEALTH_TCP##* }" tcp_check 'does not answer'; fi
  if [ -n "$HEALTH_HTTP" ]; then tell_check endpoint http_check 'Health endpoint not responding'; fi
  if [ -n "$HEALTH_COMMAND" ]; then tell_check command command_check "$(tail -n 1 health.log 2>/dev/null)"; fi
  if [ -f scripts/health.sh ]; then tell_check script script_check "$(tail -n 1 health.log 2>/dev/null)"; fi
  for unit in $UNITS; do
    say "unit $unit $(systemctl show --property=ActiveState,SubState,MemoryCurrent,CPUUsageNSec,ActiveEnterTimestampMonotonic "$unit" | tr '\n' ' ')"
  done
  read -r up _ </proc/uptime
  say "uptime $up"
  read -r told <"$RECORDS/$NAME"
  say "record $told"
  say 'result present'
}
`;

const main = String.raw`
. ./plan.sh
case $1 in
  health) run_health; exit ;;
  check) requirements; say 'result present'; exit ;;
esac
take_lock
case $1 in
  create) run_create ;;
  delete) run_delete ;;
esac
`;

/** `String.raw` keeps the backslash that hides `${` from TypeScript; a shell must not see it. */
const text = (source: string): string => source.replaceAll('\\${', '${');

export const runnerScript = `#!/bin/sh\n${text(preamble)}${text(packages)}${repositoriesScript}${text(files)}${text(services)}${text(create)}${text(remove)}${text(report)}${text(main)}`;
