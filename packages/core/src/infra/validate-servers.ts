import { type Issue, namePattern } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { writtenKey } from './server-aliases.ts';
import type { ResolvedServer } from './servers.ts';
import { issueAt } from './source.ts';

const validName = new RegExp(namePattern);

/** Findings about resolved servers, each at the key that was written (05 §4.1). */
export function validateServers(servers: readonly ResolvedServer[], issues: Issue[]): void {
  for (const { value, source } of servers) {
    const report = (field: string, message: string, code = 'INVALID_SERVER'): void => {
      issues.push(issueAt(source, [writtenKey(source.value, field)], message, code));
    };
    hostname(value, report);
    wholeNumber(value, 'cores', 1, undefined, 'CPU cores must be positive', report);
    wholeNumber(value, 'memory', 1, undefined, 'Memory must be positive', report);
    wholeNumber(value, 'disk', 10, 2048, undefined, report);
    wholeNumber(value, 'user_ssh_port', 1, 65535, undefined, report);
    wholeNumber(value, 'running_wait', 0, undefined, undefined, report);
    wholeNumber(value, 'running_timeout', 1, undefined, undefined, report);
    taskservs(value, report);
  }
}

type Report = (field: string, message: string, code?: string) => void;

function hostname(server: Data, report: Report): void {
  const name = server['hostname'];
  if (name === undefined || name === '') report('hostname', 'Server name cannot be empty');
  else if (typeof name !== 'string') report('hostname', 'Field hostname type mismatch: expected string');
  else if (!validName.test(name)) report('hostname', `Invalid server name '${name}': invalid characters`);
}

function wholeNumber(
  server: Data,
  field: string,
  minimum: number,
  maximum: number | undefined,
  message: string | undefined,
  report: Report,
): void {
  const value = server[field];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    report(field, `Field ${field} type mismatch: expected int, got ${typeof value}`);
  } else if (value < minimum) {
    report(
      field,
      message ?? (field === 'disk' ? 'Minimum storage is 10GB' : `Field ${field} must be >= ${minimum}`),
    );
  } else if (maximum !== undefined && value > maximum) {
    report(field, field === 'disk' ? 'Maximum storage is 2TB' : `Field ${field} must be <= ${maximum}`);
  }
}

function taskservs(server: Data, report: Report): void {
  const list = server['taskservs'];
  if (!Array.isArray(list)) {
    report('taskservs', 'Field taskservs type mismatch: expected list');
    return;
  }
  const seen = new Set<string>();
  for (const item of list as Data[]) {
    const name = item['name'];
    if (typeof name !== 'string' || name === '')
      report('taskservs', 'Required field missing: taskservs.name');
    else if (seen.has(name))
      report('taskservs', `Taskserv '${name}' is listed twice on ${String(server['hostname'])}`);
    else seen.add(name);
  }
}
