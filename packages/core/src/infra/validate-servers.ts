import { type Issue, Server, namePattern } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { Server as validate } from '../config/validation/compiled.js';
import { findings } from '../config/validation/schema-issues.ts';
import { writtenKey } from './server-aliases.ts';
import type { ResolvedServer } from './servers.ts';
import { issueAt } from './source.ts';

const validName = new RegExp(namePattern);

/** What every server of a project must have: `compliance` of the configuration (02 §4, 05 §4.1). */
export interface Compliance {
  readonly required_tags?: readonly string[];
  readonly encryption_required?: boolean;
  readonly backup_required?: boolean;
}

/** Findings about servers, each at the key that was written (05 §4.1). Groups are checked once, as their definition. */
export function validateServers(
  servers: readonly ResolvedServer[],
  issues: Issue[],
  compliance?: Compliance,
): void {
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
    portRanges(value, report);
    if (compliance !== undefined) complies(value, compliance, report);
  }
}

function nameFinding(name: unknown): string | undefined {
  if (name === undefined || name === '') return 'Server name cannot be empty';
  if (typeof name !== 'string') return 'Field hostname type mismatch: expected string';
  return validName.test(name) ? undefined : `Invalid server name '${name}': invalid characters`;
}

function complies(
  server: Data,
  { required_tags = [], encryption_required, backup_required }: Compliance,
  report: (path: readonly (string | number)[], message: string, code: string) => void,
): void {
  const name = String(server['hostname']);
  const tags = Object.keys(server['tags'] ?? {});
  const missing = required_tags.filter((tag) => !tags.includes(tag));
  if (missing.length > 0) {
    const message = `Server '${name}' lacks required tags: ${missing.join(', ')} (compliance.required_tags)`;
    report(['tags'], message, 'REQUIRED_TAGS_MISSING');
  }
  for (const [wanted, key, rule] of [
    [encryption_required, 'encrypted_storage', 'encryption_required'],
    [backup_required, 'backup_enabled', 'backup_required'],
  ] as const) {
    if (wanted !== true || server[key] === true) continue;
    report([key], `Server '${name}' needs ${key} = true (compliance.${rule})`, 'COMPLIANCE');
  }
}

/** `80-20`, `0`, `70000`: texts that look like ports and are none. */
function portRanges(
  server: Data,
  report: (path: readonly (string | number)[], message: string, code: string) => void,
): void {
  const rules: unknown = server['firewall_rules'];
  if (!Array.isArray(rules)) return;
  (rules as Data[]).forEach((rule, index) => {
    const { port } = rule;
    if (typeof port !== 'string' || !/^\d+(-\d+)?$/.test(port)) return;
    const [from = 0, to = from] = port.split('-').map(Number);
    if (from < 1 || to > 65_535 || from > to)
      report(['firewall_rules', index, 'port'], `Invalid port: ${port}`, 'INVALID_PORT');
  });
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
