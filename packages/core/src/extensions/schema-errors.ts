import type { Issue } from '@provisioning/extensions-sdk';
import type { IssueAt } from '../config/places.ts';
import type { ErrorObject } from 'ajv';

/** Ajv's findings in our words; `root` is put before each path, `at` finds the place where the key is written. */
export function describeErrors(
  errors: readonly ErrorObject[] | null | undefined,
  root: string,
  at?: IssueAt,
): Issue[] {
  return (errors ?? []).map((error) => {
    const path = error.instancePath.split('/').slice(1).map(unescaped);
    const key = [...(root === '' ? [] : [root]), ...path].join('.');
    const message = `${key === '' ? 'it' : key} ${expectation(error)}`;
    return at?.(path, message, error.keyword) ?? { message, code: error.keyword };
  });
}

/** A step of a JSON Pointer (RFC 6901 §4); numbers are places in a list. */
function unescaped(step: string): string | number {
  const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^(0|[1-9]\d*)$/.test(key) ? Number(key) : key;
}

function expectation(error: ErrorObject): string {
  const parameters = error.params as Record<string, unknown>;
  const custom = (error.parentSchema as { errorMessage?: unknown } | undefined)?.errorMessage;
  if (typeof custom === 'string') return `is refused: ${custom}`;
  switch (error.keyword) {
    case 'required':
      return `lacks '${String(parameters.missingProperty)}'`;
    case 'additionalProperties':
      return `has the unknown key '${String(parameters.additionalProperty)}'`;
    case 'enum':
      return `must be one of ${(parameters.allowedValues as unknown[]).join(', ')}${found(error)}`;
    default:
      return `${error.message ?? 'is not valid'}${found(error)}`;
  }
}

function found(error: ErrorObject): string {
  const schema = error.parentSchema as { format?: unknown; writeOnly?: unknown } | undefined;
  if (schema?.format === 'secret' || schema?.writeOnly === true) return '';
  const text = JSON.stringify(error.data);
  return text === undefined || text.length > 80 ? '' : `, found ${text}`;
}
