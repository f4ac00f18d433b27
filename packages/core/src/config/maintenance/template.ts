import { ConfigurationSchema } from '@provisioning/extensions-sdk';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { configurationExists } from '../edit/replace.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
}

/**
 * The template `init config` writes (02 §8.1): every setting the schema knows, commented out, with its default. It sets
 * nothing, so that the defaults stay those of the schema.
 */
export function userTemplate(): string {
  const lines = [
    '# Your configuration of provisioning. Every setting below has its default; remove the # to change one.',
    '# Where each value comes from: provisioning config show --hierarchy',
    '',
  ];
  for (const [name, section] of Object.entries((ConfigurationSchema as unknown as Node).properties ?? {})) {
    if (section.properties === undefined) continue;
    lines.push(`# [${name}]`, ...settings(section, ''), '');
  }
  return `${lines.join('\n')}\n`;
}

function settings(section: Node, prefix: string): string[] {
  return Object.entries(section.properties ?? {}).flatMap(([key, node]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (node.properties !== undefined && Object.keys(node.properties).length > 0) return settings(node, name);
    const values = node.enum?.map((value) => String(value)).join(', ');
    const note = [node.description, values].filter((text) => text !== undefined).join(': ');
    const shown = node.default === undefined ? '' : JSON.stringify(node.default);
    return [`# ${name} = ${shown}${note === '' ? '' : `  # ${note}`}`];
  });
}

/**
 * Writes a configuration file that does not exist yet.
 * @throws ProvisioningError `CONFIG_EXISTS` (exit 1) without `force`
 */
export async function writeNewFile(
  file: string,
  text: string,
  options: { readonly force?: boolean; readonly check?: boolean },
): Promise<void> {
  const taken = await access(file).then(
    () => true,
    () => false,
  );
  if (taken && options.force !== true) throw configurationExists(file);
  if (options.check !== true) await writeFileAtomic(file, text, 0o600);
}

/** `<ucd>/config.toml`. */
export function userConfigFile(surroundings: Surroundings): string {
  return path.join(userDirectories(surroundings).config, 'config.toml');
}
