import type { BucketLocationConstraint, ServerSideEncryption } from '@aws-sdk/client-s3';
import type { BucketService, ObservedBucket, ProviderError } from '@provisioning/extensions-sdk';
import { isOurs, namedTags, notOurs } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../failure.ts';
import { apiTags, tagsOf } from '../observe.ts';
import type { Session } from '../session.ts';

/** The region whose buckets have no location constraint. */
const firstRegion = 'us-east-1';

/** Buckets of S3: private, encrypted, and found again by their tags. */
export function buckets(session: Session): BucketService {
  const { clients, context } = session;
  const s3 = () => import('@aws-sdk/client-s3');

  /** `undefined` where there is no such bucket. */
  const regionOf = async (name: string, operation: string): Promise<string | undefined> => {
    const { GetBucketLocationCommand } = await s3();
    const client = await clients.s3();
    return clients
      .call(operation, () => client.send(new GetBucketLocationCommand({ Bucket: name })))
      .then(({ LocationConstraint }) => LocationConstraint ?? firstRegion)
      .catch((error: ProviderError) => {
        if (error.providerCode === 'not_found') return undefined;
        throw error;
      });
  };

  const tagsIn = async (region: string, name: string, operation: string): Promise<Record<string, string>> => {
    const { GetBucketTaggingCommand } = await s3();
    const client = await clients.s3(region);
    return clients
      .call(operation, () => client.send(new GetBucketTaggingCommand({ Bucket: name })))
      .then(({ TagSet }) => tagsOf(TagSet))
      .catch((error: ProviderError) => {
        // A bucket that nobody tagged.
        if (error.providerCode === 'not_found') return {};
        throw error;
      });
  };

  /** The region of a bucket of this infrastructure, `undefined` where there is none of the name. */
  const own = async (name: string, operation: string): Promise<string | undefined> => {
    const region = await regionOf(name, operation);
    if (region !== undefined && !isOurs(await tagsIn(region, name, operation), context))
      throw notOurs(provider, operation, `bucket ${name}`);
    return region;
  };

  const describe = async (region: string, name: string, operation: string): Promise<ObservedBucket> => {
    const { GetBucketVersioningCommand, GetBucketEncryptionCommand } = await s3();
    const client = await clients.s3(region);
    const { Status } = await clients.call(operation, () =>
      client.send(new GetBucketVersioningCommand({ Bucket: name })),
    );
    const { ServerSideEncryptionConfiguration: encrypted } = await clients.call(operation, () =>
      client.send(new GetBucketEncryptionCommand({ Bucket: name })),
    );
    const encryption = encrypted?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    return {
      ...{ id: name, name, region, versioning: Status === 'Enabled' },
      ...(encryption === undefined ? {} : { encryption }),
    };
  };

  return {
    async ensure({ name, region = clients.region, versioning = false, encryption = 'AES256' }) {
      const operation = 'bucket.ensure';
      const sdk = await s3();
      const there = await own(name, operation);
      const client = await clients.s3(there ?? region);
      const TagSet = apiTags(namedTags(context, name)).map(({ Key = '', Value = '' }) => ({ Key, Value }));
      if (there === undefined) {
        // Tagged by the same request: there is no moment in which the bucket belongs to nobody.
        const LocationConstraint = region === firstRegion ? undefined : (region as BucketLocationConstraint);
        await clients.call(operation, () =>
          client.send(
            new sdk.CreateBucketCommand({
              Bucket: name,
              CreateBucketConfiguration: { LocationConstraint, Tags: TagSet },
            }),
          ),
        );
      }
      const set = (send: () => Promise<unknown>) => clients.call(operation, send);
      // Services that speak S3 without tags at creation get them now.
      await set(() => client.send(new sdk.PutBucketTaggingCommand({ Bucket: name, Tagging: { TagSet } })));
      await set(() =>
        client.send(
          new sdk.PutPublicAccessBlockCommand({
            Bucket: name,
            PublicAccessBlockConfiguration: {
              BlockPublicAcls: true,
              BlockPublicPolicy: true,
              IgnorePublicAcls: true,
              RestrictPublicBuckets: true,
            },
          }),
        ),
      );
      const SSEAlgorithm = encryption as ServerSideEncryption;
      await set(() =>
        client.send(
          new sdk.PutBucketEncryptionCommand({
            Bucket: name,
            ServerSideEncryptionConfiguration: {
              Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }],
            },
          }),
        ),
      );
      await set(() =>
        client.send(
          new sdk.PutBucketVersioningCommand({
            Bucket: name,
            VersioningConfiguration: { Status: versioning ? 'Enabled' : 'Suspended' },
          }),
        ),
      );
      return { id: name };
    },

    async list() {
      const operation = 'bucket.list';
      const { ListBucketsCommand } = await s3();
      const client = await clients.s3();
      const { Buckets: all = [] } = await clients.call(operation, () =>
        client.send(new ListBucketsCommand({})),
      );
      const found = await Promise.all(
        all
          .flatMap(({ Name }) => Name ?? [])
          .map(async (name) => {
            // Buckets that are not ours, and those we may not look into, are left out.
            const region = await own(name, operation).catch(() => undefined);
            return region === undefined ? undefined : describe(region, name, operation);
          }),
      );
      return found.filter((bucket) => bucket !== undefined);
    },

    async delete(id) {
      const operation = 'bucket.delete';
      const region = await own(id, operation);
      const { DeleteBucketCommand } = await s3();
      const client = await clients.s3(region ?? clients.region);
      await clients.call(operation, () => client.send(new DeleteBucketCommand({ Bucket: id })));
    },
  };
}
