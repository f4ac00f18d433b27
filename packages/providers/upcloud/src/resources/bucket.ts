import { type BucketService, type ObservedBucket, ProviderError } from '@provisioning/extensions-sdk';
import { findCredential, infraTags, notOurs, resourceName, S3 } from '@provisioning/extensions-sdk/cloud';
import { createOnce, waitUntil } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name as provider } from '../api.ts';
import type { ApiBucket, ApiObjectStorage, ApiObjectStorageRegion } from '../api-types.ts';
import { labelledOurs, labels } from '../labels.ts';
import type { Session } from '../session.ts';

const path = '/object-storage-2';
const stateInterval = 5;

/**
 * Buckets of UpCloud's managed object storage, through the same API and with the same credentials as servers. They stand
 * in a service of the infrastructure's own, one in each region; it is made with the first bucket and goes with the last.
 * A bucket's id is `<service>/<name>`.
 */
export function buckets(session: Session): BucketService {
  const { api, context, config } = session;
  const call = (operation: string): CallOptions => ({ operation });

  const services = async (operation: string): Promise<ApiObjectStorage[]> =>
    (await api.get<readonly ApiObjectStorage[]>(path, call(operation))).filter((entry) =>
      labelledOurs(entry.labels, context),
    );

  const bucketsOf = async (uuid: string, operation: string): Promise<ApiBucket[]> => {
    const all = await api.get<readonly ApiBucket[]>(`${path}/${uuid}/buckets`, call(operation));
    // A bucket that is on its way out is still listed.
    return all.filter(({ deleted }) => deleted !== true);
  };

  const regionFor = async (wished: string | undefined, operation: string): Promise<string> => {
    const regions = await api.get<readonly ApiObjectStorageRegion[]>(`${path}/regions`, call(operation));
    const zone = wished ?? config.default_zone ?? 'de-fra1';
    const found = regions.find(({ name, zones }) => name === zone || zones.some((one) => one.name === zone));
    if (found !== undefined) return found.name;
    throw new ProviderError({
      ...{ provider, operation, code: 'invalid' },
      message: `UpCloud has no object storage for '${zone}'; regions are ${regions.map(({ name }) => name).join(', ')}`,
      help: "Set 'region' of the bucket.",
    });
  };

  /** The infrastructure's own service in a region, ready for buckets. */
  const serviceIn = async (region: string, operation: string): Promise<ApiObjectStorage> => {
    const find = async () =>
      (await services(operation)).filter((entry) => entry.region === region).map(identified);
    const [known] = await find();
    const { service } =
      known ??
      (await createOnce({
        find,
        create: async () => {
          const body = {
            name: resourceName([context.infra, region]),
            region,
            configured_status: 'started',
            networks: [{ name: 'public', type: 'public', family: 'IPv4' }],
            labels: labels(infraTags(context)),
          };
          return identified(await api.post<ApiObjectStorage>(path, body, call(operation)));
        },
        remove: async ({ id }) => void (await api.delete(`${path}/${id}`, call(operation))),
        attempts: 3,
        clock: api.http.clock,
      }));
    let current = service;
    return waitUntil({
      ask: async () => {
        if (current.operational_state === 'running') return current;
        current = await api.get<ApiObjectStorage>(`${path}/${service.uuid}`, call(operation));
        return current.operational_state === 'running' ? current : undefined;
      },
      ...{ what: `object storage ${service.name}`, state: 'running', interval: stateInterval },
      limit: config.running_timeout ?? 600,
      clock: api.http.clock,
      ...{ provider, operation },
    });
  };

  /**
   * The API's count of objects may lag, and it would delete them; S3 refuses to delete a bucket that has any. So with
   * keys of the object storage the bucket is deleted there.
   */
  const deleteEmpty = async (service: ApiObjectStorage, name: string, operation: string): Promise<void> => {
    const settings = config.object_storage ?? {};
    const access = findCredential(context, ['object_storage.access_key'], ['UPCLOUD_S3_ACCESS_KEY']);
    const secret = findCredential(context, ['object_storage.secret_key'], ['UPCLOUD_S3_SECRET_KEY']);
    const domain = service.endpoints?.find(({ type }) => type === 'public')?.domain_name;
    const endpoint = settings.endpoint ?? (domain === undefined ? undefined : `https://${domain}`);
    if (access === undefined || secret === undefined || endpoint === undefined) return;
    const keys = { access, secret };
    const storage = new S3(context, { provider, endpoint, region: service.region, keys });
    try {
      await storage.delete(name, operation);
    } catch (error) {
      const full = error instanceof ProviderError && error.providerCode === 'conflict';
      throw full ? notEmpty(operation, `${name} is not empty`) : error;
    } finally {
      await storage.close();
    }
  };

  return {
    async ensure({ name, region, versioning = false, encryption = 'AES256' }) {
      const operation = 'bucket.ensure';
      refuseSettings(operation, versioning, encryption);
      const { uuid } = await serviceIn(await regionFor(region, operation), operation);
      const has = async () => (await bucketsOf(uuid, operation)).some((bucket) => bucket.name === name);
      if (!(await has())) {
        await api
          .post(`${path}/${uuid}/buckets`, { name }, { ...call(operation), repeatable: true })
          .catch(async (error: unknown) => {
            // A call whose answer was lost had made it.
            if (!(error instanceof ProviderError) || error.providerCode !== 'conflict' || !(await has()))
              throw error;
          });
      }
      return { id: `${uuid}/${name}` };
    },

    async list() {
      const operation = 'bucket.list';
      const found: ObservedBucket[] = [];
      for (const { uuid, region } of await services(operation)) {
        for (const { name } of await bucketsOf(uuid, operation))
          found.push({ id: `${uuid}/${name}`, name, region });
      }
      return found;
    },

    async delete(id) {
      const operation = 'bucket.delete';
      const [uuid = '', name = ''] = id.split('/');
      const service = (await services(operation)).find((entry) => entry.uuid === uuid);
      if (service === undefined) throw notOurs(provider, operation, `bucket ${name}`);
      const all = await bucketsOf(uuid, operation);
      const bucket = all.find((entry) => entry.name === name);
      if (bucket !== undefined) {
        // The API would delete the objects with it.
        if (bucket.total_objects > 0 || (bucket.total_size_bytes ?? 0) > 0)
          throw notEmpty(operation, `${name} is not empty: ${bucket.total_objects} objects`);
        await deleteEmpty(service, name, operation);
        await api.delete(`${path}/${uuid}/buckets/${encodeURIComponent(name)}`, call(operation));
      }
      if (all.every((entry) => entry.name === name)) await api.delete(`${path}/${uuid}`, call(operation));
    },
  };
}

function notEmpty(operation: string, text: string): ProviderError {
  return new ProviderError({
    ...{ provider, operation, code: 'conflict' },
    message: `The bucket ${text}`,
    help: 'Delete or move the objects first.',
  });
}

/** What this API cannot set is refused before anything is made. `AES256` is what definitions say by themselves. */
function refuseSettings(operation: string, versioning: boolean, encryption: string): void {
  const wished = versioning
    ? 'versioning'
    : encryption === 'AES256'
      ? undefined
      : `encryption '${encryption}'`;
  if (wished === undefined) return;
  throw new ProviderError({
    ...{ provider, operation, code: 'unsupported' },
    message: `Provider 'upcloud' does not support ${wished} of buckets`,
    help: 'Leave it out of the definition, and set it with an S3 client and an access key of the object storage.',
  });
}

function identified(service: ApiObjectStorage) {
  return { id: service.uuid, created_at: service.created_at, service };
}
