import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshAccess } from './ssh-connection.ts';
import { generateKeyPair } from './workspace-key.ts';
import { freePort } from '../../../../tools/testing/free-port.ts';

/** A real OpenSSH server on a port of its own, for tests. */
export class TestSshd {
  readonly folder = mkdtempSync(join(tmpdir(), 'provisioning-sshd-'));
  readonly keyFile = join(this.folder, 'user_key');
  readonly knownHostsFile = join(this.folder, 'known_hosts');
  port = 0;
  #process: ChildProcess | undefined;

  constructor() {
    const user = generateKeyPair('test');
    writeFileSync(this.keyFile, user.privateKey, { mode: 0o600 });
    writeFileSync(join(this.folder, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
    this.newHostKey();
  }

  newHostKey(): void {
    writeFileSync(join(this.folder, 'host_key'), generateKeyPair('host').privateKey, { mode: 0o600 });
  }

  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const config = join(this.folder, 'sshd_config');
    writeFileSync(
      config,
      [
        `Port ${this.port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(this.folder, 'host_key')}`,
        `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
        'PidFile none',
        'UsePAM no',
        'StrictModes no',
        'PermitRootLogin prohibit-password',
        'PasswordAuthentication no',
        '',
      ].join('\n'),
    );
    execFileSync('mkdir', ['-p', '/run/sshd']);
    this.#process = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      this.#process!.stderr!.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('listening on')) resolve();
      });
      this.#process!.once('error', reject);
      this.#process!.once('exit', () => reject(new Error('sshd did not start')));
    });
  }

  /** Ends the listener and every connection it serves. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null) return;
    this.dropConnections();
    this.#process = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }

  /** Kills the processes that serve connections; the listener stays. */
  dropConnections(): void {
    const children = execFileSync('sh', ['-c', `cat /proc/${this.#process!.pid}/task/*/children`]).toString();
    for (const pid of children.trim().split(/\s+/).filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
  }

  access(changes: Partial<SshAccess> = {}): SshAccess {
    return {
      kind: 'ssh',
      host: '127.0.0.1',
      port: this.port,
      user: userInfo().username,
      keyFile: this.keyFile,
      ...changes,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
