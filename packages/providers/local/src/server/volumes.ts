import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerSpec } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import type { HostConfig } from '../docker/types.ts';
import { belongsTo, labelKeys, volumeName } from './labels.ts';
import type { Session } from './session.ts';

/** Makes the volumes of a server where they are missing; existing ones keep their data. */
export async function ensureVolumes(
  session: Session,
  engine: Engine,
  spec: ServerSpec,
): Promise<NonNullable<HostConfig['Mounts']>> {
  const mounts: { Type: 'volume' | 'bind'; Source: string; Target: string }[] = [];
  for (const volume of spec.volumes ?? []) {
    const name = volumeName(session.owner, spec.hostname, volume.name);
    const target = volume.mount_point ?? `/mnt/${volume.name}`;
    if (session.config.base_path !== undefined) {
      const source = join(session.config.base_path, name);
      await mkdir(source, { recursive: true });
      mounts.push({ Type: 'bind', Source: source, Target: target });
      continue;
    }
    if ((await engine.inspectVolume(name)) === undefined) {
      await engine.createVolume(name, {
        ...session.labels(),
        [labelKeys.hostname]: spec.hostname,
        [labelKeys.volume]: volume.name,
        [labelKeys.disk]: String(volume.size),
      });
    }
    mounts.push({ Type: 'volume', Source: name, Target: target });
  }
  for (const id of attachedVolumes(spec)) {
    const name = (await engine.inspectVolume(id))?.Labels?.[labelKeys.volume];
    if (name !== undefined) mounts.push({ Type: 'volume', Source: id, Target: `/mnt/${name}` });
  }
  return mounts;
}

/** Volumes of the infrastructure that were attached to the server after its creation. */
export function attachedVolumes(spec: Pick<ServerSpec, 'extra'>): readonly string[] {
  const ids = spec.extra?.attached_volumes;
  return Array.isArray(ids) ? (ids as string[]) : [];
}

/** Removes the volumes of a server for good. */
export async function removeVolumes(session: Session, engine: Engine, hostname: string): Promise<void> {
  for (const volume of await engine.listVolumes({ ...session.labels(), [labelKeys.hostname]: hostname })) {
    if (belongsTo(volume.Labels, session.owner, existsSync)) await engine.removeVolume(volume.Name);
  }
}

/** Removes folders that stand for volumes; only those a container of ours had mounted from below `base_path`. */
export async function removeFolders(session: Session, sources: readonly string[]): Promise<void> {
  const base = session.config.base_path;
  if (base === undefined) return;
  for (const source of sources) {
    if (source.startsWith(`${join(base, 'prov-')}`)) await rm(source, { recursive: true, force: true });
  }
}
