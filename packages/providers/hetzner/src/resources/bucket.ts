import { type BucketService, type ObservedBucket, ProviderError } from '@provisioning/extensions-sdk';
import {
  findCredential,
  isOurs,
  missingCredential,
  namedTags,
  notOurs,
  S3,
} from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../api.ts';
import type { Session } from '../session.ts';

/** Locations with object storage; each has an endpoint of its own. */
const locations = ['fsn1', 'nbg1', 'hel1'];

/**
 * Buckets of Hetzner's object storage. Its keys are made in the console, apart from the API token: without them there are
 * none to list. A bucket's id is `<location>/<name>`.
 */
export function buckets(session: Session): BucketService & { close(): Promise<void> } {
  const { context, config } = session;
  const { object_storage: settings = {}, default_zone: zone = 'fsn1' } = config;
  const access = findCredential(context, ['object_storage.access_key'], ['HETZNER_S3_ACCESS_KEY']);
  const secret = findCredential(context, ['object_storage.secret_key'], ['HETZNER_S3_SECRET_KEY']);
  const known = locations.includes(zone) ? zone : locations[0]!;
  const opened = new Map<string, S3>();

  const at = (region: string): S3 => {
    if (access === undefined)
      throw missingCredential(provider, 'Access key of the object storage', 'HETZNER_S3_ACCESS_KEY');
    if (secret === undefined)
      throw missingCredential(provider, 'Secret key of the object storage', 'HETZNER_S3_SECRET_KEY');
    const endpoint = settings.endpoint ?? `https://${region}.your-objectstorage.com`;
    const service =
      opened.get(region) ?? new S3(context, { provider, endpoint, region, keys: { access, secret } });
    opened.set(region, service);
    return service;
  };

  /** Whether the infrastructure has a bucket of the name there. @throws ProviderError when it is somebody else's. */
  const isThere = async (region: string, name: string, operation: string): Promise<boolean> => {
    const tags = await at(region).tags(name, operation);
    if (tags === undefined) return false;
    if (tags === 'foreign' || !isOurs(tags, context)) throw notOurs(provider, operation, `bucket ${name}`);
    return true;
  };

  return {
    async ensure({ name, region = known, versioning = false, encryption = 'AES256' }) {
      const operation = 'bucket.ensure';
      refuse(operation, region, encryption);
      const there = await isThere(region, name, operation);
      const service = at(region);
      if (!there) await service.create(name, namedTags(context, name), operation);
      if ((await service.versioning(name, operation)) !== versioning)
        await service.setVersioning(name, versioning, operation);
      return { id: `${region}/${name}` };
    },

    async list() {
      if (access === undefined || secret === undefined) return [];
      const operation = 'bucket.list';
      const regions = settings.endpoint === undefined ? locations : [known];
      const found = await Promise.all(
        regions.map(async (region) => {
          const all: ObservedBucket[] = [];
          for (const name of await at(region).names(operation)) {
            const tags = await at(region).tags(name, operation);
            if (tags === undefined || tags === 'foreign' || !isOurs(tags, context)) continue;
            const versioning = await at(region).versioning(name, operation);
            all.push({ id: `${region}/${name}`, name, region, versioning });
          }
          return all;
        }),
      );
      return found.flat();
    },

    async delete(id) {
      const operation = 'bucket.delete';
      const [region = known, name = id] = id.split('/');
      if (await isThere(region, name, operation)) await at(region).delete(name, operation);
    },

    close: async () => void (await Promise.all([...opened.values()].map((service) => service.close()))),
  };

  function refuse(operation: string, region: string, encryption: string): void {
    // AES256 is what definitions say by themselves; the service has no keys to choose from.
    if (encryption !== 'AES256')
      throw new ProviderError({
        ...{ provider, operation, code: 'unsupported' },
        message: `Provider 'hetzner' does not support encryption '${encryption}' of buckets`,
        help: "Leave 'encryption' out, and encrypt objects before they are stored.",
      });
    if (settings.endpoint === undefined && !locations.includes(region))
      throw new ProviderError({
        ...{ provider, operation, code: 'invalid' },
        message: `Hetzner has no object storage in '${region}'; regions are ${locations.join(', ')}`,
        help: "Set 'region' of the bucket.",
      });
  }
}
