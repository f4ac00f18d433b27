import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { type LoadOptions, loadConfiguration, setConfigurationKey } from '../config/index.ts';
import { isRecord, mergeData, nest } from '../config/merge.ts';
import { jsonSchemaValidator } from './json-schema.ts';
import { describeErrors } from './schema-errors.ts';
import type { ExtensionRecord } from './record.ts';
import { type ConfigSchema, configSchema } from './schema.ts';

/** What `extension configure` changed. */
export interface ConfiguredExtension {
  readonly prefix: string;
  readonly file: string;
  readonly settings: Data;
}

/** Where the configuration of an extension lies: its `config_prefix`, else below `providers` or `extensions`. */
export function configurationPrefix({ type, name, manifest }: ExtensionRecord): string {
  const { configuration } = manifest as { readonly configuration?: { readonly config_prefix?: unknown } };
  const prefix = configuration?.config_prefix;
  if (typeof prefix === 'string' && prefix !== '') return prefix;
  return `${type === 'provider' ? 'providers' : 'extensions'}.${name}`;
}

/** The schema that the settings of an extension must meet. @throws ProvisioningError `NO_SETTINGS`. */
export async function settingsSchema(record: ExtensionRecord): Promise<ConfigSchema> {
  const schema = await configSchema(record.path);
  if (schema !== undefined) return schema;
  throw new ProvisioningError({
    code: 'NO_SETTINGS',
    kind: 'usage',
    message: `Extension '${record.name}' has no settings`,
    hint: 'It brings no schema/config.json.',
  });
}

/**
 * Writes settings of an extension into the workspace's configuration; they must meet its schema together with what is
 * configured already (08 §4.3).
 * @param settings Text by dotted key, as typed on the command line.
 * @throws ProvisioningError `EXTENSION_SETTINGS` (exit 3), `NO_SETTINGS`.
 */
export async function configureExtension(
  record: ExtensionRecord,
  settings: Readonly<Record<string, string>>,
  options: LoadOptions & { readonly check?: boolean },
): Promise<ConfiguredExtension> {
  const schema = await settingsSchema(record);
  const prefix = configurationPrefix(record);
  const before = (await loadConfiguration(options)).get(prefix);
  const given = Object.entries(settings).reduce<Data>(
    (all, [key, text]) => mergeData(all, nest(key.split('.'), valueOf(text))),
    {},
  );
  const merged = mergeData(isRecord(before) ? before : {}, given);
  const validate = jsonSchemaValidator(schema);
  if (!validate(structuredClone(merged))) {
    const issues = describeErrors(validate.errors, prefix);
    throw new ProvisioningError({
      code: 'EXTENSION_SETTINGS',
      kind: 'configuration',
      message: `Settings of ${record.name}: ${issues.map(({ message }) => message).join('; ')}`,
      hint: `Its settings: provisioning extension info ${record.name}`,
      issues,
    });
  }
  let file = '';
  for (const [key, text] of Object.entries(settings)) {
    const result = await setConfigurationKey({
      ...options,
      key: `${prefix}.${key}`,
      text,
      scope: 'workspace',
    });
    file = result.file;
  }
  return { prefix, file, settings: given };
}

/** A number, a truth value, a list or a record where it reads as one; else the text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
