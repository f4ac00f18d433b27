import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ErrorObject } from 'ajv';
import type { Data } from '../config/document.ts';
import type { ConfigSchema } from '../extensions/schema.ts';
import type { LeafProvenance } from '../sources/provenance.ts';
import { shownPath } from '../sources/source.ts';

const typeNames: Readonly<Record<string, string>> = { integer: 'int', boolean: 'bool' };

/** Findings of a merged configuration against its schema; each names the file and line that won (08 §6.2). */
export async function configIssues(
  name: string,
  config: Data,
  schema: ConfigSchema,
  provenance: readonly LeafProvenance[],
  workspacePath: string | undefined,
): Promise<Issue[]> {
  const { Ajv } = await import('ajv');
  const validator = new Ajv({ allErrors: true, strict: false, validateFormats: false, verbose: true });
  const validate = validator.compile({ ...schema, $id: undefined, $schema: undefined });
  if (validate(config)) return [];
  return (validate.errors ?? []).map((error) => issueOf(name, error, provenance, workspacePath));
}

function issueOf(
  name: string,
  error: ErrorObject,
  provenance: readonly LeafProvenance[],
  workspacePath: string | undefined,
): Issue {
  const keys = error.instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const path = keys.join('.');
  const winner = provenance.find(
    (leaf) => leaf.path === path || leaf.path.startsWith(`${path}.`) || path.startsWith(`${leaf.path}.`),
  );
  const key = [name, ...keys].join('.');
  const place =
    winner === undefined
      ? ''
      : ` (${shownPath(winner.file, workspacePath)}${winner.line === undefined ? '' : `:${winner.line}`})`;
  return {
    code: 'LAYER_INVALID',
    message: `${key}: ${reason(error)}${place}`,
    ...(winner === undefined ? {} : { location: { file: winner.file, line: winner.line, key } }),
  };
}

function reason(error: ErrorObject): string {
  const custom = (error.parentSchema as { errorMessage?: unknown } | undefined)?.errorMessage;
  if (typeof custom === 'string') return custom;
  const parameters = error.params as {
    type?: string | string[];
    missingProperty?: string;
    allowedValues?: unknown[];
  };
  switch (error.keyword) {
    case 'type': {
      const expected = [parameters.type ?? []]
        .flat()
        .map((type) => typeNames[type] ?? type)
        .join(' or ');
      return `expected ${expected}, got ${typeOf(error.data)}`;
    }
    case 'required': {
      const { properties = {} } = error.parentSchema as {
        properties?: Record<string, { errorMessage?: unknown }>;
      };
      const own = properties[parameters.missingProperty ?? '']?.errorMessage;
      return typeof own === 'string' ? own : `'${parameters.missingProperty}' is not set`;
    }
    case 'enum':
      return `expected one of ${(parameters.allowedValues ?? []).join(', ')}, got ${JSON.stringify(error.data)}`;
    default:
      return error.message ?? error.keyword;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'object' ? 'record' : typeof value;
}

/** All findings as one error, exit 3. */
export function invalidConfig(issues: readonly Issue[]): ProvisioningError {
  return new ProvisioningError({
    code: 'LAYER_INVALID',
    kind: 'configuration',
    message: issues.map(({ message }) => message).join('; '),
    location: issues[0]?.location,
    issues,
    hint: "Run 'provisioning layer test' to see where each value comes from.",
  });
}
