import type { Style } from '../output/style.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A line of a service's log. Lines that a service did not write as a record have no time and no level. */
export interface LogEntry {
  readonly service: string;
  readonly time: string | null;
  readonly level: LogLevel | null;
  readonly message: string;
}

const severities: Readonly<Record<string, LogLevel>> = {
  fatal: 'error',
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
};
/** Fields that say the same in every line of a service. */
const constant = new Set(['level', 'time', 'service', 'msg', 'message', 'pid', 'hostname']);

/** Reads a line as services write it: a JSON record, or a text. */
export function readEntry(service: string, line: string): LogEntry {
  const record = recordOf(line);
  if (record === undefined) return { service, time: null, level: null, message: line };
  const details = Object.entries(record)
    .filter(([name]) => !constant.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return {
    service,
    time: typeof record['time'] === 'string' ? record['time'] : null,
    level: severities[String(record['level'])] ?? null,
    message: [String(record['msg'] ?? record['message'] ?? ''), ...details]
      .filter((part) => part !== '')
      .join('  '),
  };
}

function recordOf(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether an entry is of this level or worse. A line without a level is shown unless errors or warnings are wanted. */
export function isOfLevel({ level }: LogEntry, wanted: LogLevel | undefined): boolean {
  if (wanted === undefined) return true;
  return logLevels.indexOf(level ?? 'info') <= logLevels.indexOf(wanted);
}

/** The entries of several services in the order of their times; a line without a time stays behind the one before it. */
export function inOrder(logs: readonly (readonly LogEntry[])[]): LogEntry[] {
  const dated = logs.flatMap((entries) => {
    let time = '';
    return entries.map((entry) => ({ entry, time: (time = entry.time ?? time) }));
  });
  return dated.sort((a, b) => a.time.localeCompare(b.time)).map(({ entry }) => entry);
}

/** The line people read. */
export function showEntry({ time, level, service, message }: LogEntry, style: Style): string {
  const word = (level ?? '').padEnd(5);
  const painted = level === 'error' ? style.bad(word) : level === 'warn' ? style.warn(word) : word;
  const at = time === null ? ' '.repeat(19) : time.slice(0, 19).replace('T', ' ');
  return `${style.dim(at)}  ${painted}  ${service.padEnd(12)}  ${message}`.trimEnd();
}
