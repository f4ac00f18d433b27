import { createHash } from 'node:crypto';
import { type Context, ProvisioningError, type RunResult } from '@provisioning/extensions-sdk';
import { asRoot, openHost } from '../../../taskserv/host.ts';
import { shellQuote } from '../../../transport/remote-command.ts';
import type { KubernetesPart, PartKind } from './part.ts';

const digestAnnotation = 'provisioning/digest';

/** Manifests on a control plane: applied, and waited for until the deployment is rolled out (07 §10.2.5). */
export const kubernetesPart: PartKind<KubernetesPart> = {
  async state(context, part) {
    const path = `{.metadata.annotations.${digestAnnotation.replaceAll('.', '\\.')}}`;
    const { code, stdout, stderr } = await kubectl(
      context,
      part,
      `get deployment ${shellQuote(part.name)} -n ${shellQuote(part.namespace)} --ignore-not-found -o ${shellQuote(`jsonpath={.metadata.name} ${path}`)}`,
    );
    if (code !== 0) throw failed(part, stderr);
    const [name, digest] = stdout.trim().split(' ');
    if (name === undefined || name === '') return 'absent';
    return digest === digestOf(part) ? 'there' : 'differs';
  },

  async deploy(context, part) {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: marked(part) });
    const applied = await kubectl(context, part, 'apply -f -', list);
    if (applied.code !== 0) throw failed(part, applied.stderr);
    const rollout = await kubectl(
      context,
      part,
      `rollout status deployment/${shellQuote(part.name)} -n ${shellQuote(part.namespace)} --timeout=${part.timeout}s`,
    );
    if (rollout.code !== 0) throw failed(part, rollout.stderr);
    return { applied: applied.stdout.trim().split('\n') };
  },

  async remove(context, part) {
    // The namespace may hold what is not ours.
    const own = part.manifests.filter(({ kind }) => kind !== 'Namespace').toReversed();
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: own });
    const { code, stderr } = await kubectl(context, part, 'delete --ignore-not-found -f -', list);
    if (code !== 0) throw failed(part, stderr);
    return [];
  },
};

function digestOf({ manifests }: KubernetesPart): string {
  return createHash('sha256').update(JSON.stringify(manifests)).digest('hex').slice(0, 16);
}

/** The deployment carries the digest of all manifests, by which a change is seen. */
function marked(part: KubernetesPart): unknown[] {
  return part.manifests.map((manifest) => {
    if (manifest['kind'] !== 'Deployment') return manifest;
    const metadata = (manifest['metadata'] ?? {}) as { annotations?: object };
    const annotations = { ...metadata.annotations, [digestAnnotation]: digestOf(part) };
    return { ...manifest, metadata: { ...metadata, annotations } };
  });
}

async function kubectl(
  context: Context,
  part: KubernetesPart,
  words: string,
  input?: string,
): Promise<RunResult> {
  const { transport, access } = await openHost(context, part.server);
  const command = `if [ -e /etc/kubernetes/admin.conf ]; then export KUBECONFIG=/etc/kubernetes/admin.conf; fi; exec kubectl ${words}`;
  return transport.run(`${asRoot(access)}sh -c ${shellQuote(command)}`, {
    ...(input === undefined ? {} : { input }),
    signal: context.signal,
    timeout: part.timeout + 60,
  });
}

function failed(part: KubernetesPart, stderr: string): ProvisioningError {
  return new ProvisioningError({
    code: 'APPLICATION_FAILED',
    message: `Application ${part.name} on ${part.server.hostname}: ${stderr.trim().split('\n').at(-1) ?? 'kubectl failed'}`,
    hint: `Look at it with: provisioning server ssh ${part.server.hostname} -- kubectl get all -n ${part.namespace}`,
  });
}
