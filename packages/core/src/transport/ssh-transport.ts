import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ProvisioningError,
  type RunOptions,
  type RunResult,
  type Transport,
} from '@provisioning/extensions-sdk';
import type { Client, ClientChannel } from 'ssh2';
import { LineCollector } from './lines.ts';
import { feed } from './local-transport.ts';
import { AnnouncementFilter, killGroupCommand, prepareCommand } from './remote-command.ts';
import { RunWatch } from './run-watch.ts';
import { connectionLost, interrupted, protocolFailure } from './transport-error.ts';

/** Sessions at once on one connection; OpenSSH allows ten (`MaxSessions`), one is kept for stopping commands. */
const maxChannels = 9;

/** Tries to get a session before a command is given up. */
const maxAttempts = 8;

/** The connection behind a transport; made again by the pool when it broke. */
export interface ConnectionSource {
  connect(signal: AbortSignal | undefined): Promise<Client>;
  /** Called around every command, so that an idle connection can be closed. */
  begin(): void;
  end(): void;
}

/** Commands on one host as channels of one SSH connection. */
export class SshTransport implements Transport {
  readonly name: string;
  readonly #source: ConnectionSource;
  readonly #waiting: (() => void)[] = [];
  #free = maxChannels;

  constructor(name: string, source: ConnectionSource) {
    this.name = name;
    this.#source = source;
  }

  async run(command: string, options: RunOptions = {}): Promise<RunResult> {
    if (options.signal?.aborted === true) throw interrupted(this.name, options.signal.reason);
    this.#source.begin();
    await this.#acquire();
    try {
      return await this.#attempt(command, options);
    } finally {
      this.#release();
      this.#source.end();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * A connection found dead before the command started is replaced; a session the server refuses while it still counts
   * one that has just ended is asked for again. Once the command runs only the caller may repeat it.
   */
  async #attempt(command: string, options: RunOptions): Promise<RunResult> {
    const prepared = prepareCommand(command, options.environment);
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#source.connect(options.signal);
      let channel: ClientChannel;
      try {
        channel = await openChannel(client, prepared.command);
      } catch (error) {
        if (attempt >= maxAttempts) {
          throw protocolFailure(this.name, `no session: ${(error as Error).message}`, error);
        }
        const refused = 'reason' in (error as Error);
        if (!refused) client.destroy();
        await sleep(attempt * 20, undefined, { signal: options.signal });
        continue;
      }
      return this.#follow(client, channel, prepared.announcement, prepared.preamble, options);
    }
  }

  #follow(
    client: Client,
    channel: ClientChannel,
    announcement: string,
    preamble: string,
    options: RunOptions,
  ): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      const { onLine } = options;
      const stdout = new LineCollector(onLine && ((line) => onLine(line, 'stdout')));
      const stderr = new LineCollector(onLine && ((line) => onLine(line, 'stderr')));
      const filter = new AnnouncementFilter(announcement, (chunk) => stderr.push(chunk));
      let settled = false;

      const settle = (action: () => void): void => {
        if (settled) return;
        settled = true;
        watch.end();
        client.removeListener('close', onLost);
        client.removeListener('error', onError);
        action();
      };
      let broken: Error | undefined;
      const onError = (error: Error): void => void (broken = error);
      const onLost = (): void => settle(() => reject(watch.reason ?? connectionLost(this.name, broken)));
      let stopping = false;
      const kill = (group: number): void => {
        openChannel(client, killGroupCommand(group)).then(
          (killer) => killer.resume().stderr.resume(),
          () => client.destroy(),
        );
      };
      // One that has not told its group yet may be starting: it is killed as soon as it does.
      const stop = (): void => {
        stopping = true;
        if (filter.group !== undefined) kill(filter.group);
      };
      const watch = new RunWatch(this.name, options, stop, (error) =>
        settle(() => {
          channel.close();
          reject(error);
        }),
      );

      client.once('close', onLost);
      client.on('error', onError);
      channel.on('data', (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on('data', (chunk: Buffer) => {
        const known = filter.group !== undefined;
        filter.push(chunk);
        if (stopping && !known && filter.group !== undefined) kill(filter.group);
      });
      // `close` tells how the command ended even when `exit` came before anyone could listen.
      channel.on('close', (code?: number | null, signal?: string) => {
        filter.finish();
        const output = { stdout: stdout.finish(), stderr: stderr.finish() };
        settle(() => {
          if (watch.reason !== undefined) reject(watch.reason);
          else if (typeof code === 'number') resolve({ ...output, code });
          else if (typeof signal === 'string') resolve({ ...output, ...ended(signal) });
          else reject(connectionLost(this.name, broken));
        });
      });
      feed(channel, options.input, preamble);
    });
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function openChannel(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      client.exec(command, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
    } catch (error) {
      reject(ProvisioningError.from(error));
    }
  });
}

/** A command ended by a signal has the code a shell would give it. */
function ended(signal: string): { readonly code: number; readonly signal: string } {
  const name = signal.startsWith('SIG') ? signal : `SIG${signal}`;
  return { code: 128 + (constants.signals[name as NodeJS.Signals] ?? 0), signal: name };
}
