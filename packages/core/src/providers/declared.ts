import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Provider, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { entryPoint } from '../extensions/provider-loader.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { type ConfigSchema, configSchema, serverSchema } from '../extensions/schema.ts';
import { configIssues } from '../layers/validate.ts';

type Declaration = Readonly<Record<string, unknown>>;
type MakeProvider = (
  declaration: Declaration,
  identity: { name: string; version: string; description: string },
) => Provider;

/** The extension whose module makes providers from declarations, by its export `fromDeclaration`. */
const engine = 'rest';

/** What makes a folder a provider without code: `provider.rest` of its manifest, `rest.yaml` or `rest.toml` (06 §6.6). */
export async function declarationOf(record: ExtensionRecord): Promise<Declaration | undefined> {
  const inManifest = (record.manifest.provider as { rest?: Declaration } | undefined)?.rest;
  if (typeof inManifest === 'object' && inManifest !== null) return inManifest;
  for (const name of ['rest.yaml', 'rest.toml']) {
    const file = join(record.path, name);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseDeclaration(record, file, text);
  }
  return undefined;
}

async function parseText(file: string, text: string): Promise<unknown> {
  if (file.endsWith('.toml')) {
    const { parse } = await import('smol-toml');
    return parse(text);
  }
  const { parse } = await import('yaml');
  return parse(text);
}

async function parseDeclaration(record: ExtensionRecord, file: string, text: string): Promise<Declaration> {
  let value: unknown;
  try {
    value = await parseText(file, text);
  } catch (error) {
    throw invalid(record, file, (error as Error).message, error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Declaration;
  throw invalid(record, file, 'it is no record');
}

function invalid(record: ExtensionRecord, file: string, text: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'PROVIDER_LOAD_FAILED',
    kind: 'configuration',
    message: `Provider '${record.name}' does not load: ${text}`,
    location: { file },
    hint: 'See the examples of the provider rest.',
    cause,
  });
}

/** A provider from a declaration, made by the extension `rest`. */
export async function importDeclaredProvider(
  record: ExtensionRecord,
  declaration: Declaration,
  catalogue: ExtensionCatalogue,
): Promise<Provider> {
  const entry = await entryPoint(await catalogue.get('provider', engine));
  const module = (await import(pathToFileURL(entry).href)) as { fromDeclaration?: MakeProvider };
  if (module.fromDeclaration === undefined)
    throw invalid(record, entry, `provider '${engine}' makes no providers`);
  const { name, version, description } = record;
  try {
    const made = module.fromDeclaration(declaration, { name, version, description });
    const [schema, server] = await Promise.all([configSchema(record.path), serverSchema(record.path)]);
    const provider = server === undefined ? made : { ...made, serverSchema: server };
    return schema === undefined ? provider : withSettings(provider, name, schema);
  } catch (error) {
    throw error instanceof ProvisioningError
      ? error
      : invalid(record, record.path, (error as Error).message, error);
  }
}

/** A declared provider whose folder says by a schema of its own what it must be set to. */
function withSettings(provider: Provider, name: string, schema: ConfigSchema): Provider {
  return {
    ...provider,
    init: async (context) => {
      const instance = await provider.init(context);
      return {
        ...instance,
        validateConfig: async (options) => {
          const { errors, warnings } = await instance.validateConfig(options);
          // Secrets count as the texts they stand for; their values are no business of a check.
          const found = await configIssues(
            name,
            JSON.parse(JSON.stringify(context.config)) as Record<string, unknown>,
            schema,
            [],
            undefined,
          );
          const all = [...errors, ...found];
          return { valid: all.length === 0, errors: all, warnings };
        },
      };
    },
  };
}
