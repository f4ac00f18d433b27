import type { EventEnvelope, LogEntry } from '@provisioning/client';
import { logLevels, type LogLine } from '../../logs/task-logs.ts';
import { badQuery } from './refusal.ts';
import { list } from './metric-stream.ts';

export interface LogSelection {
  readonly levels: ReadonlySet<string>;
  readonly components: readonly string[];
  readonly taskId: string | undefined;
  readonly search: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  /** Lines of the past that come first. */
  readonly tail: number;
}

/** Query of the log stream (13 §8.1): one level is the least, several are exactly those. @throws Refusal 400 */
export function readLogSelection(query: URLSearchParams): LogSelection {
  const named = list(query.get('level')).map((level) => level.toUpperCase());
  for (const level of named) {
    if (!logLevels.includes(level))
      throw badQuery(`level: expected ${logLevels.join(', ')}, found '${level}'`);
  }
  const levels = named.length > 1 ? named : logLevels.slice(logLevels.indexOf(named[0] ?? 'DEBUG'));
  const search = query.get('search') ?? undefined;
  if (search !== undefined && search.length > 200) throw badQuery('search: at most 200 characters');
  const tail = Number(query.get('tail') ?? 100);
  if (!Number.isInteger(tail) || tail < 0 || tail > 1000) {
    throw badQuery('tail: expected a number from 0 to 1000');
  }
  const sinceText = query.get('since');
  const since = sinceText === null ? undefined : Date.parse(sinceText);
  if (Number.isNaN(since)) throw badQuery('since: expected a time such as 2026-01-31T12:00:00Z');
  return {
    levels: new Set(levels),
    components: list(query.get('component')),
    taskId: query.get('task_id') ?? undefined,
    search,
    since,
    tail,
  };
}

export function matchesLog(event: EventEnvelope, selection: LogSelection): boolean {
  const entry = event.data as LogEntry;
  const { levels, components, taskId, search, since } = selection;
  if (!levels.has(entry.level)) return false;
  if (components.length > 0 && !components.includes(entry.component)) return false;
  if (taskId !== undefined && taskId !== entry.task_id && taskId !== entry.workflow_id) return false;
  if (search !== undefined && !entry.message.includes(search)) return false;
  return since === undefined || Date.parse(event.timestamp) >= since;
}

/** A line of the past as the stream tells it. */
export function logEvent(line: LogLine & { readonly taskId?: string | undefined }): EventEnvelope {
  return {
    event_type: 'LogEntry',
    timestamp: new Date(line.at).toISOString(),
    data: {
      level: line.level as LogEntry['level'],
      message: line.message,
      component: line.operation,
      ...(line.taskId === undefined ? {} : { task_id: line.taskId }),
      workflow_id: line.workflow,
      operation_id: line.operation,
    },
    metadata: { workflow_id: line.workflow },
  };
}
