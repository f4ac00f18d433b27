import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import { looksEncrypted, shouldBeEncrypted } from '../cipher.ts';
import type { Configuration } from '../configuration.ts';
import type { Data } from '../document.ts';
import { fileFragment } from '../fragment.ts';
import { layerFiles } from '../layers.ts';
import { type LoadOptions, loadConfiguration } from '../load.ts';
import { isRecord, valueAt } from '../merge.ts';
import { readDocument } from '../read.ts';
import { expandsShellVariables, hasShellVariable } from '../shell-variables.ts';
import { userDirectories } from '../surroundings.ts';
import { issueOf } from './configuration.ts';
import { checkDialect, parseDialect } from './dialect.ts';
import { type Rule, checkRules, checkValidationTable, loadRules } from './rules.ts';
import type { Finding } from './schema-issues.ts';
import { shippedSchemas } from './shipped-schemas.ts';

/** One finding as `validate config` prints and serialises it (02 §11.2). */
export interface ValidationItem extends Omit<Finding, 'path'> {
  readonly file?: string;
  readonly line?: number;
  readonly frame?: string;
}

export interface ValidationReport {
  readonly valid: boolean;
  readonly errors: readonly ValidationItem[];
  readonly warnings: readonly ValidationItem[];
  readonly rules: readonly Rule[];
  readonly unknown_variables: readonly string[];
}

export interface ValidateOptions extends LoadOptions {
  /** Warnings become errors. */
  readonly strict?: boolean;
}

/** Everything of 02 §11.1; a file that does not even parse is one error of the report. */
export async function validateWorkspaceConfiguration(options: ValidateOptions): Promise<ValidationReport> {
  const { surroundings, workspace } = options;
  const issues: Issue[] = [];
  let configuration: Configuration;
  try {
    configuration = await loadConfiguration({ ...options, issues });
  } catch (error) {
    const { message, location, issues: all } = ProvisioningError.from(error);
    const items = (all.length > 0 ? all : [{ message, ...(location === undefined ? {} : { location }) }]).map(
      ofIssue,
    );
    return report(items, [], [], [], options.strict);
  }
  const data = configuration.data();
  const errors: ValidationItem[] = issues.map(ofIssue);
  const warnings: ValidationItem[] = configuration.warnings.map((message) => ({
    field: '',
    type: 'custom',
    message,
  }));
  const place = (finding: Finding): ValidationItem => {
    const { path: at, ...rest } = finding;
    const issue = issueOf(at, finding.message, finding.type, configuration.fragments());
    return { ...rest, ...ofLocation(issue) };
  };
  const rules = await loadRules(workspace?.path);
  const outcome = checkRules(data, rules, surroundings.env);
  errors.push(
    ...outcome.errors.map(place),
    ...(await checkValidationTable(configuration, surroundings.env)).map(place),
  );
  warnings.push(...outcome.warnings.map(place));
  if (workspace !== undefined) {
    const files = await checkFiles(options, data);
    errors.push(...files.errors);
    warnings.push(...files.warnings);
    const dialect = await workspaceSchema(workspace.path);
    const found = checkDialect(data, parseDialect(dialect.text, dialect.file));
    const known = new Set(errors.map(({ message }) => message));
    errors.push(...found.errors.map(place).filter(({ message }) => !known.has(message)));
    warnings.push(...found.warnings.map(place));
    for (const provider of activeProviders(data)) {
      if (isRecord(valueAt(data, ['providers', provider]))) continue;
      warnings.push({
        field: `providers.${provider}`,
        type: 'custom',
        message: `No configuration file for active provider '${provider}'`,
      });
    }
  }
  for (const name of configuration.unknownVariables) {
    if (options.strict === true)
      errors.push({ field: name, type: 'custom', message: `Unknown environment variable: ${name}` });
  }
  return report(errors, warnings, rules, configuration.unknownVariables, options.strict);
}

function report(
  errors: readonly ValidationItem[],
  warnings: readonly ValidationItem[],
  rules: readonly Rule[],
  unknown: readonly string[],
  strict = false,
): ValidationReport {
  const all = strict ? [...errors, ...warnings] : errors;
  return {
    valid: all.length === 0,
    errors: all,
    warnings: strict ? [] : warnings,
    rules,
    unknown_variables: unknown,
  };
}

/** The lines `validate config` prints on stderr for a report with findings. */
export function reportLines(found: ValidationReport): string[] {
  const list = (items: readonly ValidationItem[]): string[] =>
    items.map(
      ({ message, file, line }) =>
        `  • ${message}${file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`}`,
    );
  return [
    ...(found.errors.length === 0 ? [] : ['✗ Validation failed', 'Errors:', ...list(found.errors)]),
    ...(found.warnings.length === 0
      ? []
      : [...(found.errors.length === 0 ? [] : ['']), '⚠  Warnings:', ...list(found.warnings)]),
  ];
}

/** Platform and provider files against their own schemas; files that should be encrypted; `${NAME}` out of place. */
async function checkFiles(
  options: ValidateOptions,
  data: Data,
): Promise<{ errors: ValidationItem[]; warnings: ValidationItem[] }> {
  const errors: ValidationItem[] = [];
  const warnings: ValidationItem[] = [];
  const { surroundings, workspace, infra } = options;
  const files = layerFiles({
    userConfig: userDirectories(surroundings).config,
    workspacePath: workspace!.path,
    workspaceName: workspace!.name,
    ...(infra === undefined ? {} : { infra }),
  });
  for (const file of files) {
    const bytes = await readFile(file.file).catch(() => undefined);
    if (bytes === undefined) continue;
    const encrypted = looksEncrypted(bytes);
    if (shouldBeEncrypted(file.file) && !encrypted) {
      warnings.push({
        field: '',
        type: 'custom',
        message: `File must be encrypted: ${file.file}`,
        file: file.file,
      });
    }
    if (shouldBeEncrypted(file.file)) {
      const { mode } = await stat(file.file);
      if ((mode & 0o077) !== 0)
        warnings.push({
          field: '',
          type: 'custom',
          message: `Mode of ${file.file} must be 0600`,
          file: file.file,
        });
    }
    if (encrypted) continue;
    const text = bytes.toString('utf8');
    if (!expandsShellVariables(file.file) && hasShellVariable(text)) {
      warnings.push({
        field: '',
        type: 'custom',
        message: 'Use {{env.NAME}} instead of ${NAME}',
        file: file.file,
      });
    }
    const service =
      file.mount[0] === 'platform' || file.mount[0] === 'providers'
        ? String(file.mount[1])
        : file.mount.join('.') === 'kms'
          ? 'kms'
          : undefined;
    if (service === undefined) continue;
    const schema = await fileSchema(file.file, service);
    const document = schema === undefined ? undefined : await readDocument(file.file).catch(() => undefined);
    if (schema === undefined || document === undefined) continue;
    const own =
      service === 'kms'
        ? isRecord(document.value['kms'])
          ? document.value
          : { kms: document.value, ...document.value }
        : document.value;
    const unwrapped =
      file.mount[0] === 'platform'
        ? (fileFragment(file.layer, document, file.mount, file.unwrap)
            .map((one) => valueAt(one.value, file.mount))
            .reduce((all, one) => ({ ...(all as Data), ...(one as Data) }), {}) as Data)
        : own;
    const found = checkDialect(unwrapped, schema);
    const placed = ({ path: at, ...finding }: Finding): ValidationItem => {
      const { line } = document.locate([...at]);
      return { ...finding, file: file.file, ...(line === undefined ? {} : { line }) };
    };
    errors.push(...found.errors.map(placed));
    warnings.push(...found.warnings.map(placed));
  }
  if (
    files.length > 0 &&
    valueAt(data, ['kms']) === undefined &&
    (await anyEncrypted(files.map(({ file }) => file)))
  ) {
    errors.push({
      field: 'kms',
      type: 'missing_required',
      message: 'Required section missing: kms (an encrypted file exists)',
    });
  }
  return { errors, warnings };
}

async function anyEncrypted(files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes !== undefined && looksEncrypted(bytes)) return true;
  }
  return false;
}

/** `<service>.schema.toml` beside the file, else the shipped one. */
async function fileSchema(
  file: string,
  service: string,
): Promise<ReturnType<typeof parseDialect> | undefined> {
  const own = path.join(path.dirname(file), `${path.basename(file).replace(/\..*$/, '')}.schema.toml`);
  const text = await readFile(own, 'utf8').catch(() => undefined);
  if (text !== undefined) return parseDialect(text, own);
  const shipped = shippedSchemas[service];
  return shipped === undefined ? undefined : parseDialect(shipped, `${service}.schema.toml`);
}

async function workspaceSchema(workspace: string): Promise<{ readonly text: string; readonly file: string }> {
  const file = path.join(workspace, 'config', 'workspace.schema.toml');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined
    ? { text: shippedSchemas['workspace']!, file: 'workspace.schema.toml' }
    : { text, file };
}

/**
 * One file against one schema, for `provider validate` and `platform validate`.
 * @throws ProvisioningError `SCHEMA_NOT_FOUND` (exit 3)
 */
export async function validateFile(file: string, schemaFile: string): Promise<ValidationReport> {
  const text = await readFile(schemaFile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new ProvisioningError({
      code: 'SCHEMA_NOT_FOUND',
      kind: 'configuration',
      message: `Schema file not found: ${schemaFile}`,
    });
  }
  const document = await readDocument(file);
  const found = checkDialect(document?.value ?? {}, parseDialect(text, schemaFile));
  const placed = ({ path: at, ...finding }: Finding): ValidationItem => ({
    ...finding,
    ...(document === undefined ? {} : { file, ...lineOf(document.locate([...at])) }),
  });
  return report(found.errors.map(placed), found.warnings.map(placed), [], []);
}

function lineOf(location: { readonly line?: number }): { line?: number } {
  return location.line === undefined ? {} : { line: location.line };
}

function activeProviders(data: Data): string[] {
  const active = valueAt(data, ['providers', 'active']);
  return Array.isArray(active) ? active.filter((name) => typeof name === 'string') : [];
}

function ofIssue(issue: Issue): ValidationItem {
  return { field: issue.location?.key ?? '', type: 'custom', message: issue.message, ...ofLocation(issue) };
}

function ofLocation({ location, frame }: Issue): { file?: string; line?: number; frame?: string } {
  return {
    ...(location === undefined ? {} : { file: location.file }),
    ...(location?.line === undefined ? {} : { line: location.line }),
    ...(frame === undefined ? {} : { frame }),
  };
}
