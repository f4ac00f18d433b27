import { shellQuote } from '../transport/index.ts';
import type { DesiredTaskserv } from './desired.ts';
import { assetKey, expectedRecord, factsFunction, recordFolder } from './facts.ts';

/** Who holds a host while something is installed there, and what is told to others (07 §5.10). */
export interface HostLock {
  /** The same for all runs of one workspace; no blanks. */
  readonly owner: string;
  /** What is going on, for people: `taskserv create redis`. */
  readonly operation: string;
  /** Seconds to wait for another run of the same owner. */
  readonly wait: number;
}

export interface PlanScriptOptions {
  readonly cleanupData: boolean;
  /** Take newer packages where there are some. */
  readonly upgrade?: boolean;
  /** Version whose data is carried over. */
  readonly migrateFrom?: string;
}

/** The data of one taskserv as shell text: what `runner.ts` sources as `plan.sh`. */
export function planScript(desired: DesiredTaskserv, lock: HostLock, options: PlanScriptOptions): string {
  const { health } = desired;
  const deadline = health.initial_delay + health.retries * health.interval;
  const variables: Readonly<Record<string, string | number>> = {
    NAME: desired.name,
    OWNER: lock.owner.replace(/\s/g, '_'),
    OPERATION: lock.operation,
    LOCK_WAIT: lock.wait,
    RECORDS: recordFolder,
    RECORD: expectedRecord(desired),
    RECORD_VALUE: `${desired.version} ${desired.digest}`,
    PACKAGES: desired.packages.join(' '),
    KEEP_PACKAGES: desired.keepPackages ? 'yes' : 'no',
    UNITS: desired.units.join(' '),
    OS_SUPPORT: desired.osSupport.join(' '),
    MEMORY_MB: Math.ceil(desired.resources.memory),
    DISK_MB: Math.ceil(desired.resources.disk),
    PIN: desired.packageVersion ?? '',
    UPGRADE: options.upgrade === true ? 'yes' : '',
    MIGRATE_FROM: options.migrateFrom ?? '',
    CLEANUP_DATA: options.cleanupData ? 'yes' : 'no',
    HEALTH_COMMAND: health.command ?? '',
    HEALTH_TCP: tcpWords(health.tcp),
    HEALTH_HTTP: httpWords(health.endpoint),
    HEALTH_TIMEOUT: health.timeout,
    HEALTH_TRIES: Math.max(1, Math.ceil(deadline / 0.3)),
  };
  return [
    ...Object.entries(variables).map(([name, value]) => `${name}=${shellQuote(String(value))}`),
    factsFunction([desired]),
    shellFunction(
      'put_repositories',
      (desired.repositories ?? []).map(({ name, source, keyUrl, sha256 }) =>
        ['put_repository', name, source, keyUrl, sha256].map(shellQuote).join(' '),
      ),
    ),
    shellFunction(
      'remove_repositories',
      (desired.repositories ?? []).map(({ name }) => `remove_repository ${shellQuote(name)}`),
    ),
    shellFunction('make_users', desired.users.map(userCommand)),
    shellFunction(
      'make_directories',
      desired.directories.map(({ path, mode, owner, group }) => {
        const [place, rights] = [shellQuote(path), [owner, group, mode].map(shellQuote).join(' ')];
        return `{ mkdir -p ${place} && own ${place} ${rights}; } || fail FILE_FAILED ${place}`;
      }),
    ),
    shellFunction(
      'put_assets',
      desired.assets.map((asset) =>
        [
          ...['put_asset', asset.url, asset.sha256, asset.checksum_url, assetKey(asset)],
          ...[asset.format, asset.member ?? '', asset.path, asset.mode],
        ]
          .map(shellQuote)
          .join(' '),
      ),
    ),
    shellFunction(
      'put_files',
      desired.files.map((file, index) =>
        [
          'put_file',
          String(index),
          file.path,
          file.sha256,
          file.mode,
          file.owner,
          file.group,
          file.onChange,
          file.validate ?? '',
        ]
          .map(shellQuote)
          .join(' '),
      ),
    ),
    shellFunction('remove_files', removal('rm -f', [...desired.files, ...desired.assets])),
    shellFunction(
      'remove_data',
      removal(
        'rm -rf',
        desired.dataDirectories.map((path) => ({ path })),
      ),
    ),
  ].join('\n');
}

function userCommand({ name, home, shell }: DesiredTaskserv['users'][number]): string {
  const options = `--system --user-group --no-create-home --home-dir ${shellQuote(home)} --shell ${shellQuote(shell)}`;
  return `contains "$before" "user\${tab}${name}" || useradd ${options} ${name} 2>&1 9>&- || fail USER_FAILED ${name}`;
}

function removal(command: string, places: readonly { readonly path: string }[]): string[] {
  return places.length === 0 ? [] : [`${command} -- ${places.map(({ path }) => shellQuote(path)).join(' ')}`];
}

function shellFunction(name: string, lines: readonly string[]): string {
  return `${name}() {\n${(lines.length === 0 ? [':'] : lines).join('\n')}\n}\n`;
}

/** `5432` or `address:port` as two words. */
function tcpWords(tcp: string | undefined): string {
  if (tcp === undefined || tcp === '') return '';
  const cut = tcp.lastIndexOf(':');
  return cut < 0 ? `127.0.0.1 ${tcp}` : `${tcp.slice(0, cut)} ${tcp.slice(cut + 1)}`;
}

/** `http://address:port/path` as three words. */
function httpWords(endpoint: string | undefined): string {
  if (endpoint === undefined || endpoint === '') return '';
  const url = new URL(endpoint);
  return `${url.hostname} ${url.port === '' ? '80' : url.port} ${url.pathname}${url.search}`;
}
