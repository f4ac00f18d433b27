import { join, resolve } from 'node:path';
import { type Configuration, type ExtensionRecord, userDirectories } from '@provisioning/core';
import { type PackInput, packOne, type PackResult } from '@provisioning/distribution';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** Folder of packs: `--output`, the configured one, or one of the user's own. */
export function packFolder(
  command: ProvisioningCommand,
  configuration: Configuration,
  output?: string,
): string {
  const configured = configuration.get('distribution.pack_path');
  if (output !== undefined) return resolve(command.runtime.cwd, output);
  if (typeof configured === 'string' && configured !== '') return configured;
  return join(userDirectories(surroundingsOf(command.runtime)).data, 'distribution', 'packages');
}

/** What is packed: a discovered extension, or the program itself. */
export type Packable = Pick<ExtensionRecord, 'path' | 'manifest'> & { readonly type: PackInput['kind'] };

/** Packs one extension, or the program. */
export function packRecord(
  command: ProvisioningCommand,
  configuration: Configuration,
  record: Packable,
  options: { readonly output: string; readonly version?: string },
): Promise<PackResult> {
  const said = (key: string): string | undefined => {
    const value = configuration.get(`distribution.metadata.${key}`);
    return typeof value === 'string' ? value : undefined;
  };
  return packOne({
    folder: record.path,
    kind: record.type,
    manifest: record.manifest,
    output: options.output,
    ...(options.version === undefined ? {} : { version: options.version }),
    defaults: {
      maintainer: said('maintainer'),
      repository: said('repository'),
      license: said('license'),
      homepage: said('homepage'),
    },
    now: () => new Date(command.runtime.now()),
    check: command.globals.check,
  });
}

/** The lines of one pack (S:30724-30738). */
export function packLines(command: ProvisioningCommand, result: PackResult): string[] {
  const mark = command.out.style.mark('ok');
  const verb = { created: 'Creates', unchanged: 'Unchanged', 'would-create': 'Would create' }[result.state];
  return [`${mark} ${verb}: ${result.path}`, `${mark} Metadata: ${result.metadataPath}`];
}
