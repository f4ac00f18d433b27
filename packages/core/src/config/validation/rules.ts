import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Configuration } from '../configuration.ts';
import type { Data } from '../document.ts';
import { parseToml } from '../formats/toml.ts';
import { evaluateRule } from '../interpolation/interpolate.ts';
import { SecretReference } from '../interpolation/secret-reference.ts';
import { isRecord, keyPath } from '../merge.ts';
import { namesIn } from '../names-in.ts';
import type { Finding } from './schema-issues.ts';

/** A rule of `config/validation/*.toml` (02 §11.4). */
export interface Rule {
  readonly field: string;
  readonly when?: string;
  readonly assert: string;
  readonly message: string;
  readonly level: 'error' | 'warning';
  readonly file: string;
}

/** Rules every workspace has. */
export const shippedRules: readonly Rule[] = [
  {
    field: 'debug.enabled',
    when: "str.startsWith(workspace.name, 'prod')",
    assert: '!debug.enabled',
    message: 'Debug must be disabled in production',
    level: 'error',
    file: 'built-in',
  },
];

/** The rules of a workspace, the shipped ones first. @throws ProvisioningError `RULES_INVALID` */
export async function loadRules(workspace: string | undefined): Promise<Rule[]> {
  if (workspace === undefined) return [...shippedRules];
  const folder = path.join(workspace, 'config', 'validation');
  const rules = [...shippedRules];
  for (const name of namesIn(folder)
    .filter((file) => file.endsWith('.toml'))
    .sort()) {
    const file = path.join(folder, name);
    const list = parseToml(await readFile(file, 'utf8'))['rules'];
    if (!Array.isArray(list)) continue;
    for (const item of list) {
      if (!isRecord(item) || typeof item['assert'] !== 'string' || typeof item['field'] !== 'string') {
        throw new ProvisioningError({
          code: 'RULES_INVALID',
          kind: 'configuration',
          message: `Each of [[rules]] needs field and assert: ${file}`,
          location: { file },
        });
      }
      rules.push({
        field: item['field'],
        assert: item['assert'],
        message:
          typeof item['message'] === 'string'
            ? item['message']
            : `Rule failed for ${item['field']}: ${item['assert']}`,
        level: item['level'] === 'warning' ? 'warning' : 'error',
        file,
        ...(typeof item['when'] === 'string' ? { when: item['when'] } : {}),
      });
    }
  }
  return rules;
}

/** @returns findings of the rules, split by level */
export function checkRules(
  data: Data,
  rules: readonly Rule[],
  env: Readonly<Record<string, unknown>>,
): { errors: Finding[]; warnings: Finding[] } {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  for (const rule of rules) {
    const finding = (message: string): Finding => ({
      path: keyPath(rule.field),
      field: rule.field,
      type: 'custom',
      message,
    });
    try {
      if (rule.when !== undefined && !holds(evaluateRule(rule.when, data, { env }))) continue;
      if (holds(evaluateRule(rule.assert, data, { env }))) continue;
    } catch (error) {
      errors.push(finding(`Rule of ${rule.file} is not understood: ${(error as Error).message}`));
      continue;
    }
    (rule.level === 'error' ? errors : warnings).push(finding(rule.message));
  }
  return { errors, warnings };
}

function holds(value: unknown): boolean {
  return value !== undefined && value !== false && value !== '' && value !== 0 && !Number.isNaN(value);
}

/** The `[validation]` table of all layers; its lists are united (02 §11.3). */
export async function checkValidationTable(
  configuration: Configuration,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  const tables = configuration
    .fragments()
    .map(({ value }) => value['validation'])
    .filter(isRecord);
  const united = (key: readonly string[]): unknown[] => [
    ...new Set(
      tables.flatMap((table) => {
        const value = key.reduce<unknown>(
          (inner, part) => (isRecord(inner) ? inner[part] : undefined),
          table,
        );
        return Array.isArray(value) ? (value as unknown[]) : [];
      }),
    ),
  ];
  const found: Finding[] = [];
  const report = (field: string, message: string): void => {
    found.push({ path: keyPath(field), field, type: 'custom', message });
  };
  for (const section of united(['required_sections']).map(String)) {
    const value = configuration.get(section);
    if (value === undefined || (isRecord(value) && Object.keys(value).length === 0))
      report(section, `Required section missing: ${section}`);
  }
  for (const name of united(['required_env_vars']).map(String)) {
    if ((env[name] ?? '') === '') report(name, `Required environment variable not set: ${name}`);
  }
  const forbidden = new Set(united(['forbidden_values']));
  if (forbidden.size > 0) {
    for (const leaf of configuration.leaves()) {
      if (leaf[0] !== 'validation' && forbidden.has(configuration.get(leaf)))
        report(leaf.join('.'), `Forbidden value in ${leaf.join('.')}`);
    }
  }
  await checkPaths(configuration, united(['paths', 'writable_required']).map(String), report);
  checkSecrets(configuration, report);
  return found;
}

async function checkPaths(
  configuration: Configuration,
  writable: readonly string[],
  report: (field: string, message: string) => void,
): Promise<void> {
  const can = (file: string, mode: number): Promise<boolean> =>
    access(file, mode).then(
      () => true,
      () => false,
    );
  const base = configuration.get('paths.base');
  if (
    configuration.get('validation.paths.base_must_exist') === true &&
    typeof base === 'string' &&
    !(await can(base, constants.F_OK))
  ) {
    report('paths.base', `Path does not exist: paths.base (${base})`);
  }
  for (const key of writable) {
    const file = configuration.get(key);
    if (typeof file !== 'string' || !(await can(file, constants.W_OK)))
      report(key, `Path not writable: ${key} (${String(file ?? 'not set')})`);
  }
}

function checkSecrets(configuration: Configuration, report: (field: string, message: string) => void): void {
  const encryption = configuration.get('validation.security.require_encryption') === true;
  const length = configuration.get('validation.security.min_key_length');
  if (!encryption && typeof length !== 'number') return;
  for (const leaf of configuration.leaves()) {
    const value = configuration.get(leaf);
    if (
      leaf[0] === 'validation' ||
      value instanceof SecretReference ||
      typeof value !== 'string' ||
      !configuration.isSecret(leaf)
    )
      continue;
    const key = leaf.join('.');
    if (encryption && !configuration.provenance(leaf).encrypted)
      report(key, `Sensitive value not encrypted: ${key}`);
    if (typeof length === 'number' && value.length < length)
      report(key, `Value of ${key} shorter than ${length} characters`);
  }
}
