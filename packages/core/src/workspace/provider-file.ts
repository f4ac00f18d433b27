import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../config/surroundings.ts';
import type { ExtensionRecord } from '../extensions/record.ts';

/** Variables a generated file may hold the value of; every other expression stays as it is written (02 §7). */
const safeVariables = /^(HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|EDITOR|LANG|APPDATA|XDG_\w+|PROVISIONING_\w+)$/;

/**
 * Text of `config/providers/<p>.toml`: the provider's own `config.defaults.toml`, or the shape every provider has. Only
 * `workspace.*`, `paths.base`, `now.iso` and safe variables are filled in.
 */
export async function generatedProviderFile(
  provider: Pick<ExtensionRecord, 'name' | 'path'>,
  workspace: { readonly name: string; readonly path: string },
  surroundings: Surroundings,
): Promise<string> {
  const own = await readFile(path.join(provider.path, 'config.defaults.toml'), 'utf8').catch(() => undefined);
  const text =
    own ??
    `# Settings of the provider '${provider.name}'. Credentials do not belong here.

[provider]
name = "${provider.name}"
enabled = true
workspace = "{{workspace.name}}"

[provider.paths]
base = "{{workspace.path}}/.runtime/providers/${provider.name}"
`;
  const values: Readonly<Record<string, string>> = {
    'workspace.name': workspace.name,
    'workspace.path': workspace.path,
    'paths.base': surroundings.installation,
    'now.iso': surroundings.now().toISOString(),
  };
  return text.replaceAll(/\{\{\s*([A-Za-z_.]+)\s*\}\}/g, (whole, name: string) => {
    const variable = name.startsWith('env.') ? name.slice(4) : undefined;
    if (variable !== undefined)
      return safeVariables.test(variable) ? (surroundings.env[variable] ?? whole) : whole;
    return Object.hasOwn(values, name) ? values[name]! : whole;
  });
}
