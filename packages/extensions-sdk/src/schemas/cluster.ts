import { type Static, Type } from 'typebox';

/** A part of a cluster (05 §5.1). */
export const Component = Type.Object({
  name: Type.String({ minLength: 1 }),
  type: Type.Enum(['taskserv', 'application', 'infrastructure', 'server']),
  version: Type.Optional(Type.String()),
  enabled: Type.Boolean({ default: true }),
  dependencies: Type.Array(Type.String(), { default: [] }),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
  resources: Type.Optional(
    Type.Object({
      cpu: Type.Optional(Type.String()),
      memory: Type.Optional(Type.String()),
      storage: Type.Optional(Type.String()),
      replicas: Type.Integer({ default: 1, minimum: 0 }),
    }),
  ),
  tier: Type.Optional(Type.String()),
  service: Type.Optional(Type.String({ description: 'The taskserv behind the name' })),
  scaling: Type.Optional(Type.Unknown()),
});
export type Component = Static<typeof Component>;

/** A cluster in its component form, into which the other two spellings are read (05 §5.1). */
export const Cluster = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    version: Type.String({ default: '1.0.0' }),
    description: Type.String({ default: '' }),
    type: Type.Optional(Type.String()),
    components: Type.Array(Component, { default: [] }),
    resources: Type.Object({
      min_nodes: Type.Integer({ default: 1, minimum: 0 }),
      cpu_per_node: Type.String({ default: '2' }),
      memory_per_node: Type.String({ default: '4Gi' }),
      storage_per_node: Type.String({ default: '20Gi' }),
    }),
    network: Type.Object({
      cluster_cidr: Type.String({ default: '10.244.0.0/16' }),
      service_cidr: Type.String({ default: '10.96.0.0/12' }),
      dns_domain: Type.String({ default: 'cluster.local' }),
    }),
    features: Type.Object({
      monitoring: Type.Boolean({ default: true }),
      logging: Type.Boolean({ default: true }),
      ingress: Type.Boolean({ default: false }),
      storage: Type.Boolean({ default: true }),
    }),
    load_balancer: Type.Optional(Type.Unknown()),
    auto_scaling: Type.Optional(Type.Unknown()),
    control_plane_count: Type.Optional(Type.Integer({ minimum: 1 })),
    worker_count: Type.Optional(Type.Integer({ minimum: 0 })),
    info: Type.Optional(Type.Array(Type.Unknown())),
  },
  { title: 'Cluster' },
);
export type Cluster = Static<typeof Cluster> & Readonly<Record<string, unknown>>;
