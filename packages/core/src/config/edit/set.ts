import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationSchema, ProvisioningError } from '@provisioning/extensions-sdk';
import { isDocument, parseDocument as parseYamlDocument } from 'yaml';
import { withFileLock } from '../../files/atomic.ts';
import { isRecord, keyPath } from '../merge.ts';
import { mainFile } from '../definition-formats.ts';
import { type LoadOptions, loadConfiguration } from '../load.ts';
import { schemaLeaves } from '../schema-leaves.ts';
import { userDirectories } from '../surroundings.ts';
import { coerce } from '../variables.ts';
import { writeValidated } from './replace.ts';
import { removeTomlKey, setTomlKey } from './toml-edit.ts';

export type Scope = 'user' | 'local' | 'workspace' | 'environment' | 'infra';

export interface SetOptions extends LoadOptions {
  readonly key: string;
  /** As typed on the command line; `undefined` removes the key. */
  readonly text: string | undefined;
  readonly scope?: Scope;
  readonly check?: boolean;
}

export interface SetResult {
  readonly file: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Text of the file before and after, for the diff of `--check`. */
  readonly oldText: string;
  readonly newText: string;
}

/**
 * `config set`: parses the value by the type of its key, changes one file keeping its comments and order, and leaves it
 * as it was when the configuration would not be valid any more.
 * @throws ProvisioningError kind `configuration` (exit 3), `usage` when the scope needs more
 */
export async function setConfigurationKey(options: SetOptions): Promise<SetResult> {
  const at = keyPath(options.key);
  if (at.length === 0 || at.includes('__proto__')) throw usage(`Invalid key: ${options.key}`);
  // A wrong value must not stand in the way of its own repair: findings of what is there now do not count.
  const before = await loadConfiguration({ ...options, issues: [] });
  const file = scopeFile(options, options.scope ?? 'user', before.environment);
  const value =
    options.text === undefined ? undefined : parsed(options.key, options.text, at, before.get(at));
  return withFileLock(file, async () => {
    const oldText = await readFile(file, 'utf8').catch(() => '');
    const newText = edited(file, oldText, at, value);
    const result = (after: unknown): SetResult => ({
      file,
      before: shown(before, at),
      after,
      oldText,
      newText,
    });
    if (options.check === true) return result(value);
    const after = await writeValidated(file, newText, () => loadConfiguration(options));
    return result(shown(after, at));
  });
}

function shown(configuration: Awaited<ReturnType<typeof loadConfiguration>>, at: readonly string[]): unknown {
  return configuration.isSecret(at) ? '***' : configuration.get(at);
}

/** Text by the type the schema or the present value gives the key; without either, TOML syntax, else plain text. */
function parsed(key: string, text: string, at: readonly string[], present: unknown): unknown {
  const leaf = schemaLeaves(ConfigurationSchema).find((one) => one.path.join('\0') === at.join('\0'));
  const type =
    leaf?.type ??
    (typeof present === 'boolean'
      ? 'bool'
      : typeof present === 'number'
        ? Number.isInteger(present)
          ? 'int'
          : 'float'
        : Array.isArray(present)
          ? 'list'
          : isRecord(present)
            ? 'record'
            : undefined);
  if (type !== undefined && type !== 'any') {
    try {
      return coerce(key, text, type);
    } catch (error) {
      throw new ProvisioningError({
        code: 'CONFIG_VALUE_TYPE',
        kind: 'configuration',
        message: `Field ${key} type mismatch: expected ${type}, got "${text}"`,
        cause: error,
      });
    }
  }
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (/^[[{]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }
  return text;
}

function edited(file: string, text: string, at: readonly string[], value: unknown): string {
  if (/\.toml$/.test(file))
    return value === undefined ? removeTomlKey(text, at) : setTomlKey(text, at, value);
  if (/\.ya?ml$/.test(file)) {
    const document = parseYamlDocument(text);
    if (!isDocument(document)) throw usage(`Cannot edit ${file}`);
    if (value === undefined) document.deleteIn(at);
    else document.setIn(at, value);
    return document.toString();
  }
  throw new ProvisioningError({
    code: 'CONFIG_EDIT',
    kind: 'configuration',
    message: `A program is not edited: ${file}`,
    hint: 'Set the key in another scope (--scope local), or change the file with: provisioning config edit',
  });
}

/**
 * The file that `config set --scope` and `config edit` change.
 * @throws ProvisioningError `USAGE` (exit 2) when the scope needs a workspace or an infrastructure
 */
export function scopeFile(
  { surroundings, workspace, infra }: Pick<LoadOptions, 'surroundings' | 'workspace' | 'infra'>,
  scope: Scope,
  environment: string,
): string {
  if (scope === 'user') return path.join(userDirectories(surroundings).config, 'config.toml');
  if (workspace === undefined) throw usage(`Scope ${scope} needs a workspace`);
  const config = path.join(workspace.path, 'config');
  if (scope === 'local') return path.join(config, 'local-overrides.toml');
  if (scope === 'environment') return path.join(config, 'environments', `${environment}.toml`);
  if (scope === 'workspace') return mainFile(workspace.path) ?? path.join(config, 'provisioning.toml');
  if (infra === undefined) throw usage('Scope infra needs an infrastructure');
  return path.join(workspace.path, 'infra', infra, 'config.toml');
}

function usage(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'USAGE', kind: 'usage', message });
}
