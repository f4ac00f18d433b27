import { type Static, Type } from 'typebox';

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
  { $id: 'Settings', description: 'Settings of an infrastructure' },
);
export type Settings = Static<typeof Settings> & Readonly<Record<string, unknown>>;
