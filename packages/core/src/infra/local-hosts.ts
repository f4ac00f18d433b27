import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { writeFileAtomic } from '../files/atomic.ts';

/** A server to be known on this machine by its hostname. */
export interface LocalHost {
  readonly hostname: string;
  readonly ip: string;
  readonly user: string;
  readonly port: number;
  readonly identityFile?: string;
}

export interface LocalHostsOptions {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default `/etc/hosts`. */
  readonly hostsFile?: string;
  /** Whether a password may be asked for. */
  readonly interactive: boolean;
  readonly say: (kind: 'warning' | 'info' | 'error' | 'plain', text: string) => void;
  readonly signal?: AbortSignal;
}

const marker = 'provisioning';

/** What `/etc/hosts` becomes: older lines of the hostname go, the new one is appended. */
export function hostsText(text: string, host: Pick<LocalHost, 'hostname' | 'ip'>): string {
  const kept = text
    .split('\n')
    .filter((line) => !line.replace(/#.*/, '').trim().split(/\s+/).slice(1).includes(host.hostname));
  while (kept.at(-1) === '') kept.pop();
  return `${kept.join('\n')}${kept.length === 0 ? '' : '\n'}${host.ip} ${host.hostname}\n`;
}

/** What `~/.ssh/config` becomes: the block of the host, between its marker comments, is added or replaced. */
export function sshConfigText(text: string, host: LocalHost): string {
  const begin = `# ${marker} ${host.hostname} begin`;
  const end = `# ${marker} ${host.hostname} end`;
  const block = [
    begin,
    `Host ${host.hostname}`,
    `    HostName ${host.ip}`,
    `    User ${host.user}`,
    `    Port ${host.port}`,
    ...(host.identityFile === undefined ? [] : [`    IdentityFile ${host.identityFile}`]),
    end,
  ].join('\n');
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from >= 0 && to >= 0) return text.slice(0, from) + block + text.slice(to + end.length);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${block}\n`;
}

/** The lines `--check` prints. */
export function localHostsPreview(hosts: readonly LocalHost[]): string[] {
  return hosts.flatMap((host) => [
    `/etc/hosts: ${host.ip} ${host.hostname}`,
    `~/.ssh/config: Host ${host.hostname} → ${host.user}@${host.ip}:${host.port}`,
  ]);
}

/**
 * Says once, before the first server, that a password will be asked for (05 §6.1).
 * @returns whether `sudo` works without one
 */
export async function announceSudo(options: LocalHostsOptions): Promise<boolean> {
  if (!(await supported(options))) return false;
  const cached = (await run('sudo', ['-n', 'true'], options)).code === 0;
  if (cached) return true;
  options.say('warning', 'Sudo access required for --fix-local-hosts');
  options.say('info', 'You will be prompted for your password, or press CTRL-C to cancel');
  options.say('plain', "  Tip: Run 'sudo -v' beforehand to cache credentials");
  return false;
}

/**
 * Makes a server known on this machine (05 §6). The password is never read or stored here.
 * @returns `false` when the user gave none: the run is cancelled, what is done stays
 * @throws ProvisioningError `INTERRUPTED` (130), `LOCAL_HOSTS_FAILED`
 */
export async function fixLocalHost(host: LocalHost, options: LocalHostsOptions): Promise<boolean> {
  if (!(await supported(options))) {
    options.say('warning', 'fix_local_hosts is not supported here');
    return true;
  }
  if (!(await installHosts(host, options))) {
    options.say('warning', 'Operation cancelled - sudo password required but not provided');
    options.say('info', "Run 'sudo -v' first to cache credentials, or run without --fix-local-hosts");
    options.say('error', 'Server creation cancelled');
    return false;
  }
  const config = path.join(options.home, '.ssh', 'config');
  await mkdir(path.dirname(config), { recursive: true, mode: 0o700 });
  const before = await readFile(config, 'utf8').catch(() => '');
  await writeFileAtomic(config, sshConfigText(before, host), 0o600);
  const known = path.join(options.home, '.ssh', 'known_hosts');
  for (const name of [host.hostname, host.ip]) await run('ssh-keygen', ['-R', name, '-f', known], options);
  return true;
}

async function supported(options: LocalHostsOptions): Promise<boolean> {
  if (options.platform === 'win32') return false;
  return (await run('sudo', ['-V'], options)).code !== 127;
}

/** Writes the new file aside and lets sudo put it in place. */
async function installHosts(host: LocalHost, options: LocalHostsOptions): Promise<boolean> {
  const file = options.hostsFile ?? '/etc/hosts';
  const folder = await mkdtemp(path.join(tmpdir(), 'hosts-'));
  try {
    const fresh = path.join(folder, 'hosts');
    await writeFile(fresh, hostsText(await readFile(file, 'utf8').catch(() => ''), host), { mode: 0o644 });
    const ask = options.interactive ? [] : ['-n'];
    const result = await run('sudo', [...ask, 'install', '-m', '644', fresh, file], options);
    if (result.code === 0) return true;
    if (result.signal === 'SIGINT' || options.signal?.aborted === true) {
      throw new ProvisioningError({
        code: 'INTERRUPTED',
        kind: 'interrupted',
        message: 'Operation interrupted',
      });
    }
    if (
      result.code === 1 &&
      /password is required|incorrect password|no password was provided|a terminal is required/.test(
        result.stderr,
      )
    )
      return false;
    throw new ProvisioningError({
      code: 'LOCAL_HOSTS_FAILED',
      message: `Updating ${file} failed: ${result.stderr.trim() || `exit ${result.code}`}`,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Result {
  readonly code: number;
  readonly stderr: string;
  readonly signal?: NodeJS.Signals;
}

function run(command: string, parameters: readonly string[], options: LocalHostsOptions): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      env: { ...options.env, LC_ALL: 'C' } as NodeJS.ProcessEnv,
      stdio: [options.interactive ? 'inherit' : 'ignore', 'ignore', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGINT' as const }),
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', () => {
      resolve({ code: 127, stderr });
    });
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 1, stderr, ...(signal === null ? {} : { signal }) });
    });
  });
}
