import { Ajv, type ValidateFunction } from 'ajv';

export type JsonSchema = Readonly<Record<string, unknown>>;

const compiled = new WeakMap<JsonSchema, ValidateFunction>();
let ajv: Ajv | undefined;

/**
 * Validator of a JSON Schema; it fills in defaults in place. Formats of our own are annotations: `server` (a hostname of
 * the infrastructure), `secret` (never shown).
 */
export function jsonSchemaValidator(schema: JsonSchema): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    ajv ??= new Ajv({
      useDefaults: true,
      allErrors: true,
      strict: false,
      validateSchema: false,
      verbose: true,
    }) //
      .addFormat('server', true)
      .addFormat('secret', true);
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}
