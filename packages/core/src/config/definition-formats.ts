import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { namesIn } from './names-in.ts';

/** Endings a definition may have (02 §2). */
export const definitionEndings = ['toml', 'yaml', 'yml', 'ts', 'ncl', 'k'] as const;

export function ambiguous(first: string, second: string): ProvisioningError {
  return new ProvisioningError({
    code: 'DEFINITION_AMBIGUOUS',
    kind: 'configuration',
    message: `Ambiguous definition: ${first} and ${second}`,
    hint: 'Keep one of the two files.',
    location: { file: second },
  });
}

/**
 * The main file of a workspace: `config/provisioning.*`, or `config/config.*` in the same role.
 * @throws ProvisioningError `DEFINITION_AMBIGUOUS` when there are two.
 */
export function mainFile(workspace: string): string | undefined {
  const folder = path.join(workspace, 'config');
  const names = new Set(namesIn(folder));
  const candidates = [
    ...definitionEndings.map((ending) => `provisioning.${ending}`),
    ...['yaml', 'yml', 'ts', 'ncl'].map((ending) => `config.${ending}`),
  ].filter((name) => names.has(name));
  if (candidates.length > 1)
    throw ambiguous(path.join(folder, candidates[0]!), path.join(folder, candidates[1]!));
  if (candidates[0] !== undefined) return path.join(folder, candidates[0]);
  const sections = names.has('config.toml') ? readFileSync(path.join(folder, 'config.toml'), 'utf8') : '';
  return /^\s*\[workspace[\].]/m.test(sections) ? path.join(folder, 'config.toml') : undefined;
}

/** A directory is a workspace when it has `config/` with a main file (03 §6). */
export function isWorkspace(directory: string): boolean {
  try {
    return mainFile(directory) !== undefined;
  } catch (error) {
    // Two main files: a workspace, whose ambiguity the load will name.
    return error instanceof ProvisioningError && error.code === 'DEFINITION_AMBIGUOUS';
  }
}
