import { filesScript } from './runner-files.ts';
import { packagesScript } from './runner-packages.ts';
import { repositoriesScript } from './runner-repositories.ts';
import { servicesScript } from './runner-services.ts';

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

export const runnerScript = `#!/bin/sh\n${text(preamble)}${text(packagesScript)}${repositoriesScript}${text(filesScript)}${text(servicesScript)}${text(create)}${text(remove)}${text(report)}${text(main)}`;
