import { type ChildProcess, spawn } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type Permissions, ProvisioningError } from '@provisioning/extensions-sdk';
import { type Message, Peer } from '@provisioning/extensions-sdk/isolation';
import type { AuditSink } from './audit.ts';

export interface ExtensionProcessOptions {
  readonly name: string;
  readonly version: string;
  /** Folder of the extension. */
  readonly folder: string;
  /** Module to import, absolute. */
  readonly entry: string;
  readonly permissions: Partial<Permissions>;
  /** Variables it may see, already reduced to the declared ones. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders it may use beside what it declares: its cache. */
  readonly folders?: readonly string[];
  /** Milliseconds for one call; the process is ended when it passes. Default 600 000. */
  readonly timeout?: number;
  readonly audit?: AuditSink;
  readonly log?: (level: 'debug' | 'warn', message: string) => void;
}

/**
 * An extension in a Node process of its own, with the permission model on (08 §4.4). A crash or a hang is an error of the
 * call, never of the program.
 */
export class ExtensionProcess implements AsyncDisposable {
  readonly #options: ExtensionProcessOptions;
  #child: ChildProcess | undefined;
  #peer: Peer | undefined;
  #started: Promise<void> | undefined;
  #ended: string | undefined;

  constructor(options: ExtensionProcessOptions) {
    this.#options = options;
  }

  /**
   * One request to the extension.
   * @throws ProvisioningError what the extension threw; `EXTENSION_PERMISSION`, `EXTENSION_TIMEOUT`, `EXTENSION_CRASHED`.
   */
  async call(method: string, ...parameters: unknown[]): Promise<unknown> {
    const { name, version, audit, timeout = 600_000 } = this.#options;
    const operation = method === 'provider.call' || method === 'invoke' ? String(parameters[0]) : method;
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.#start();
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(
            this.#problem('EXTENSION_TIMEOUT', `did not answer '${operation}' within ${timeout / 1000} s`),
          );
          this.#end('SIGKILL');
        }, timeout);
      });
      const value = await Promise.race([this.#peer!.call(method, parameters), late]);
      audit?.({ extension: name, version, operation, outcome: 'ok' });
      return value;
    } catch (cause) {
      const error = ProvisioningError.from(cause);
      const { action, resource } = (error.details ?? {}) as { action?: string; resource?: string };
      const isDenied = error.code === 'EXTENSION_PERMISSION';
      audit?.({
        extension: name,
        version,
        operation,
        outcome: isDenied ? 'denied' : 'failed',
        detail: isDenied ? `${action} ${resource}` : error.code,
      });
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    // Without it nothing would keep this process up until the other one has ended.
    child.ref();
    this.#end('SIGTERM');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#problem('EXTENSION_CRASHED', this.#ended));
    this.#started ??= this.#spawn();
    return this.#started;
  }

  async #spawn(): Promise<void> {
    const { name, entry, permissions, environment = {} } = this.#options;
    const runner = createRequire(import.meta.url).resolve('@provisioning/extensions-sdk/isolation/runner');
    // The folder itself may be read, not a link that leads to it.
    const module = await realpath(entry).catch(() => entry);
    const request = { name, entry: module, network: permissions.network ?? [], exec: permissions.exec ?? [] };
    const child = spawn(process.execPath, [...(await this.#flags(runner)), runner, JSON.stringify(request)], {
      cwd: await realpath(this.#options.folder),
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child = child;
    const peer = new Peer(
      (message) => {
        if (child.connected) child.send(message, () => undefined);
      },
      (method) => Promise.reject(new Error(`an extension may not call ${method}`)),
    );
    this.#peer = peer;
    let said = '';
    const listen = (level: 'debug' | 'warn') => (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
      this.#options.log?.(level, `${name}: ${chunk.toString().trimEnd()}`);
    };
    child.stdout!.on('data', listen('debug'));
    child.stderr!.on('data', listen('warn'));
    await new Promise<void>((done, fail) => {
      child.on('message', (message: Message) => {
        if (message.type === 'ready') done();
        else peer.receive(message);
      });
      child.on('error', (cause) => fail(this.#problem('EXTENSION_CRASHED', cause.message)));
      child.on('exit', (code, signal) => {
        const reason = said.split('\n').find((line) => /Error/.test(line)) ?? '';
        this.#ended ??= `its process ended (${signal ?? `exit ${code}`})${reason === '' ? '' : `: ${reason.trim()}`}`;
        const error = this.#problem('EXTENSION_CRASHED', this.#ended);
        fail(error);
        peer.fail(error);
      });
    });
    // A process that waits for work holds nobody back.
    child.unref();
    child.channel?.unref();
    (child.stdout as unknown as { unref(): void }).unref();
    (child.stderr as unknown as { unref(): void }).unref();
  }

  async #flags(runner: string): Promise<string[]> {
    const { folder, permissions, folders = [] } = this.#options;
    const base = await realpath(folder);
    const inside = (path: string): string => resolve(base, path);
    const read = [base, ...productFolders(await realpath(runner)), ...(permissions.read ?? []).map(inside)];
    const write = [...(permissions.write ?? []).map(inside), ...folders];
    return [
      '--permission',
      '--no-warnings',
      ...[...read, ...write].map((path) => `--allow-fs-read=${path}`),
      ...write.map((path) => `--allow-fs-write=${path}`),
      ...((permissions.exec ?? []).length > 0 ? ['--allow-child-process'] : []),
    ];
  }

  #end(signal: NodeJS.Signals): void {
    this.#ended ??= 'its process was ended';
    this.#child?.kill(signal);
  }

  #problem(code: string, reason: string): ProvisioningError {
    return new ProvisioningError({
      code,
      message: `Extension '${this.#options.name}' failed: ${reason}`,
      hint: `Run 'provisioning extension validate ${this.#options.folder}'.`,
    });
  }
}

/** Where the product's own packages lie: what the runner and the extension import from it. */
function productFolders(runner: string): string[] {
  const sdk = dirname(dirname(dirname(runner)));
  const folders = [sdk];
  for (let path = sdk; path !== dirname(path); path = dirname(path)) {
    folders.push(join(path, 'node_modules'), join(path, 'package.json'));
  }
  return folders;
}
