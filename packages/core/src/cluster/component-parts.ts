import {
  type Cluster,
  type Component,
  type Context,
  ProvisioningError,
  type Server,
  type ServerTaskserv,
} from '@provisioning/extensions-sdk';
import { Value } from 'typebox/value';
import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import type { Infrastructure } from '../infra/index.ts';
import { withPodAutoscaler } from '../infra/kubernetes/pod-autoscaler.ts';
import { renderK8sDeploy } from '../infra/kubernetes/render.ts';
import { ContainerPart, type Part, ResourcePart, resourceKinds } from '../operations/cluster/parts/part.ts';
import { taskservsOf } from '../plan/uses.ts';
import type { TaskservPackages } from '../taskserv/index.ts';
import type { ClusterScaling } from './auto-scaling.ts';
import { componentServers, type Layout, runsOnKubernetes } from './layout.ts';
import { type CanaryTraffic, expandPlacement } from './placement.ts';

/** What turning components into parts needs to know. */
export interface PartsScope {
  readonly context: Context;
  readonly infrastructure: Infrastructure;
  readonly cluster: Cluster;
  readonly layout: Layout;
  readonly packages: TaskservPackages;
  /** Wished number of a component by name. */
  readonly scale?: Readonly<Record<string, number>>;
  /** The component that Kubernetes scales by its load. */
  readonly autoScaling?: ClusterScaling;
  /** Traffic that goes to a canary. */
  readonly traffic?: CanaryTraffic;
}

/**
 * A component as its parts, one for each place. With `places`, only those; places that are no server any more have none.
 * @throws ProvisioningError of the taskserv's configuration, `APPLICATION_INVALID`, `COMPONENT_INVALID`.
 */
export async function partsOf(
  scope: PartsScope,
  component: Component,
  places?: readonly string[],
): Promise<Part[]> {
  const { cluster, infrastructure, layout } = scope;
  const wanted = places ?? layout.placement.get(component.name) ?? [];
  if (component.type === 'infrastructure') return resourceParts(scope, component);
  if (component.type === 'server') {
    const all = componentServers(infrastructure, cluster, component, places?.length);
    const known = [...layout.servers, ...all];
    return wanted.flatMap((hostname): Part[] => {
      const server = known.find((one) => one.hostname === hostname);
      return server === undefined ? [] : [{ kind: 'server', server }];
    });
  }
  const servers = wanted.flatMap((name) => layout.servers.find(({ hostname }) => hostname === name) ?? []);
  if (component.type === 'taskserv')
    return Promise.all(servers.map((server) => taskservPart(scope, component, server)));
  return servers.map((server) =>
    runsOnKubernetes(component)
      ? kubernetesPart(scope, component, server)
      : containerPart(scope, component, server),
  );
}

async function taskservPart(scope: PartsScope, component: Component, server: Server): Promise<Part> {
  const { context, infrastructure, layout, packages, traffic } = scope;
  const entry: ServerTaskserv = {
    name: component.service ?? component.name,
    profile: 'default',
    ...(component.version === undefined ? {} : { version: component.version }),
    enabled: true,
    config: expandPlacement(component.config, layout.placement, traffic) as Record<string, unknown>,
  };
  const definition = { servers: layout.servers, taskservs: infrastructure.taskservs };
  const [planned] = await taskservsOf(context, { ...server, taskservs: [entry] }, definition, packages);
  return {
    kind: 'taskserv',
    server: targetOf(server),
    taskserv: planned!.use,
    references: [...planned!.references],
  };
}

/** `config.network`, `config.volume` and so on: one record or a list of them, each with a name. */
function resourceParts({ context, infrastructure, layout }: PartsScope, component: Component): Part[] {
  const config = expandPlacement(component.config, layout.placement) as Data;
  const configured = context.config('providers.default');
  const provider = String(
    config['provider'] ??
      infrastructure.servers[0]?.provider ??
      (typeof configured === 'string' && configured !== '' ? configured : 'local'),
  );
  const parts = resourceKinds.flatMap((resource) =>
    [config[resource] ?? []].flat().map((wish: unknown, index) => {
      const record = isRecord(wish) ? wish : {};
      const { name = `${component.name}${index === 0 ? '' : `-${index + 1}`}`, ...rest } = record;
      return checked(ResourcePart, component, {
        kind: 'resource',
        provider: String(record['provider'] ?? provider),
        resource,
        name: String(name),
        config: rest,
      });
    }),
  );
  if (parts.length > 0) return parts;
  throw invalid(component, `it has none of ${resourceKinds.join(', ')} in its config`);
}

function containerPart({ cluster, layout }: PartsScope, component: Component, server: Server): Part {
  const { ports = [], ...config } = expandPlacement(component.config, layout.placement) as Data;
  return checked(ContainerPart, component, {
    ...config,
    kind: 'container',
    server: targetOf(server),
    name: `${cluster.name}-${component.name}`,
    ports: (Array.isArray(ports) ? ports : [ports]).map((port: unknown) => portOf(component, port)),
  });
}

/** `80`, `"8080:80"`, `"53:53/udp"` or a record with `container` and `host`. */
function portOf(component: Component, port: unknown): Data {
  if (typeof port === 'number') return { container: port, host: port };
  if (isRecord(port)) {
    const container = port['container'] ?? port['target'] ?? port['port'];
    return {
      container,
      host: port['host'] ?? port['port'] ?? container,
      protocol: port['protocol'] ?? 'tcp',
    };
  }
  const match = /^(?:(\d+):)?(\d+)(?:\/(tcp|udp))?$/.exec(String(port));
  if (match === null)
    throw invalid(component, `port '${String(port)}' is none: expected 80, "8080:80" or "53/udp"`);
  const container = Number(match[2]);
  return { container, host: Number(match[1] ?? container), protocol: match[3] ?? 'tcp' };
}

function kubernetesPart(scope: PartsScope, component: Component, server: Server): Part {
  const { cluster, layout, scale, autoScaling } = scope;
  const config = expandPlacement(component.config, layout.placement) as Data;
  const definition: Data = {
    name: component.name,
    ...config,
  };
  const spec = definition['spec'] as Data;
  const replicas = scale?.[component.name] ?? spec['replicas'] ?? component.resources?.replicas;
  if (replicas !== undefined) definition['spec'] = { ...spec, replicas };
  const installed = cluster.components
    .filter(({ type, enabled }) => type === 'taskserv' && enabled !== false)
    .map(({ service, name }) => service ?? name);
  const known = [
    ...installed,
    ...layout.servers.flatMap(({ taskservs }) => taskservs.map(({ name }) => name)),
  ];
  const manifests = renderK8sDeploy(definition, {
    meshes: known,
    controllers: known.flatMap((name) => [name, name.replace(/-ingress$/, '')]),
  });
  return {
    kind: 'kubernetes',
    server: targetOf(server),
    name: String(definition['name']),
    namespace: String(definition['namespace'] ?? 'default'),
    manifests:
      autoScaling?.component === component.name ? withPodAutoscaler(manifests, autoScaling) : [...manifests],
    timeout: 600,
  };
}

function targetOf({ hostname, provider }: Server): { hostname: string; provider: string } {
  return { hostname, provider };
}

function checked(
  schema: typeof ContainerPart | typeof ResourcePart,
  component: Component,
  value: Data,
): Part {
  const whole = Value.Default(schema, value);
  const first = Value.Errors(schema, whole)[0];
  if (first === undefined) return whole as Part;
  throw invalid(
    component,
    `${first.instancePath.slice(1).replaceAll('/', '.') || 'config'} ${first.message}`,
  );
}

function invalid({ name }: Component, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'COMPONENT_INVALID',
    kind: 'configuration',
    message: `Component '${name}': ${reason}`,
    hint: `Correct 'config' of the component ${name}.`,
  });
}
