import { type Static, Type } from 'typebox';

/** A record whose keys all have defaults; unknown keys are kept (02 §2). */
const section = Type.Object;
const flag = (value: boolean, description?: string) =>
  Type.Boolean({ default: value, ...(description === undefined ? {} : { description }) });
const text = (description?: string) =>
  Type.Optional(Type.String(description === undefined ? {} : { description }));
/** A string that names a file or directory: `~` expands, and it may not leave its root (02 §14). */
const location = (description?: string) =>
  Type.Optional(Type.String({ format: 'path', ...(description === undefined ? {} : { description }) }));
const names = (description?: string, given: readonly string[] = []) =>
  Type.Array(Type.String(), { default: [...given], ...(description === undefined ? {} : { description }) });
const open = <T extends Record<string, ReturnType<typeof Type.Optional>>>(properties: T) =>
  Type.Optional(Type.Object(properties));

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export const outputFormats = ['text', 'json', 'yaml', 'toml', 'table'] as const;

/** Settings of one provider; provider-specific keys are kept (02 §4). */
export const ProviderSettings = Type.Object({
  enabled: flag(true),
  api_url: text('Base URL of the API'),
  interface: Type.Enum(['API', 'CLI'], { default: 'API' }),
  region: text(),
  zone: text(),
  timeout: Type.Integer({ default: 30, minimum: 1, description: 'Seconds for one request' }),
  retries: Type.Integer({ default: 3, minimum: 0 }),
  rate_limit: section({
    requests_per_minute: Type.Integer({ default: 60, minimum: 1 }),
    burst_size: Type.Integer({ default: 10, minimum: 1 }),
  }),
});

const Execution = {
  default_mode: Type.Enum(['direct', 'orchestrated', 'auto'], { default: 'auto' }),
  force_orchestrated: names('Globs of operations that always run through the orchestrator', [
    'server.create',
    'cluster.create',
    'batch.*',
    'workflow.*',
  ]),
  force_direct: names('Globs of operations that always run in this process', [
    '*.list',
    '*.show',
    'help',
    'version',
  ]),
  endpoint: Type.String({ default: 'http://localhost:9090' }),
  timeout_seconds: Type.Integer({ default: 60, minimum: 1 }),
  auto_start: flag(true, 'Start the orchestrator when it is needed and not running'),
  fallback_to_direct: flag(true),
};

/** Every configuration key the project itself reads, with its default (02 §4). Unknown keys are kept. */
export const ConfigurationSchema = Type.Object(
  {
    core: section({
      version: Type.String({ default: '1.0.0', pattern: '^\\d+\\.\\d+\\.\\d+(-[a-zA-Z0-9.]+)?$' }),
      name: Type.String({ default: 'provisioning' }),
    }),
    workspace: open({
      name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]+$' })),
      version: Type.Optional(Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' })),
      created: text(),
      path: location(),
      description: text(),
    }),
    paths: section({
      base: Type.Optional(Type.String({ format: 'path', description: 'The installation directory' })),
      infra: Type.String({ default: '{{paths.base}}/infra', format: 'path' }),
      providers: location(),
      taskservs: location(),
      clusters: location(),
      resources: location(),
      templates: location(),
      tools: location(),
      core: location(),
      cache: location(),
      runtime: location(),
      extensions: location(),
      ssh_key: location(),
      workspaces: Type.String({ default: '~/workspaces', format: 'path' }),
      files: section({
        settings_file: Type.String({ default: 'settings.toml' }),
        keys: text(),
        requirements: text(),
      }),
    }),
    debug: section({
      enabled: flag(false),
      metadata: flag(false),
      check: flag(false, 'Every mutating command is a dry run'),
      remote: flag(false),
      no_terminal: flag(false),
      log_level: Type.Enum([...logLevels], { default: 'info' }),
    }),
    output: section({
      format: Type.Optional(Type.Enum([...outputFormats], { description: 'table on a terminal, else text' })),
      file_viewer: Type.String({ default: 'less' }),
    }),
    providers: section({
      default: Type.String({ default: 'local' }),
      active: names('Providers in use'),
      upcloud: section({ api_url: Type.String({ default: 'https://api.upcloud.com/1.3' }) }),
      local: section({
        docker_socket: text('Path of the engine socket'),
        network_mode: Type.String({ default: 'bridge' }),
      }),
    }),
    sops: section({
      use_sops: flag(true),
      config_path: location(),
      key_search_paths: Type.Array(Type.String({ format: 'path' }), {
        default: ['{{paths.base}}/keys/age.txt', '~/.config/sops/age/keys.txt'],
      }),
    }),
    cache: section({ enabled: flag(true), ttl: Type.Integer({ default: 300, minimum: 0 }) }),
    http: section({
      timeout: Type.Integer({ default: 30, minimum: 1 }),
      tls_verify: flag(true),
      proxy: text(),
      use_curl: flag(false),
    }),
    operations: section({
      timeout: Type.Integer({ default: 300, minimum: 1, description: 'Seconds' }),
      max_parallel: Type.Integer({ default: 5, minimum: 1, description: 'Operations at once' }),
    }),
    locking: section({
      provider: text('Where workspace locks are kept: local, redis, gitea or etcd; default that of the mode'),
      redis: section({ url: Type.String({ default: 'redis://127.0.0.1:6379' }) }),
      etcd: section({ endpoints: names('Addresses of etcd'), username: text(), password: text() }),
      gitea: section({
        url: Type.String({ default: 'http://127.0.0.1:3000' }),
        repository: text('owner/name of one repository for all locks; default workspaces/<workspace>'),
        token_path: location('File with the token; PROVISIONING_GITEA_TOKEN wins'),
      }),
      approvals: Type.Optional(
        Type.Record(Type.String(), Type.Array(Type.String()), {
          description: 'Teams that approve workspace requests in enterprise mode, with their members',
        }),
      ),
    }),
    execution: section(Execution),
    orchestrator: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    security: section({
      require_auth: flag(true),
      require_mfa_for_production: flag(true),
      require_mfa_for_destructive: flag(true),
      audit_log_path: location(),
      bypass: section({ allow_skip_auth: flag(false) }),
      require_approval: Type.Optional(Type.Boolean()),
      audit_logging: Type.Optional(Type.Boolean()),
      encrypt_backups: Type.Optional(Type.Boolean()),
      require_confirmation: Type.Optional(Type.Boolean()),
      strict_mode: Type.Optional(Type.Boolean()),
    }),
    notifications: open({
      enabled: Type.Optional(Type.Boolean()),
      critical_only: Type.Optional(Type.Boolean()),
      email: text(),
      team_email: text(),
      slack_channel: text(),
      slack_webhook: text(),
    }),
    project: open({ name: text(), description: text(), version: text(), team: text() }),
    defaults: open({ provider: text(), region: text(), environment: text() }),
    cost_controls: section({
      enabled: flag(false),
      max_monthly_budget: Type.Optional(Type.Number({ minimum: 0 })),
      max_budget: Type.Optional(Type.Number({ minimum: 0 })),
      alert_threshold: Type.Number({ default: 0.8, minimum: 0, maximum: 1 }),
    }),
    compliance: section({
      required_tags: names(),
      encryption_required: Type.Optional(Type.Boolean()),
      backup_required: Type.Optional(Type.Boolean()),
    }),
    infrastructure: open({
      name: text(),
      environment: text(),
      region: text(),
      auto_cleanup: Type.Optional(Type.Boolean()),
      resource_prefix: text(),
    }),
    scaling: section({
      auto_scaling_enabled: flag(false),
      min_instances: Type.Optional(Type.Integer({ minimum: 0 })),
      max_instances: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    monitoring: section({
      enabled: Type.Optional(Type.Boolean()),
      retention_days: Type.Integer({ default: 90, minimum: 1 }),
      alerting_enabled: Type.Optional(Type.Boolean()),
    }),
    user: open({ name: text(), email: text() }),
    preferences: section({
      editor: text(),
      confirm_delete: flag(true),
      confirm_deploy: flag(true),
      hints: flag(true),
    }),
    webhooks: section({
      enabled: flag(false),
      endpoints: Type.Array(
        Type.Object({
          url: Type.String(),
          events: names(),
          secret: Type.Optional(Type.String({ secret: true })),
        }),
        { default: [] },
      ),
    }),
    render: section({
      allow_typescript: flag(false),
      token_path: location('Bearer token for a render daemon that does not bind loopback'),
    }),
    integrations: section({
      runtime: section({
        preferred: Type.Enum(['', 'docker', 'podman', 'orbstack', 'colima', 'nerdctl'], {
          default: '',
          description: 'Container runtime that is tried first',
        }),
        check_order: names('Order in which runtimes are tried; empty means the order of the platform'),
        timeout_secs: Type.Integer({
          default: 5,
          minimum: 1,
          description: 'Seconds a runtime has to answer',
        }),
        enable_cache: flag(true),
      }),
    }),
    environment: text('Name of the environment in effect'),
  },
  { title: 'Configuration', description: 'Configuration of a workspace' },
);
export type ConfigurationSchema = Static<typeof ConfigurationSchema>;
