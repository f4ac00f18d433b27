import { shellQuote } from '@provisioning/core';
import { type Access, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** Priorities of the journal, by level. */
export const journalLevels: Readonly<Record<string, string>> = {
  error: 'err',
  warn: 'warning',
  info: 'info',
  debug: 'debug',
};

export interface JournalOptions {
  /** Lines from the end. */
  readonly tail: number;
  readonly follow?: boolean;
  /** Only this level and worse: a key of `journalLevels`. */
  readonly level?: string | undefined;
  /** Units of systemd; default all. */
  readonly units?: readonly string[];
}

/** The command that prints the journal of a server. */
export function journalCommand(access: Access, { tail, follow, level, units = [] }: JournalOptions): string {
  const words = [
    ...(access.kind === 'ssh' && access.user !== 'root' ? ['sudo', '-n'] : []),
    ...['journalctl', '--no-pager', '--quiet', '--output', 'short-iso', '--lines', String(tail)],
    ...(follow === true ? ['--follow'] : []),
    ...(level === undefined ? [] : ['--priority', journalLevels[level]!]),
    ...units.flatMap((unit) => ['--unit', unit]),
  ];
  return words.map(shellQuote).join(' ');
}

/**
 * Runs it and prints its lines as they come.
 * @throws ProvisioningError `LOGS_FAILED`
 */
export async function showJournal(
  { runtime, signal }: ProvisioningCommand,
  { context }: InfrastructureSession,
  access: Access,
  line: string,
  what: string,
  prefix = '',
): Promise<void> {
  const transport = await context.transports.open(access, { signal });
  const { code, stderr } = await transport.run(line, {
    signal,
    onLine: (text, stream) => {
      if (stream === 'stdout') runtime.stdout.write(`${prefix}${text}\n`);
    },
  });
  if (code === 0) return;
  throw new ProvisioningError({ code: 'LOGS_FAILED', message: `${what} cannot be read: ${stderr.trim()}` });
}
