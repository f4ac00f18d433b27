import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import { writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../state/paths.ts';
import { shellQuote } from '../transport/remote-command.ts';
import type { DesiredTaskserv } from './desired.ts';
import { asRoot, openHost, type ServerTarget } from './host.ts';

/**
 * Keeps files of the host in `data/` of the infrastructure, such as the key to a cluster (07 §5). Where nothing changed
 * and the file is here nobody is asked.
 * @throws ProvisioningError `FETCH_FAILED`, `TRANSPORT_*`.
 */
export async function fetchFiles(
  context: Context,
  target: ServerTarget,
  { name, fetch = [] }: DesiredTaskserv,
  changed: boolean,
): Promise<void> {
  for (const { path, to } of fetch) {
    const file = join(infraPath(context), 'data', to);
    const here = await access(file).then(
      () => true,
      () => false,
    );
    if (here && !changed) continue;
    const opened = await openHost(context, target);
    const { code, stdout } = await opened.transport.run(`${asRoot(opened.access)}cat ${shellQuote(path)}`, {
      signal: context.signal,
    });
    if (code !== 0) {
      throw new ProvisioningError({
        code: 'FETCH_FAILED',
        message: `${name} on ${target.hostname} left no ${path}`,
        hint: `Look there: provisioning server ssh ${target.hostname}`,
      });
    }
    await writeFileAtomic(file, stdout, 0o600);
  }
}
