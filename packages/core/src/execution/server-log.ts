import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Context,
  type Operation,
  type OperationNode,
  ProvisioningError,
} from '@provisioning/extensions-sdk';

/** Bytes after which a log is set aside; the one before it is dropped. */
const large = 1_048_576;

/** What was done to a server from here (05 §7.4 `server logs`): one line for each message. */
export function serverLogFile(place: Pick<Context, 'workspace' | 'infra'>, hostname: string): string {
  return join(place.workspace.path, '.runtime', 'logs', 'servers', place.infra, `${hostname}.log`);
}

/**
 * Runs an operation and keeps what it says in the log of each server it concerns, whoever runs it: this process or the
 * orchestrator. A log that can't be written stops nothing.
 */
export async function runLogged(
  operation: Operation,
  node: Pick<OperationNode, 'type' | 'input' | 'resources'>,
  context: Context,
): Promise<unknown> {
  const run = (inner: Context) => operation.run(inner, node.input as never);
  const resources = node.resources ?? operation.resources?.(node.input as never) ?? [];
  const names = resources.filter((name) => name.startsWith('server/')).map((name) => name.slice(7));
  if (names.length === 0) return run(context);
  const files = [...new Set(names)].map((hostname) => serverLogFile(context, hostname));
  let last: Promise<unknown> = Promise.resolve();
  const write = (level: string, message: string): void => {
    const time = new Date(context.now()).toISOString();
    const line = `${time} ${level.padEnd(5)} ${node.type}: ${message.replaceAll(/\r?\n/g, ' ')}\n`;
    last = last.then(() => Promise.all(files.map((file) => append(file, line)))).catch(() => undefined);
  };
  write('INFO', 'begins');
  try {
    const result = await run({
      ...context,
      report: (progress) => {
        context.report(progress);
        if (progress.type === 'log' && progress.level !== 'debug')
          write(progress.level.toUpperCase(), progress.message);
      },
    });
    write('INFO', 'done');
    return result;
  } catch (error) {
    write('ERROR', ProvisioningError.from(error).message);
    throw error;
  } finally {
    await last;
  }
}

async function append(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > large) await rename(file, `${file}.1`);
  await appendFile(file, line, { mode: 0o600 });
}
