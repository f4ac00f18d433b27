import { createHash } from 'node:crypto';
import type { ConnectedEngine } from '../engine/connect.ts';
import type { EngineEnvironment } from '../engine/environment.ts';
import { ensureImage, withImageLock } from '../image/ensure.ts';
import { prepare } from '../image/stock.ts';
import type { LocalConfig } from '../schema.ts';

const repository = 'localhost/provisioning/balancer';

const script = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends haproxy
apt-get clean
rm -rf /var/lib/apt/lists/* /provisioning.sh
`;

/** The base image with HAProxy, made once. */
export async function balancerImage(
  connected: ConnectedEngine,
  config: LocalConfig,
  environment: EngineEnvironment,
): Promise<string> {
  const base = await ensureImage('debian-12', connected, config, environment);
  const tag = createHash('sha256').update(`${base}\n${script}`).digest('hex').slice(0, 12);
  const image = `${repository}:${tag}`;
  const { engine } = connected;
  if ((await engine.inspectImage(image)) !== undefined) return image;
  return withImageLock(environment, {}, async () => {
    if ((await engine.inspectImage(image)) === undefined)
      await prepare(base, connected, { script, repository, tag, what: 'HAProxy' });
    return image;
  });
}
