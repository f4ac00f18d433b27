import { Readable } from 'node:stream';
import type { LogSelection } from '../logs/task-logs.ts';
import type { Workflows } from '../service/workflows.ts';

export interface LogQuery extends LogSelection {
  readonly follow?: boolean;
}

/** Lines of a log that are shown unless asked otherwise (13 §4). */
const defaultTail = 200;

/** A log as text; followed, in chunks until the end. */
export async function logAnswer(
  workflows: Workflows,
  id: string,
  { follow, tail = defaultTail, ...rest }: LogQuery,
): Promise<string | Readable> {
  const wanted = { tail, ...rest };
  return follow ? Readable.from(await workflows.followLogs(id, wanted)) : workflows.readLogs(id, wanted);
}
