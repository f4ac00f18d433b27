import type { Manifest } from './render.ts';

/** Between how many pods, and by what, Kubernetes scales an application. */
export interface PodScaling {
  readonly min: number;
  readonly max: number;
  /** Percent of what the pods request, of `cpu` and `memory`; `requests` a second and pod. */
  readonly targets: Readonly<Record<string, number>>;
  /** Milliseconds without a change before pods are taken away. */
  readonly downCooldown: number;
}

/** Adds the HorizontalPodAutoscaler of a deployment to the manifests it is applied with (05 §5.3, 07 §10.4). */
export function withPodAutoscaler(manifests: readonly Manifest[], scaling: PodScaling): Manifest[] {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) return [...manifests];
  const metadata = deployment['metadata'] as { readonly name: string };
  return [
    ...manifests,
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: deployment['apiVersion'], kind: 'Deployment', name: metadata.name },
        // Kubernetes keeps at least one pod.
        minReplicas: Math.max(1, scaling.min),
        maxReplicas: Math.max(1, scaling.max),
        metrics: Object.entries(scaling.targets).map(([name, target]) => metric(name, target)),
        behavior: { scaleDown: { stabilizationWindowSeconds: Math.round(scaling.downCooldown / 1000) } },
      },
    },
  ];
}

function metric(name: string, target: number): object {
  return name === 'cpu' || name === 'memory'
    ? {
        type: 'Resource',
        resource: { name, target: { type: 'Utilization', averageUtilization: Math.round(target) } },
      }
    : {
        type: 'Pods',
        pods: {
          metric: { name: 'http_requests_per_second' },
          target: { type: 'AverageValue', averageValue: String(target) },
        },
      };
}

/** Containers that request nothing of what pods are scaled by: Kubernetes cannot measure them. */
export function unmeasuredContainers(manifests: readonly Manifest[], { targets }: PodScaling): string[] {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  const spec = deployment?.['spec'] as
    | {
        template: {
          spec: { containers: { name: string; resources?: { requests?: Record<string, unknown> } }[] };
        };
      }
    | undefined;
  const needed = ['cpu', 'memory'].filter((name) => name in targets);
  return (spec?.template.spec.containers ?? []).flatMap(({ name, resources }) =>
    needed
      .filter((resource) => resources?.requests?.[resource] === undefined)
      .map((resource) => `${name} requests no ${resource}`),
  );
}
