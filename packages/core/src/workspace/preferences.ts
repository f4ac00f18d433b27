import { usage } from './errors.ts';
import { type Surroundings } from '../config/surroundings.ts';
import { WorkspaceRegistry } from './registry.ts';

interface PreferenceRule {
  /** What `Invalid value` says was expected. */
  readonly expected: string;
  readonly default?: unknown;
  /** The value a text stands for; `undefined` when it stands for none. */
  parse(text: string): unknown;
}

const text: PreferenceRule = { expected: 'a text', parse: (value) => (value === '' ? undefined : value) };
const bool = (value: boolean): PreferenceRule => ({
  expected: 'true or false',
  default: value,
  parse: (written) =>
    /^(true|yes|on|1)$/i.test(written) ? true : /^(false|no|off|0)$/i.test(written) ? false : undefined,
});
const oneOf = (...values: readonly string[]): PreferenceRule => ({
  expected: values.join(', '),
  parse: (value) => (values.includes(value) ? value : undefined),
});

/** Preferences of `user_config.yaml` (03 §3). An unset one sets no configuration value. */
export const preferenceRules: Readonly<Record<string, PreferenceRule>> = {
  editor: text,
  output_format: oneOf('yaml', 'json', 'toml', 'table', 'text'),
  confirm_delete: bool(true),
  confirm_deploy: bool(true),
  default_log_level: oneOf('trace', 'debug', 'info', 'warn', 'error'),
  preferred_provider: text,
  hints: bool(true),
};

/** All preferences with their values; those that are unset and have no default are `null`. */
export async function preferences(surroundings: Surroundings): Promise<Record<string, unknown>> {
  const own = (await new WorkspaceRegistry(surroundings).read()).preferences;
  return Object.fromEntries(
    Object.entries(preferenceRules).map(([key, rule]) => [key, own[key] ?? rule.default ?? null]),
  );
}

/** @throws ProvisioningError `UNKNOWN_PREFERENCE` (exit 2) */
export async function getPreference(surroundings: Surroundings, key: string): Promise<unknown> {
  ruleOf(key);
  return (await preferences(surroundings))[key];
}

/**
 * Sets a preference; two commands at once keep both values (03.A8). An empty text unsets it.
 * @param providers names `preferred_provider` may have, when they are known
 */
export async function setPreference(
  surroundings: Surroundings,
  key: string,
  value: string,
  providers?: readonly string[],
): Promise<void> {
  const rule = ruleOf(key);
  const parsed = value === '' ? undefined : rule.parse(value);
  const unknownProvider =
    key === 'preferred_provider' && value !== '' && providers?.includes(value) === false;
  if (value !== '' && (parsed === undefined || unknownProvider)) {
    throw usage(
      `Invalid value for ${key}: expected ${unknownProvider ? providers.join(', ') : rule.expected}`,
      'INVALID_PREFERENCE',
    );
  }
  await new WorkspaceRegistry(surroundings).update((data) => {
    const { [key]: _before, ...rest } = data.preferences;
    return { ...data, preferences: parsed === undefined ? rest : { ...rest, [key]: parsed } };
  });
}

function ruleOf(key: string): PreferenceRule {
  const rule = Object.hasOwn(preferenceRules, key) ? preferenceRules[key] : undefined;
  if (rule !== undefined) return rule;
  throw usage(
    `Unknown preference: ${key}`,
    'UNKNOWN_PREFERENCE',
    `Preferences: ${Object.keys(preferenceRules).join(', ')}`,
  );
}
