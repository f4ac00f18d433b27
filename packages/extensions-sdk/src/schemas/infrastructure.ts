import { type Static, Type } from 'typebox';
import { Network, Storage } from './network.ts';

/** Settings of an infrastructure (05 §3). Unknown keys are kept. */
export const Settings = Type.Object(
  {
    main_name: Type.String({ default: '' }),
    main_title: Type.String({ default: '' }),
    settings_path: Type.String({ default: './settings.yaml' }),
    defaults_provs_dirpath: Type.String({ default: './defs' }),
    prov_data_dirpath: Type.String({ default: './data' }),
    created_taskservs_dirpath: Type.String({ default: './tmp/NOW_deployment' }),
    created_clusters_dirpath: Type.String({ default: './tmp/NOW_clusters' }),
    cluster_admin_host: Type.String({ default: '' }),
    cluster_admin_user: Type.String({ default: 'root' }),
    servers_wait_started: Type.Integer({ minimum: 0, default: 40, description: 'Settling time in seconds' }),
    runset: Type.Object({
      wait: Type.Boolean({ default: true }),
      output_format: Type.Enum(['human', 'yaml', 'json', 'toml'], { default: 'human' }),
      output_path: Type.String({ default: './tmp/NOW' }),
      inventory_file: Type.String({ default: './inventory.yaml' }),
      use_time: Type.Boolean({ default: true }),
    }),
    secrets: Type.Object({ provider: Type.Enum(['sops', 'kms'], { default: 'sops' }) }),
    server_defaults: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    profile: Type.Optional(Type.String({ description: 'Provider profile' })),
  },
  { title: 'Settings', description: 'Settings of an infrastructure' },
);
export type Settings = Static<typeof Settings> & Readonly<Record<string, unknown>>;

export const AutoScaling = Type.Object({
  servers: Type.Optional(
    Type.Object({
      group: Type.Optional(Type.String()),
      min_count: Type.Integer({ default: 2, minimum: 0 }),
      max_count: Type.Integer({ default: 10, minimum: 0 }),
      cpu_threshold: Type.Number({ default: 70, minimum: 1, maximum: 100 }),
      memory_threshold: Type.Number({ default: 80, minimum: 1, maximum: 100 }),
      scale_up_cooldown: Type.String({ default: '5m' }),
      scale_down_cooldown: Type.String({ default: '10m' }),
    }),
  ),
  clusters: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        min_replicas: Type.Integer({ minimum: 0 }),
        max_replicas: Type.Integer({ minimum: 0 }),
        metrics: Type.Array(
          Type.Object({
            type: Type.Enum(['cpu', 'memory', 'requests']),
            target: Type.Number({ exclusiveMinimum: 0 }),
          }),
        ),
      }),
    ),
  ),
});
export type AutoScaling = Static<typeof AutoScaling>;

/** Everything a definition may say at its top level, servers aside: they are validated one by one (05 §3). */
export const InfrastructureDefinition = Type.Object(
  {
    settings: Settings,
    taskservs: Type.Optional(Type.Record(Type.String(), Type.Object({}))),
    clusters: Type.Optional(Type.Record(Type.String(), Type.Object({}))),
    providers: Type.Optional(Type.Record(Type.String(), Type.Object({}))),
    network: Type.Optional(Network),
    storage: Type.Optional(Storage),
    auto_scaling: Type.Optional(AutoScaling),
    regions: Type.Optional(Type.Object({})),
    environment: Type.Optional(Type.Union([Type.String(), Type.Object({})])),
  },
  { title: 'InfrastructureDefinition', description: 'An infrastructure' },
);
