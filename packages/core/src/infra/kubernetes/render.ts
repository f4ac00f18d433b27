import { K8sDeploy, ProvisioningError, applyDefaults } from '@provisioning/extensions-sdk';
import type { Data } from '../../config/document.ts';

export type Manifest = Readonly<Record<string, unknown>>;

const meshNamespaces: Readonly<Record<string, string>> = {
  linkerd: 'linkerd',
  istio: 'istio-system',
  cilium: 'kube-system',
};
const ingressNamespaces: Readonly<Record<string, string>> = {
  nginx: 'ingress-nginx',
  traefik: 'traefik',
  contour: 'projectcontour',
  haproxy: 'haproxy-controller',
  'istio-gateway': 'istio-system',
};

/** What is installed on the cluster; a mesh or controller that is asked for must be there. */
export interface ClusterFeatures {
  readonly meshes: readonly string[];
  readonly controllers: readonly string[];
}

/**
 * The manifests of an application in the order they are applied (05 §5.2): namespace, deployment, service, ingress.
 * @throws ProvisioningError `K8S_DEPLOY_INVALID` (exit 3), `CLUSTER_REQUIREMENTS` (exit 1)
 */
export function renderK8sDeploy(definition: Data, features?: ClusterFeatures): Manifest[] {
  const copy = structuredClone(definition);
  applyDefaults(K8sDeploy, copy);
  const deploy = copy as K8sDeploy;
  checkFields(deploy);
  if (features !== undefined) checkFeatures(deploy, features);
  return [...namespace(deploy), deployment(deploy), ...service(deploy), ...ingress(deploy), ...istio(deploy)];
}

/** Namespace the mesh or the ingress controller lives in. */
export function controlNamespaces(
  deploy: Pick<K8sDeploy, 'service_mesh' | 'service_mesh_ns' | 'ingress_controller' | 'ingress_ns'>,
): { readonly mesh?: string; readonly ingress?: string } {
  const mesh = deploy.service_mesh_ns ?? meshNamespaces[deploy.service_mesh ?? 'none'];
  const controller = deploy.ingress_ns ?? ingressNamespaces[deploy.ingress_controller ?? 'none'];
  return {
    ...(mesh === undefined ? {} : { mesh }),
    ...(controller === undefined ? {} : { ingress: controller }),
  };
}

function checkFields(deploy: K8sDeploy): void {
  const usesIstio = deploy.service_mesh === 'istio' || deploy.ingress_controller === 'istio-gateway';
  const field =
    deploy.prxyGatewayServers !== undefined
      ? 'prxyGatewayServers'
      : deploy.prxyVirtualService !== undefined
        ? 'prxyVirtualService'
        : undefined;
  if (field !== undefined && !usesIstio) {
    throw invalid(deploy, `Field ${field} needs service_mesh istio, found ${deploy.service_mesh ?? 'none'}`);
  }
  const rendered = `${deploy.name}-gateway`;
  const unknown = deploy.prxyVirtualService?.gateways?.find(
    (name) => name !== rendered && name !== 'mesh' && !name.includes('/'),
  );
  if (unknown !== undefined)
    throw invalid(
      deploy,
      `Gateway '${unknown}' is not rendered; the gateway of ${deploy.name} is '${rendered}'`,
    );
}

function checkFeatures(deploy: K8sDeploy, features: ClusterFeatures): void {
  const missing = (kind: string, name: string): ProvisioningError =>
    new ProvisioningError({
      code: 'CLUSTER_REQUIREMENTS',
      message: `Cluster requirements not met: ${kind} '${name}' is not installed`,
      hint: `Install it first: provisioning taskserv create ${name}`,
    });
  const { service_mesh: mesh, ingress_controller: controller } = deploy;
  if (mesh !== undefined && mesh !== 'none' && !features.meshes.includes(mesh))
    throw missing('service mesh', mesh);
  if (controller !== undefined && controller !== 'none' && !features.controllers.includes(controller)) {
    throw missing('ingress controller', controller);
  }
}

function invalid(deploy: K8sDeploy, message: string): ProvisioningError {
  return new ProvisioningError({
    code: 'K8S_DEPLOY_INVALID',
    kind: 'configuration',
    message: `${deploy.name}: ${message}`,
  });
}

function labels(deploy: K8sDeploy): Record<string, string> {
  return { 'app.kubernetes.io/name': deploy.name, 'app.kubernetes.io/managed-by': 'provisioning' };
}

function metadata(deploy: K8sDeploy, name: string, extra: Data = {}): Data {
  return { name, namespace: deploy.namespace, labels: labels(deploy), ...extra };
}

function namespace(deploy: K8sDeploy): Manifest[] {
  if (!deploy.create_ns) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: deploy.namespace,
        labels: {
          'app.kubernetes.io/managed-by': 'provisioning',
          ...(deploy.service_mesh === 'istio' ? { 'istio-injection': 'enabled' } : {}),
        },
        ...(deploy.service_mesh === 'linkerd' ? { annotations: { 'linkerd.io/inject': 'enabled' } } : {}),
      },
    },
  ];
}

function deployment(deploy: K8sDeploy): Manifest {
  const selector = { 'app.kubernetes.io/name': deploy.name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(deploy, deploy.name),
    spec: {
      replicas: deploy.spec.replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: labels(deploy) },
        spec: {
          containers: deploy.spec.containers.map((container) => ({
            name: container.name,
            image: container.image,
            imagePullPolicy: container.imagePull,
            ports: container.ports.map(({ name, typ, container: port }) => ({
              name,
              protocol: typ,
              containerPort: port,
            })),
            env: Object.entries(container.env).map(([name, value]) => ({ name, value })),
            ...(Object.keys(container.resources).length === 0 ? {} : { resources: container.resources }),
          })),
        },
      },
    },
  };
}

function service(deploy: K8sDeploy): Manifest[] {
  if (deploy.service === undefined) return [];
  const { name, typ, ports } = deploy.service;
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(deploy, name),
      spec: {
        type: typ,
        selector: { 'app.kubernetes.io/name': deploy.name },
        ports: ports.map((port) => ({
          name: port.name,
          protocol: port.typ,
          port: port.port ?? port.target,
          targetPort: port.target,
        })),
      },
    },
  ];
}

function backend(deploy: K8sDeploy): { readonly name: string; readonly port: number } | undefined {
  const named = deploy.ingress_config.default_backend?.split(':');
  if (named !== undefined) return { name: named[0]!, port: Number(named[1]) };
  const port = deploy.service?.ports[0];
  return deploy.service === undefined || port === undefined
    ? undefined
    : { name: deploy.service.name, port: port.port ?? port.target };
}

function ingress(deploy: K8sDeploy): Manifest[] {
  const controller = deploy.ingress_controller ?? 'none';
  const target = backend(deploy);
  if (controller === 'none' || controller === 'istio-gateway' || target === undefined) return [];
  const { hosts, tls_enabled: tls, cluster_issuer: issuer } = deploy.ingress_config;
  const secret = `${deploy.name}-tls`;
  if (controller === 'traefik') {
    const match =
      hosts.length === 0 ? 'PathPrefix(`/`)' : hosts.map((host) => `Host(\`${host}\`)`).join(' || ');
    return [
      {
        apiVersion: 'traefik.io/v1alpha1',
        kind: 'IngressRoute',
        metadata: metadata(deploy, deploy.name),
        spec: {
          entryPoints: [tls ? 'websecure' : 'web'],
          routes: [{ kind: 'Rule', match, services: [{ name: target.name, port: target.port }] }],
          ...(tls ? { tls: { secretName: secret } } : {}),
        },
      },
    ];
  }
  const path = {
    path: '/',
    pathType: 'Prefix',
    backend: { service: { name: target.name, port: { number: target.port } } },
  };
  const rules =
    hosts.length === 0
      ? [{ http: { paths: [path] } }]
      : hosts.map((host) => ({ host, http: { paths: [path] } }));
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadata(
        deploy,
        deploy.name,
        issuer === undefined ? {} : { annotations: { 'cert-manager.io/cluster-issuer': issuer } },
      ),
      spec: { ingressClassName: controller, ...(tls ? { tls: [{ hosts, secretName: secret }] } : {}), rules },
    },
  ];
}

function istio(deploy: K8sDeploy): Manifest[] {
  const gateway = `${deploy.name}-gateway`;
  const manifests: Manifest[] = [];
  if (deploy.prxyGatewayServers !== undefined) {
    manifests.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: metadata(deploy, gateway),
      spec: { selector: { istio: 'ingressgateway' }, servers: deploy.prxyGatewayServers },
    });
  }
  if (deploy.prxyVirtualService !== undefined) {
    const { hosts, gateways, matches } = deploy.prxyVirtualService;
    const byType: Record<string, unknown[]> = {};
    for (const { typ, location, route_destination: destinations } of matches) {
      (byType[typ] ??= []).push({
        ...(location === undefined ? {} : { match: location }),
        route: destinations.map(({ port_number: number, host }) => ({
          destination: { host, port: { number } },
        })),
      });
    }
    manifests.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: metadata(deploy, deploy.name),
      spec: { hosts, gateways: gateways ?? [gateway], ...byType },
    });
  }
  return manifests;
}
