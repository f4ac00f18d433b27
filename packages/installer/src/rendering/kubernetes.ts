import { stringify } from 'yaml';
import { type ContainerPlan, imageName } from '../plan/containers.ts';
import type { Installation } from '../plan/resolve.ts';

/**
 * The services as one pod of Kubernetes with a volume and a secret. In solo mode nobody is asked who he is, so everything
 * listens on the loopback address of the pod, which `kubectl port-forward` reaches and no other pod does; probes ask
 * `/health` from inside.
 */
export function kubernetesManifests(
  installation: Installation,
  containers: readonly ContainerPlan[],
): string {
  const { name } = installation;
  const labels = { 'app.kubernetes.io/name': 'provisioning', 'app.kubernetes.io/instance': name };
  const metadata = { name, namespace: name, labels };
  const files = containers.flatMap(({ service, files: own }) => own.map((file) => ({ service, ...file })));
  const documents = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: `${installation.resources.diskGb}Gi` } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'Opaque',
      stringData: Object.fromEntries(files.map((file) => [keyOf(file.service, file.path), file.content])),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        // One at a time writes to the volume.
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user },
            containers: containers.map((plan) => containerOf(plan, installation, containers.length)),
            volumes: [
              { name: 'data', persistentVolumeClaim: { claimName: name } },
              { name: 'files', secret: { secretName: name } },
            ],
          },
        },
      },
    },
  ];
  return documents.map((document) => stringify(document)).join('---\n');
}

/** The user of the images. */
const user = 10_001;

const keyOf = (service: string, path: string): string => `${service}.${path.split('/').at(-1)!}`;

function containerOf(plan: ContainerPlan, { resources }: Installation, count: number): object {
  const probe = { exec: { command: probeCommand(plan) }, timeoutSeconds: 5 };
  return {
    name: plan.service,
    image: imageName(plan),
    ...(plan.command === undefined ? {} : { args: plan.command }),
    env: Object.entries(plan.environment).map(([name, value]) => ({ name, value })),
    resources: {
      requests: {
        cpu: `${Math.floor(resources.millicores / count)}m`,
        memory: `${Math.floor(resources.memoryMb / count)}Mi`,
      },
      limits: { memory: `${Math.floor(resources.memoryMb / count)}Mi` },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...probe, periodSeconds: 10 },
    livenessProbe: { ...probe, periodSeconds: 30 },
    volumeMounts: [
      { name: 'data', mountPath: plan.data, subPath: plan.service },
      ...plan.files.map(({ path }) => ({
        name: 'files',
        mountPath: path,
        subPath: keyOf(plan.service, path),
        readOnly: true,
      })),
    ],
  };
}

/** A registry that asks for a password is alive when it does. */
function probeCommand({ health }: ContainerPlan): readonly string[] {
  if (health.credentials === undefined) return ['wget', '-q', '-O', '/dev/null', health.url];
  return ['sh', '-c', `wget -q -S -O /dev/null ${health.url} 2>&1 | grep -q 'HTTP/1.1 [24]0'`];
}
