import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import type { ExtensionKind } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { snakeKeys } from '../output/snake-keys.ts';
import { currentCatalogue } from '../session/modules.ts';
import { configurationOf } from '../session/workspace.ts';
import { packFolder, packLines, packRecord } from './packing.ts';

export const packArguments = { name: argument({ required: true, description: 'name' }) };
export const packFlags = {
  output: string({ description: 'folder that receives the pack' }),
  version: string({ description: 'version of the pack; default that of the manifest' }),
};

/** `pack provider|taskserv|cluster`: one extension as an archive. */
export async function packOne(
  command: ProvisioningCommand,
  kind: ExtensionKind,
  name: string,
  flags: { readonly output?: string; readonly version?: string },
): Promise<void> {
  const { catalogue } = await currentCatalogue(command);
  const configuration = await configurationOf(command);
  const record = await catalogue.get(kind, name);
  const result = await packRecord(command, configuration, record, {
    output: packFolder(command, configuration, flags.output),
    ...(flags.version === undefined ? {} : { version: flags.version }),
  });
  await command.out.result(snakeKeys(result), () => packLines(command, result));
}
