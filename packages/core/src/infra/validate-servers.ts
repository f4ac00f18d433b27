import { type Issue, Server, namePattern } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { Server as validate } from '../config/validation/compiled.js';
import { findings } from '../config/validation/schema-issues.ts';
import { writtenKey } from './server-aliases.ts';
import type { ResolvedServer } from './servers.ts';
import { issueAt } from './source.ts';

const validName = new RegExp(namePattern);

/** Findings about servers, each at the key that was written (05 §4.1). Groups are checked once, as their definition. */
export function validateServers(servers: readonly ResolvedServer[], issues: Issue[]): void {
  for (const { value, source } of servers) {
    const report = (path: readonly (string | number)[], message: string, code: string): void => {
      const [field, ...rest] = path;
      issues.push(issueAt(source, [writtenKey(source.value, String(field)), ...rest], message, code));
    };
    const name = nameFinding(value['hostname']);
    if (name !== undefined) report(['hostname'], name, 'INVALID_SERVER_NAME');
    for (const finding of findings(validate, value, Server)) {
      if (finding.path[0] !== 'hostname') report(finding.path, finding.message, finding.type.toUpperCase());
    }
    repeatedTaskservs(value, report);
  }
}

function nameFinding(name: unknown): string | undefined {
  if (name === undefined || name === '') return 'Server name cannot be empty';
  if (typeof name !== 'string') return 'Field hostname type mismatch: expected string';
  return validName.test(name) ? undefined : `Invalid server name '${name}': invalid characters`;
}

function repeatedTaskservs(
  server: Data,
  report: (path: readonly (string | number)[], message: string, code: string) => void,
): void {
  if (!Array.isArray(server['taskservs'])) return;
  const seen = new Set<unknown>();
  (server['taskservs'] as Data[]).forEach((item, index) => {
    const name = item['name'];
    if (seen.has(name))
      report(
        ['taskservs', index],
        `Taskserv '${String(name)}' is listed twice on ${String(server['hostname'])}`,
        'DUPLICATE_TASKSERV',
      );
    seen.add(name);
  });
}
