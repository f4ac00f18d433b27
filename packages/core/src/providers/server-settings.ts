import { type Context, type Issue, ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { isRecord } from '../config/merge.ts';
import { throwIssues } from '../config/issues.ts';
import { placesOf } from '../config/places.ts';
import { type JsonSchema, jsonSchemaValidator } from '../extensions/json-schema.ts';
import { describeErrors } from '../extensions/schema-errors.ts';

/**
 * What servers say under their provider's name (`servers[].aws`) and its `serverSchema` refuses, each finding where it is
 * written. Members of a group are looked at once; a provider that does not load is told elsewhere.
 */
export async function providerServerIssues(
  context: Pick<Context, 'providerSchemas'>,
  servers: readonly Server[],
): Promise<Issue[]> {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const server of servers) {
    const { hostname, provider } = server;
    const settings = server[provider];
    const key = `${provider}\0${server['group'] ?? hostname}\0${JSON.stringify(settings)}`;
    if (settings === undefined || seen.has(key)) continue;
    seen.add(key);
    const at = placesOf(server);
    const find = (keys: readonly (string | number)[], message: string, code: string): Issue => {
      const text = `Server '${hostname}': ${message}`;
      return at?.([provider, ...keys], text, code) ?? { message: text, code };
    };
    if (!isRecord(settings)) {
      issues.push(
        find([], `${provider} must hold the provider's settings, found ${JSON.stringify(settings)}`, 'type'),
      );
      continue;
    }
    const schema = await serverSchema(context, provider);
    if (schema === undefined) continue;
    const validate = jsonSchemaValidator(schema);
    // Validation fills in defaults; the definition stays as it was written.
    if (!validate(structuredClone(settings))) {
      issues.push(
        ...describeErrors(validate.errors, provider, (keys, message, code) => find(keys, message, code)),
      );
    }
  }
  return issues;
}

/** @throws ProvisioningError of kind `configuration` with the place of the first finding (exit 3). */
export async function checkProviderServers(
  context: Pick<Context, 'providerSchemas'>,
  servers: readonly Server[],
): Promise<void> {
  throwIssues(
    await providerServerIssues(context, servers),
    (count) => `${count} settings of providers in servers are not valid`,
  );
}

const plain = new WeakMap<object, JsonSchema>();

/** As plain JSON Schema and without its name: two versions of a provider may use one name. */
async function serverSchema(
  context: Pick<Context, 'providerSchemas'>,
  provider: string,
): Promise<JsonSchema | undefined> {
  try {
    const schema = (await context.providerSchemas?.(provider))?.server;
    if (schema === undefined) return undefined;
    let found = plain.get(schema);
    if (found === undefined) {
      const { $id: _name, ...rest } = JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
      found = rest;
      plain.set(schema, found);
    }
    return found;
  } catch (error) {
    if (error instanceof ProvisioningError) return undefined;
    throw error;
  }
}
