import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { readTar } from '@provisioning/distribution';

/** Runs once and ends; everything else in the archive serves. */
const installer = 'installer';

/** Names of the services whose programs an archive of the platform line has. */
export async function servicesOf(archive: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entry of readTar(createReadStream(archive).pipe(createGunzip()))) {
    const service = /^bin\/provisioning-(.+)$/.exec(entry.path)?.[1];
    if (service !== undefined && service !== installer) names.push(service);
    for await (const chunk of entry.body) void chunk;
  }
  return names.sort();
}
