import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

export * from './envelope.ts';
export * from './events.ts';
export * from './outputs/index.ts';
export * from './records.ts';
export * from './schedules.ts';
export { checkResponse } from './response-check.ts';
export * from './status.ts';
export * from './workflow.ts';

export interface SchemaFinding {
  readonly path: string;
  readonly message: string;
}

/** Checks a value against a schema; what is wrong is told by path. */
export function validate<T extends TSchema>(
  schema: T,
  value: unknown,
):
  | { readonly valid: true; readonly value: Static<T> }
  | { readonly valid: false; readonly findings: readonly SchemaFinding[] } {
  if (Value.Check(schema, value)) return { valid: true, value: value as Static<T> };
  const findings = Value.Errors(schema, value).map(({ instancePath, message }) => ({
    path: instancePath,
    message,
  }));
  return { valid: false, findings };
}
