import { type Static, Type } from 'typebox';

/** A part of a cluster (05 §5.1). */
export const Component = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the part' }),
  type: Type.Enum(['taskserv', 'application', 'infrastructure', 'server'], { description: 'What it is' }),
  version: Type.Optional(Type.String({ description: 'Its version' })),
  enabled: Type.Boolean({ default: true, description: 'False: it is left out' }),
  dependencies: Type.Array(Type.String(), { default: [], description: 'Parts that come first' }),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {}, description: 'Its settings' }),
  resources: Type.Optional(
    Type.Object({
      cpu: Type.Optional(Type.String({ description: 'Cores, such as 500m' })),
      memory: Type.Optional(Type.String({ description: 'Memory, such as 1Gi' })),
      storage: Type.Optional(Type.String({ description: 'Disk, such as 10Gi' })),
      replicas: Type.Integer({ default: 1, minimum: 0, description: 'How many of it run' }),
    }),
  ),
  tier: Type.Optional(Type.String({ description: 'Tier of an application: web, app or database' })),
  service: Type.Optional(Type.String({ description: 'The taskserv behind the name' })),
  scaling: Type.Optional(Type.Unknown({ description: 'How it grows' })),
});
export type Component = Static<typeof Component>;

/** A cluster in its component form, into which the other two spellings are read (05 §5.1). */
export const Cluster = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name of the cluster' }),
    version: Type.String({ default: '1.0.0', description: 'Its version' }),
    description: Type.String({ default: '', description: 'For people' }),
    type: Type.Optional(Type.String({ description: 'Kind, such as web-application or data-platform' })),
    components: Type.Array(Component, { default: [], description: 'Its parts' }),
    resources: Type.Object({
      min_nodes: Type.Integer({ default: 1, minimum: 0, description: 'Servers that it needs' }),
      cpu_per_node: Type.String({ default: '2', description: 'Cores that each of them needs' }),
      memory_per_node: Type.String({ default: '4Gi', description: 'Memory that each of them needs' }),
      storage_per_node: Type.String({ default: '20Gi', description: 'Disk that each of them needs' }),
    }),
    network: Type.Object({
      cluster_cidr: Type.String({ default: '10.244.0.0/16', description: 'Addresses of pods' }),
      service_cidr: Type.String({ default: '10.96.0.0/12', description: 'Addresses of services' }),
      dns_domain: Type.String({ default: 'cluster.local', description: 'Domain of names inside' }),
    }),
    features: Type.Object({
      monitoring: Type.Boolean({ default: true, description: 'With monitoring' }),
      logging: Type.Boolean({ default: true, description: 'With logs' }),
      ingress: Type.Boolean({ default: false, description: 'With an ingress' }),
      storage: Type.Boolean({ default: true, description: 'With storage' }),
    }),
    load_balancer: Type.Optional(Type.Unknown({ description: 'Load balancer before it' })),
    auto_scaling: Type.Optional(Type.Unknown({ description: 'How it grows' })),
    control_plane_count: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Servers with a control plane' }),
    ),
    worker_count: Type.Optional(Type.Integer({ minimum: 0, description: 'Servers for work' })),
    info: Type.Optional(Type.Array(Type.Unknown(), { description: 'For people' })),
  },
  { title: 'Cluster' },
);
export type Cluster = Static<typeof Cluster> & Readonly<Record<string, unknown>>;
