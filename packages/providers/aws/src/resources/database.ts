import type { DBInstance } from '@aws-sdk/client-rds';
import type { ManagedDatabaseWish, ManagedService } from '@provisioning/extensions-sdk';
import { isOurs, namedTags, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../failure.ts';
import { apiTags, tagsOf } from '../observe.ts';
import type { Session } from '../session.ts';

/** Databases that RDS runs: encrypted, not reachable from outside, and found again by their tags. */
export function databases(session: Session): ManagedService<ManagedDatabaseWish> {
  const { clients, context } = session;
  const rds = () => import('@aws-sdk/client-rds');

  const ours = async (operation: string): Promise<DBInstance[]> => {
    const { paginateDescribeDBInstances } = await rds();
    const client = await clients.rds();
    return clients.call(operation, async () => {
      const found: DBInstance[] = [];
      for await (const page of paginateDescribeDBInstances({ client }, {})) {
        found.push(...(page.DBInstances ?? []).filter(({ TagList }) => isOurs(tagsOf(TagList), context)));
      }
      return found;
    });
  };

  return {
    async ensure(wish) {
      const operation = 'managed.database.ensure';
      // Identifiers begin with a letter and have no two hyphens in a row.
      const id = resourceName([context.infra, wish.name])
        .replaceAll(/-{2,}/g, '-')
        .replace(/^[^a-z]/, 'd');
      if ((await ours(operation)).some((one) => one.DBInstanceIdentifier === id)) return { id };
      const { CreateDBInstanceCommand } = await rds();
      const client = await clients.rds();
      const { engine, version, plan = 'db.t3.medium', storage = 20, user = 'provisioning', password } = wish;
      await clients.call(operation, () =>
        client.send(
          new CreateDBInstanceCommand({
            DBInstanceIdentifier: id,
            Engine: engine === 'postgresql' ? 'postgres' : engine,
            ...(version === undefined ? {} : { EngineVersion: version }),
            DBInstanceClass: plan,
            AllocatedStorage: storage,
            StorageType: 'gp3',
            StorageEncrypted: true,
            PubliclyAccessible: false,
            MultiAZ: wish.high_availability ?? false,
            BackupRetentionPeriod: wish.backup_days ?? 7,
            MasterUsername: user,
            ...(password === undefined
              ? { ManageMasterUserPassword: true }
              : { MasterUserPassword: password }),
            CopyTagsToSnapshot: true,
            Tags: apiTags(namedTags(context, wish.name)),
          }),
        ),
      );
      return { id };
    },

    async list() {
      return (await ours('managed.database.list')).map(
        ({ DBInstanceIdentifier: id = '', DBInstanceStatus, EngineVersion, Endpoint, TagList }) => ({
          id,
          name: tagsOf(TagList)[tagNames.name] ?? id,
          status: DBInstanceStatus ?? 'unknown',
          ...(EngineVersion === undefined ? {} : { version: EngineVersion }),
          address: Endpoint?.Address === undefined ? null : `${Endpoint.Address}:${Endpoint.Port ?? ''}`,
        }),
      );
    },

    /** Its last state is kept as a snapshot. */
    async delete(id) {
      const operation = 'managed.database.delete';
      if (!(await ours(operation)).some((one) => one.DBInstanceIdentifier === id))
        throw notOurs(provider, operation, `database ${id}`);
      const { DeleteDBInstanceCommand } = await rds();
      const client = await clients.rds();
      const time = new Date(session.clock.now())
        .toISOString()
        .replaceAll(/[^0-9]/g, '')
        .slice(0, 14);
      await clients.call(operation, () =>
        client.send(
          new DeleteDBInstanceCommand({
            DBInstanceIdentifier: id,
            SkipFinalSnapshot: false,
            FinalDBSnapshotIdentifier: `${id}-final-${time}`,
          }),
        ),
      );
    },
  };
}
