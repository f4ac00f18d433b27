import { join } from 'node:path';
import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import { stringify } from 'yaml';
import type { Data } from '../config/document.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { definitionFile } from '../infra/definition-files.ts';
import { withoutSecrets } from './secrets.ts';

/**
 * Writes a cluster into the definition of an infrastructure, as `clusters/<name>.yaml`, without its secrets. Returns the
 * file.
 * @throws ProvisioningError `CLUSTER_DEFINED` when there is one already.
 */
export async function storeCluster(infraPath: string, cluster: Cluster): Promise<string> {
  const folder = join(infraPath, 'clusters');
  const known = await definitionFile(folder, cluster.name);
  if (known !== undefined) {
    throw new ProvisioningError({
      code: 'CLUSTER_DEFINED',
      kind: 'conflict',
      message: `Cluster '${cluster.name}' is defined already: ${known}`,
      hint: 'Edit that file, or remove it first.',
    });
  }
  const file = join(folder, `${cluster.name}.yaml`);
  await writeFileAtomic(file, stringify(withoutSecrets(cluster as Data)), 0o644);
  return file;
}
