import { readFile, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ProviderContext, ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { isInside } from '../extensions/scan.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Manifest = Readonly<Record<string, unknown>>;

/** Variables the manifest lists under `configuration.optional_env` and `required_env_vars`, and only those. */
export function declaredVariables(manifest: Manifest, variables: Variables): Record<string, string> {
  const configuration = (manifest.configuration ?? {}) as Record<string, unknown>;
  const names = ['required_env_vars', 'optional_env'].flatMap((key) => listAt(configuration, key));
  // Credentials reach a provider as secrets alone.
  const secret = new Set(secretNames(manifest));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = variables[name];
      return value === undefined || secret.has(name) ? [] : [[name, value]];
    }),
  );
}

/** Credentials from variables the manifest lists under `permissions.secrets`, by variable name. */
export function declaredSecrets(manifest: Manifest, variables: Variables): Record<string, Secret> {
  return Object.fromEntries(
    secretNames(manifest).flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, new Secret(value)]];
    }),
  );
}

function secretNames(manifest: Manifest): string[] {
  return listAt((manifest.permissions ?? {}) as Record<string, unknown>, 'secrets');
}

function listAt(record: Readonly<Record<string, unknown>>, key: string): string[] {
  const value = record[key];
  return Array.isArray(value) ? value.map(String) : [];
}

/** `[http]` of the configuration (02 §4). */
interface HttpConfiguration {
  readonly proxy?: string;
  readonly tls_verify?: boolean;
}

/**
 * Proxies and TLS settings of the program (06 §8); a proxy of the configuration comes before those of the environment.
 * @throws ProvisioningError `TLS_VERIFICATION_REQUIRED` when verification is switched off in production.
 */
export function networkSettings(
  variables: Variables,
  environment: string,
  { proxy, tls_verify }: HttpConfiguration = {},
): ProviderContext['network'] {
  const first = (...names: string[]) =>
    names.map((name) => variables[name]).find((value) => value !== undefined && value !== '');
  const skipTlsVerification = tls_verify === false;
  if (skipTlsVerification && /^prod(uction)?$/.test(environment)) {
    throw new ProvisioningError({
      code: 'TLS_VERIFICATION_REQUIRED',
      kind: 'configuration',
      message: `TLS verification may not be off in environment '${environment}': http.tls_verify is false, or PROVISIONING_SKIP_SSL_VERIFY is set`,
      hint: 'Remove the setting, or trust the service with NODE_EXTRA_CA_CERTS.',
    });
  }
  return {
    httpProxy: proxy || first('HTTP_PROXY', 'http_proxy'),
    httpsProxy: proxy || first('HTTPS_PROXY', 'https_proxy'),
    noProxy: first('NO_PROXY', 'no_proxy'),
    ...(skipTlsVerification ? { skipTlsVerification } : {}),
  };
}

/** Reads files of one workspace for providers. @throws ProvisioningError `PATH_OUTSIDE_WORKSPACE`. */
export function workspaceReader(workspacePath: string): NonNullable<ProviderContext['readWorkspaceFile']> {
  return async (path) => {
    const root = await realpath(workspacePath);
    const file = resolve(root, path);
    const real = await realpath(file).catch(() => undefined);
    if (!isInside(file, root) || (real !== undefined && !isInside(real, root))) {
      throw new ProvisioningError({
        code: 'PATH_OUTSIDE_WORKSPACE',
        kind: 'configuration',
        message: `${path} is outside the workspace ${workspacePath}`,
        hint: 'Name a file of the workspace.',
      });
    }
    return real === undefined ? undefined : readFile(real, 'utf8');
  };
}
