import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type InstalledProvider,
  type ModuleTarget,
  packedProviderFolder,
  recordPackedProvider,
  refuseOtherForm,
} from '@provisioning/core';
import { discardAside, findPack, pullExtension, swapIn, unpackPack } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openArtifacts } from '../oci/session.ts';
import { configurationOf } from '../session/workspace.ts';
import { packFolder } from './packing.ts';

export interface PackSource {
  readonly name: string;
  /** File of a pack, or `oci://…`. */
  readonly from?: string;
  /** Version in the folder of packs, where `from` says nothing. */
  readonly version?: string;
}

/**
 * Unpacks a provider into the infrastructure and pins its version (06 §10.2).
 * @throws ProvisioningError `UNSIGNED_ARTIFACT` exit 4 where signatures are demanded; those of `unpackPack` and
 * `pullExtension`.
 */
export async function installPacked(
  command: ProvisioningCommand,
  target: ModuleTarget,
  source: PackSource,
): Promise<InstalledProvider> {
  const { name } = source;
  await refuseOtherForm(target.base, name, 'pack');
  const folder = packedProviderFolder(target.base, name);
  await mkdir(dirname(folder), { recursive: true });
  const unpacked =
    source.from?.startsWith('oci://') === true
      ? await pulled(command, source.from, folder, name)
      : await fromFile(command, source, folder);
  return recordPackedProvider(target.base, { name, ...unpacked });
}

type Unpacked = Required<Pick<InstalledProvider, 'version' | 'sha256'>>;

async function fromFile(
  command: ProvisioningCommand,
  { name, from, version }: PackSource,
  folder: string,
): Promise<Unpacked> {
  await using session = await openArtifacts(command, {});
  const { policy } = session.artifacts.settings.signing;
  if (policy === 'require') {
    throw new ProvisioningError({
      code: 'UNSIGNED_ARTIFACT',
      kind: 'permission',
      message: `Unsigned artifact refused: ${name}`,
      hint: 'Install it from a registry, where it has a signature: --from oci://<registry>/<repository>:<version>',
    });
  }
  const kind = 'provider';
  const file =
    from === undefined
      ? await findPack(packFolder(command, await configurationOf(command)), {
          kind,
          name,
          version: version ?? '',
        })
      : resolve(command.runtime.cwd, from);
  const { manifest, sha256 } = await unpackPack(file, folder, { kind, name });
  return { version: manifest.version, sha256 };
}

async function pulled(
  command: ProvisioningCommand,
  reference: string,
  folder: string,
  name: string,
): Promise<Unpacked> {
  await using session = await openArtifacts(command, {});
  const aside = await mkdtemp(join(dirname(folder), '.pull-'));
  try {
    const { path, manifest, digest } = await pullExtension(session.artifacts, reference, {
      cwd: command.runtime.cwd,
      destination: aside,
    });
    if (manifest.name !== name || manifest.type !== 'provider') {
      throw new ProvisioningError({
        code: 'PACK_MISMATCH',
        message: `${reference} holds ${manifest.type} '${manifest.name}', expected provider '${name}'`,
      });
    }
    await discardAside(await swapIn(path, folder));
    return { version: manifest.version, sha256: digest.replace(/^sha256:/, '') };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
