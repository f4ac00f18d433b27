import type { JsonSchema } from '../extensions/json-schema.ts';

/** Stands for a secret where a configuration is remembered. */
const placeholder = { secret: 'not kept' } as const;

/** Keys that schemas do not know but whose name says what they hold. */
const telling = /passw|secret|token|credential|private_?key|api_?key/i;

/**
 * A configuration without its secrets, for what is written down: values of fields with `"format": "secret"`, and of
 * fields the schema does not know whose name says so, become a placeholder.
 */
export function withoutSecrets(schema: JsonSchema, config: unknown): unknown {
  return strip(schema, config, undefined);
}

function strip(schema: unknown, value: unknown, key: string | undefined): unknown {
  const known = isRecord(schema) && Object.keys(schema).length > 0 ? schema : undefined;
  const secret = known === undefined ? key !== undefined && telling.test(key) : known.format === 'secret';
  if (secret && value !== '' && value !== undefined) return placeholder;
  if (Array.isArray(value)) return value.map((item) => strip(known?.items, item, key));
  if (!isRecord(value)) return value;
  const properties = isRecord(known?.properties) ? known.properties : {};
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      strip(Object.hasOwn(properties, name) ? properties[name] : known?.additionalProperties, item, name),
    ]),
  );
}

/**
 * A remembered configuration with the secrets of the present one put back where it had some. One that the present
 * configuration lacks is left out, as if it had never been set.
 */
export function withSecrets(remembered: unknown, present: unknown): unknown {
  if (isPlaceholder(remembered)) return present;
  if (Array.isArray(remembered)) {
    const others: readonly unknown[] = Array.isArray(present) ? present : [];
    return remembered.map((item, index) => withSecrets(item, counterpart(item, others, index)));
  }
  if (!isRecord(remembered)) return remembered;
  const other = isRecord(present) ? present : {};
  return Object.fromEntries(
    Object.entries(remembered)
      .map(([name, item]) => [name, withSecrets(item, other[name])] as const)
      .filter(([, item]) => item !== undefined),
  );
}

/** Entries of a list belong together by their name, else by their place. */
function counterpart(item: unknown, others: readonly unknown[], index: number): unknown {
  const name = isRecord(item) ? item.name : undefined;
  if (name === undefined) return others[index];
  return others.find((other) => isRecord(other) && other.name === name);
}

function isPlaceholder(value: unknown): boolean {
  return isRecord(value) && value.secret === placeholder.secret && Object.keys(value).length === 1;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
