import { type Static, Type } from 'typebox';
import { Network, Storage } from './network.ts';

/** Settings of an infrastructure (05 §3). Unknown keys are kept. */
export const Settings = Type.Object(
  {
    main_name: Type.String({ default: '', description: 'Name of the infrastructure' }),
    main_title: Type.String({ default: '', description: 'For people' }),
    settings_path: Type.String({
      default: './settings.yaml',
      description: 'Written with the settings as they resolve',
    }),
    defaults_provs_dirpath: Type.String({
      default: './defs',
      description: 'Folder with defaults by provider',
    }),
    prov_data_dirpath: Type.String({
      default: './data',
      description: 'No effect: what is known of the servers is in data/',
    }),
    created_taskservs_dirpath: Type.String({
      default: './tmp/NOW_deployment',
      description: 'No effect: taskservs are rendered in memory',
    }),
    created_clusters_dirpath: Type.String({
      default: './tmp/NOW_clusters',
      description: 'No effect: clusters are rendered in memory',
    }),
    cluster_admin_host: Type.String({ default: '', description: 'Server that clusters are managed from' }),
    cluster_admin_user: Type.String({ default: 'root', description: 'User on it' }),
    servers_wait_started: Type.Integer({ minimum: 0, default: 40, description: 'Settling time in seconds' }),
    runset: Type.Object({
      wait: Type.Boolean({ default: true, description: 'Wait until what was begun is done' }),
      output_format: Type.Enum(['human', 'yaml', 'json', 'toml'], {
        default: 'human',
        description: 'Format of results, human: a table',
      }),
      output_path: Type.String({
        default: './tmp/NOW',
        description: 'Folder for the last result of every command',
      }),
      inventory_file: Type.String({
        default: './inventory.yaml',
        description: 'Inventory that is written for other programs',
      }),
      use_time: Type.Boolean({ default: true, description: 'Say how long things took' }),
    }),
    secrets: Type.Object({
      provider: Type.Enum(['sops', 'kms'], {
        default: 'sops',
        description: 'What secrets are encrypted with',
      }),
    }),
    server_defaults: Type.Record(Type.String(), Type.Unknown(), {
      default: {},
      description: 'What servers have that do not say it themselves',
    }),
    profile: Type.Optional(Type.String({ description: 'Provider profile' })),
  },
  { title: 'Settings', description: 'Settings of an infrastructure' },
);
export type Settings = Static<typeof Settings> & Readonly<Record<string, unknown>>;

export const AutoScaling = Type.Object({
  servers: Type.Optional(
    Type.Object({
      group: Type.Optional(Type.String({ description: 'Group of servers; default the only one' })),
      min_count: Type.Integer({ default: 2, minimum: 0, description: 'Never fewer servers' }),
      max_count: Type.Integer({ default: 10, minimum: 0, description: 'Never more servers' }),
      cpu_threshold: Type.Number({
        default: 70,
        minimum: 1,
        maximum: 100,
        description: 'Per cent of CPU from which on it grows',
      }),
      memory_threshold: Type.Number({
        default: 80,
        minimum: 1,
        maximum: 100,
        description: 'Per cent of memory from which on it grows',
      }),
      scale_up_cooldown: Type.String({ default: '5m', description: 'Time until it may grow again' }),
      scale_down_cooldown: Type.String({ default: '10m', description: 'Time until it may shrink again' }),
    }),
  ),
  clusters: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        min_replicas: Type.Integer({ minimum: 0, description: 'Never fewer replicas' }),
        max_replicas: Type.Integer({ minimum: 0, description: 'Never more replicas' }),
        metrics: Type.Array(
          Type.Object({
            type: Type.Enum(['cpu', 'memory', 'requests'], { description: 'What is measured' }),
            target: Type.Number({
              exclusiveMinimum: 0,
              description: 'Value to keep: per cent, or requests a second',
            }),
          }),
          { description: 'What it follows' },
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
    taskservs: Type.Optional(
      Type.Record(Type.String(), Type.Object({}), { description: 'Settings by taskserv' }),
    ),
    clusters: Type.Optional(Type.Record(Type.String(), Type.Object({}), { description: 'Clusters by name' })),
    providers: Type.Optional(
      Type.Record(Type.String(), Type.Object({}), { description: 'Settings by provider' }),
    ),
    network: Type.Optional(Network),
    storage: Type.Optional(Storage),
    auto_scaling: Type.Optional(AutoScaling),
    regions: Type.Optional(Type.Object({}, { description: 'Regions by name' })),
    environment: Type.Optional(
      Type.Union([Type.String(), Type.Object({})], {
        description: 'Name of the environment, or the rules of the company for it',
      }),
    ),
  },
  { title: 'InfrastructureDefinition', description: 'An infrastructure' },
);
