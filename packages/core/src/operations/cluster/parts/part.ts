import { type Context, Name, Server } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { TaskservInput } from '../../taskserv/input.ts';

const Target = Type.Object({ hostname: Name, provider: Type.String({ minLength: 1 }) });

/** A taskserv on one server. */
export const TaskservPart = Type.Object({ kind: Type.Literal('taskserv'), ...TaskservInput.properties });
export type TaskservPart = Static<typeof TaskservPart>;

/** A server that the cluster brings along. */
export const ServerPart = Type.Object({ kind: Type.Literal('server'), server: Type.Unsafe<Server>(Server) });
export type ServerPart = Static<typeof ServerPart>;

/** What a provider keeps or runs beside servers, as `config` of a component names it. */
export const resourceKinds = ['network', 'volume', 'bucket', 'dns', 'database', 'kubernetes'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Something a provider keeps or runs beside servers. */
export const ResourcePart = Type.Object({
  kind: Type.Literal('resource'),
  provider: Type.String({ minLength: 1 }),
  resource: Type.Enum([...resourceKinds]),
  name: Type.String({ minLength: 1 }),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
});
export type ResourcePart = Static<typeof ResourcePart>;

/** A container on one server, kept running by systemd there. */
export const ContainerPart = Type.Object({
  kind: Type.Literal('container'),
  server: Target,
  /** Unit and container: `<cluster>-<component>`. */
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
  image: Type.String({ minLength: 1 }),
  command: Type.Array(Type.String(), { default: [] }),
  ports: Type.Array(
    Type.Object({
      container: Type.Integer({ minimum: 1, maximum: 65535 }),
      host: Type.Integer({ minimum: 1, maximum: 65535 }),
      protocol: Type.Enum(['tcp', 'udp'], { default: 'tcp' }),
    }),
    { default: [] },
  ),
  volumes: Type.Array(Type.String(), { default: [] }),
  env: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String(), { default: {} }),
  /** Seconds until it has to run and its ports have to answer. */
  timeout: Type.Integer({ minimum: 1, default: 300 }),
});
export type ContainerPart = Static<typeof ContainerPart>;

/** Manifests that are applied on a Kubernetes control plane. */
export const KubernetesPart = Type.Object({
  kind: Type.Literal('kubernetes'),
  server: Target,
  name: Type.String({ minLength: 1 }),
  namespace: Type.String({ minLength: 1 }),
  manifests: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  timeout: Type.Integer({ minimum: 1, default: 600 }),
});
export type KubernetesPart = Static<typeof KubernetesPart>;

/** One piece of a component, in one place: what is deployed, undone and removed by itself. */
export const Part = Type.Union([TaskservPart, ServerPart, ResourcePart, ContainerPart, KubernetesPart]);
export type Part = Static<typeof Part>;

export interface RemovePartOptions {
  readonly cleanupData: boolean;
  readonly force: boolean;
}

/** How one kind of part is looked at, deployed and taken away. Deploying what is there already changes nothing. */
export interface PartKind<P extends Part = Part> {
  state(context: Context, part: P): Promise<'absent' | 'differs' | 'there'>;
  deploy(context: Context, part: P): Promise<unknown>;
  /** Returns what could not be removed, as warnings. */
  remove(context: Context, part: P, options: RemovePartOptions): Promise<readonly string[]>;
}

/** Where a part is: the hostname, or the name of a resource. */
export function placeOf(part: Part): string {
  return part.kind === 'resource' ? part.name : part.server.hostname;
}
