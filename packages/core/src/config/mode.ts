import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Surroundings, userDirectories } from './surroundings.ts';

export const modes = ['solo', 'multiuser', 'cicd', 'enterprise'] as const;
export type Mode = (typeof modes)[number];

const aliases: Readonly<Record<string, Mode>> = { 'multi-user': 'multiuser', 'ci-cd': 'cicd' };

/**
 * The mode somebody chose: `PROVISIONING_MODE`, else `active-mode.yaml` of the user's configuration (04 §2); nothing
 * where neither is there, which counts as solo.
 * @throws ProvisioningError `UNKNOWN_MODE` (exit 2)
 */
export async function configuredMode(surroundings: Surroundings): Promise<Mode | undefined> {
  const file = path.join(userDirectories(surroundings).config, 'active-mode.yaml');
  const text = await readFile(file, 'utf8').catch(() => '');
  const named = surroundings.env['PROVISIONING_MODE'] ?? /^mode:\s*["']?([a-z-]+)/m.exec(text)?.[1];
  if (named === undefined || named === '') return undefined;
  const mode = Object.hasOwn(aliases, named) ? aliases[named] : modes.find((one) => one === named);
  if (mode !== undefined) return mode;
  throw new ProvisioningError({
    code: 'UNKNOWN_MODE',
    kind: 'usage',
    message: `Unknown mode: ${named}. Available modes: ${modes.join(', ')}`,
  });
}
