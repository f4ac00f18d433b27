import { existsSync } from 'node:fs';
import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { invalid, notFound } from '../failure.ts';
import { belongsTo, labelKeys, snapshotRepository } from './labels.ts';
import { recreate } from './recreate.ts';
import type { Session } from './session.ts';

/** Snapshots are images committed from servers (06 §6.1). Volumes are not part of them. */
export function snapshots(session: Session, now: () => number): NonNullable<ProviderInstance['snapshot']> {
  return {
    create: (ref, name) =>
      session.use('Snapshot failed', 'snapshot.create', async ({ engine }) => {
        const container = await session.find(ref.hostname);
        if (container === undefined) throw notFound(ref.hostname, 'snapshot.create');
        const time = new Date(now()).toISOString().replace(/[-:]/g, '').replace(/\..*/, 'z').toLowerCase();
        const repository = snapshotRepository(session.owner, ref.hostname);
        const tag = name ?? `snap-${time}`;
        await engine.commit(container.Id, repository, tag, { [labelKeys.image]: 'snapshot' });
        return { id: `${repository}:${tag}` };
      }),
    list: () =>
      session.use('Failed to list snapshots', 'snapshot.list', async ({ engine }) => {
        const images = await engine.listImages({ [labelKeys.image]: 'snapshot' });
        return images
          .filter(({ Labels }) => belongsTo(Labels ?? undefined, session.owner, existsSync))
          .flatMap(({ RepoTags, Created }) =>
            (RepoTags ?? []).map((tag) => ({
              id: tag,
              name: tag.slice(tag.lastIndexOf(':') + 1),
              created_at: new Date(Created * 1000).toISOString(),
            })),
          );
      }),
    restore: (id) =>
      session.use('Restoring the snapshot failed', 'snapshot.restore', async (connected) => {
        const hostname = await hostnameOf(session, id);
        await session.locked(hostname, async () => {
          const container = await session.find(hostname);
          if (container === undefined) throw notFound(hostname, 'snapshot.restore');
          await recreate(session, connected, container, { image: id });
        });
      }),
    delete: (id) =>
      session.use('Deleting the snapshot failed', 'snapshot.delete', async ({ engine }) => {
        await hostnameOf(session, id);
        await engine.removeImage(id);
      }),
  };
}

/** The server a snapshot was taken of. @throws ProviderError when it is no snapshot of this infrastructure. */
async function hostnameOf(session: Session, id: string): Promise<string> {
  const { engine } = await session.connected();
  const images = await engine.listImages({ [labelKeys.image]: 'snapshot' });
  const image = images.find(({ RepoTags }) => RepoTags?.includes(id));
  const hostname = image?.Labels?.[labelKeys.hostname];
  if (hostname === undefined || !belongsTo(image?.Labels ?? undefined, session.owner, existsSync)) {
    throw invalid('snapshot', `Snapshot not found: ${id}`, 'List the snapshots there are');
  }
  return hostname;
}
