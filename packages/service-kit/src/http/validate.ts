import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Value } from 'typebox/value';

export interface Finding {
  readonly path: string;
  readonly message: string;
  readonly expected?: unknown;
}

const compiled = new WeakMap<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (!validator) compiled.set(schema, (validator = Compile(schema) as unknown as Validator));
  return validator;
}

/** What is wrong with a value, empty when nothing is. */
export function findings(schema: TSchema, value: unknown): Finding[] {
  const validator = validatorOf(schema);
  if (validator.Check(value)) return [];
  return validator.Errors(value).map((error) => {
    const { params } = error as { params?: { allowedValues?: readonly unknown[] } };
    const allowed = params?.allowedValues;
    return {
      path: error.instancePath,
      message: allowed === undefined ? error.message : `must be one of ${allowed.join(', ')}`,
      expected: params,
    };
  });
}

/** @throws ProvisioningError `VALIDATION_FAILED` with the findings in `details` (422) */
export function checkBody(schema: TSchema, value: unknown): unknown {
  const found = findings(schema, value);
  if (found.length === 0) return value;
  const [first] = found;
  throw new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message: `Invalid request body: ${first!.path || '/'} ${first!.message}`,
    details: found,
  });
}

/** Converts numbers and booleans. @throws ProvisioningError `BAD_REQUEST` (400) */
export function checkQuery(schema: TSchema, value: unknown): unknown {
  const converted = Value.Convert(schema, value);
  const found = findings(schema, converted);
  if (found.length === 0) return converted;
  const [first] = found;
  throw new ProvisioningError({
    code: 'BAD_REQUEST',
    kind: 'usage',
    message: `Invalid query parameter '${first!.path.slice(1)}': ${first!.message}`,
    details: found,
  });
}
