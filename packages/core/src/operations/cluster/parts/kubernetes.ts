import { createHash } from 'node:crypto';
import { type Context, ProvisioningError, type RunResult } from '@provisioning/extensions-sdk';
import { asRoot, openHost } from '../../../taskserv/host.ts';
import { shellQuote } from '../../../transport/remote-command.ts';
import type { KubernetesPart, PartKind } from './part.ts';

const digestAnnotation = 'provisioning/digest';
/** What was applied beside the deployment, so that what is no longer wanted can go. */
const objectsAnnotation = 'provisioning/objects';

/** Manifests on a control plane: applied, and waited for until the deployment is rolled out (07 §10.2.5). */
export const kubernetesPart: PartKind<KubernetesPart> = {
  async state(context, part) {
    const found = await look(context, part, `{.metadata.name} {.metadata.annotations.${digestAnnotation}}`);
    const [name, digest] = found.split(' ');
    if (name === undefined || name === '') return 'absent';
    return digest === digestOf(part) ? 'there' : 'differs';
  },

  async deploy(context, part) {
    const before = await look(context, part, `{.spec.replicas} {.metadata.annotations.${objectsAnnotation}}`);
    const [replicas, ...objects] = before.split(' ');
    const items = marked(part, Number(replicas));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const applied = await kubectl(context, part, 'apply -f -', list);
    if (applied.code !== 0) throw failed(part, applied.stderr);
    const rollout = await kubectl(
      context,
      part,
      `rollout status deployment/${shellQuote(part.name)} -n ${shellQuote(part.namespace)} --timeout=${part.timeout}s`,
    );
    if (rollout.code !== 0) throw failed(part, rollout.stderr);
    const wanted = objectsOf(part);
    const surplus = objects.filter((object) => object !== '' && !wanted.includes(object));
    if (surplus.length > 0) {
      const words = `delete --ignore-not-found -n ${shellQuote(part.namespace)} ${surplus.map(shellQuote).join(' ')}`;
      const deleted = await kubectl(context, part, words);
      if (deleted.code !== 0) throw failed(part, deleted.stderr);
    }
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

/** Kinds and names of what is applied beside the deployment; a namespace may hold what is not ours. */
function objectsOf({ manifests }: KubernetesPart): string[] {
  return manifests.flatMap(({ kind, metadata }) =>
    kind === 'Deployment' || kind === 'Namespace'
      ? []
      : [`${String(kind)}/${(metadata as { name: string }).name}`],
  );
}

/**
 * The deployment carries the digest of all manifests, by which a change is seen, and the names of the others. Where
 * Kubernetes scales it, it keeps the number of pods that it has.
 */
function marked(part: KubernetesPart, running: number): unknown[] {
  const scaled = part.manifests.some(({ kind }) => kind === 'HorizontalPodAutoscaler') && running > 0;
  return part.manifests.map((manifest) => {
    if (manifest['kind'] !== 'Deployment') return manifest;
    const metadata = (manifest['metadata'] ?? {}) as { annotations?: object };
    const annotations = {
      ...metadata.annotations,
      [digestAnnotation]: digestOf(part),
      [objectsAnnotation]: objectsOf(part).join(' '),
    };
    const spec = manifest['spec'] as object;
    return {
      ...manifest,
      metadata: { ...metadata, annotations },
      spec: scaled ? { ...spec, replicas: running } : spec,
    };
  });
}

/** Something of the deployment; empty where there is none. */
async function look(context: Context, part: KubernetesPart, path: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(
    context,
    part,
    `get deployment ${shellQuote(part.name)} -n ${shellQuote(part.namespace)} --ignore-not-found -o ${shellQuote(`jsonpath=${path}`)}`,
  );
  if (code !== 0) throw failed(part, stderr);
  return stdout.trim();
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
