import { existsSync } from 'node:fs';
import type { ProviderInstance, ServerRef, ServerSpec } from '@provisioning/extensions-sdk';
import { ProviderError } from '@provisioning/extensions-sdk';
import type { ContainerSummary, VolumeSummary } from '../docker/types.ts';
import { notFound } from '../failure.ts';
import { storedSpec } from './container-spec.ts';
import { belongsTo, labelKeys, sharedVolumeName } from './labels.ts';
import { recreate } from './recreate.ts';
import type { Session } from './session.ts';
import { attachedVolumes } from './volumes.ts';

/**
 * Volumes that stand on their own and can move between servers. Attaching and detaching puts a new container in place
 * of the server's, as a running one cannot get or lose a mount. Sizes are not enforced.
 */
export function volumes(session: Session): NonNullable<ProviderInstance['volume']> {
  const service = new VolumeService(session);
  return {
    ensure: (volume) => service.ensure(volume),
    list: () => service.list(),
    attach: (id, ref) => service.attach(id, ref),
    detach: (id) => service.detach(id),
    resize: async (id) => void (await service.find(id, 'volume.resize')),
    delete: (id) => service.remove(id),
  };
}

class VolumeService {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  ensure(volume: { readonly name: string; readonly size: number }): Promise<{ readonly id: string }> {
    return this.#session.use('Volume creation failed', 'volume.ensure', async ({ engine }) => {
      const id = sharedVolumeName(this.#session.owner, volume.name);
      if ((await engine.inspectVolume(id)) === undefined) {
        await engine.createVolume(id, {
          ...this.#session.labels(),
          [labelKeys.volume]: volume.name,
          [labelKeys.disk]: String(volume.size),
        });
      }
      return { id };
    });
  }

  list() {
    return this.#session.use('Failed to list volumes', 'volume.list', async () => {
      const [found, containers] = await Promise.all([this.#volumes(), this.#session.containers()]);
      return found.map(({ Name, Labels }) => {
        const holder = holderOf(Name, Labels?.[labelKeys.hostname], containers);
        return {
          id: Name,
          name: Labels?.[labelKeys.volume] ?? Name,
          size: Number(Labels?.[labelKeys.disk] ?? 0),
          ...(holder === undefined ? {} : { attached_to: holder }),
        };
      });
    });
  }

  attach(id: string, ref: ServerRef): Promise<void> {
    return this.#session.use('Attaching the volume failed', 'volume.attach', async () => {
      await this.find(id, 'volume.attach');
      const holder = holderOf(id, undefined, await this.#session.containers());
      if (holder === ref.hostname) return;
      if (holder !== undefined)
        throw this.#conflict('volume.attach', `Volume ${id} is attached to ${holder}`);
      await this.#change(ref.hostname, (attached) => [...attached, id]);
    });
  }

  detach(id: string): Promise<void> {
    return this.#session.use('Detaching the volume failed', 'volume.detach', async () => {
      await this.find(id, 'volume.detach');
      const holder = holderOf(id, undefined, await this.#session.containers());
      if (holder !== undefined)
        await this.#change(holder, (attached) => attached.filter((one) => one !== id));
    });
  }

  remove(id: string): Promise<void> {
    return this.#session.use('Volume deletion failed', 'volume.delete', async ({ engine }) => {
      const volume = await this.find(id, 'volume.delete');
      const holder = holderOf(id, volume.Labels?.[labelKeys.hostname], await this.#session.containers());
      if (holder !== undefined)
        throw this.#conflict('volume.delete', `Volume ${id} is attached to ${holder}`);
      await engine.removeVolume(id);
    });
  }

  /** @throws ProviderError when there is no such volume of this infrastructure. */
  async find(id: string, operation: string): Promise<VolumeSummary> {
    const volume = (await this.#volumes()).find(({ Name }) => Name === id);
    if (volume !== undefined) return volume;
    throw new ProviderError({
      provider: 'local',
      operation,
      code: 'not_found',
      message: `Volume not found: ${id}`,
      help: 'List the volumes there are',
    });
  }

  async #volumes(): Promise<VolumeSummary[]> {
    const { engine } = await this.#session.connected();
    const { owner } = this.#session;
    const found = await engine.listVolumes({ [labelKeys.infra]: owner.infra });
    return found.filter(({ Labels }) => belongsTo(Labels, owner, existsSync));
  }

  async #change(hostname: string, edit: (attached: readonly string[]) => readonly string[]): Promise<void> {
    const connected = await this.#session.connected();
    await this.#session.locked(hostname, async () => {
      const container = await this.#session.find(hostname);
      if (container === undefined) throw notFound(hostname, 'volume');
      const spec = storedSpec(container.Labels);
      const change: Partial<ServerSpec> = {
        extra: { ...spec.extra, attached_volumes: edit(attachedVolumes(spec)) },
      };
      await recreate(this.#session, connected, container, { spec: change });
    });
  }

  #conflict(operation: string, message: string): ProviderError {
    const help = 'Detach it first, or delete that server with its storage kept';
    return new ProviderError({ provider: 'local', operation, code: 'conflict', message, help });
  }
}

/** The server that mounts a volume: its own one, or the one it was attached to. */
function holderOf(
  id: string,
  ownHostname: string | undefined,
  containers: readonly ContainerSummary[],
): string | undefined {
  for (const { Labels } of containers) {
    const hostname = Labels[labelKeys.hostname];
    if (hostname === ownHostname || attachedVolumes(storedSpec(Labels)).includes(id)) return hostname;
  }
  return undefined;
}
