import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ProvisioningCommand } from '../frame/command.ts';

/** What a person means to pack or publish: a folder, an archive, or an extension by its name. */
export async function packageSource(command: ProvisioningCommand, text: string): Promise<string> {
  const path = resolve(command.runtime.cwd, text);
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined || !/^[\w-]+(\/[\w-]+)?$/.test(text)) return path;
  const [{ currentCatalogue }, { findExtension }] = await Promise.all([
    import('../session/modules.ts'),
    import('./find.ts'),
  ]);
  const { catalogue } = await currentCatalogue(command);
  return (await findExtension(catalogue, text)).path;
}
