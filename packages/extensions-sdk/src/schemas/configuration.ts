import { type Static, Type } from 'typebox';
import { DistributionKeys } from './distribution.ts';

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
  enabled: flag(true, 'False: the provider is refused'),
  api_url: text('Base URL of the API'),
  interface: Type.Enum(['API', 'CLI'], { default: 'API', description: 'How the cloud is spoken to' }),
  region: text('Region of what names none'),
  zone: text('Zone of servers that name none'),
  timeout: Type.Integer({ default: 30, minimum: 1, description: 'Seconds for one request' }),
  retries: Type.Integer({ default: 3, minimum: 0, description: 'Attempts after the first one' }),
  rate_limit: section({
    requests_per_minute: Type.Integer({ default: 60, minimum: 1 }),
    burst_size: Type.Integer({ default: 10, minimum: 1 }),
  }),
});

const Execution = {
  default_mode: Type.Enum(['direct', 'orchestrated', 'auto'], {
    default: 'auto',
    description:
      'Where operations run that no list below names: in this process, in the orchestrator, or as it fits',
  }),
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
  endpoint: Type.String({ default: 'http://localhost:9090', description: 'Address of the orchestrator' }),
  timeout_seconds: Type.Integer({ default: 60, minimum: 1, description: 'Seconds for one request to it' }),
  auto_start: flag(true, 'Start the orchestrator when it is needed and not running'),
  fallback_to_direct: flag(true, 'Run in this process when the orchestrator cannot be reached'),
};

/** Every configuration key the project itself reads, with its default (02 §4). Unknown keys are kept. */
export const ConfigurationSchema = Type.Object(
  {
    core: section({
      version: Type.String({
        default: '1.0.0',
        pattern: '^\\d+\\.\\d+\\.\\d+(-[a-zA-Z0-9.]+)?$',
        description: 'Version of the product that the workspace is for',
      }),
      name: Type.String({ default: 'provisioning', description: 'Name of the installation' }),
    }),
    workspace: open({
      name: Type.Optional(
        Type.String({ pattern: '^[A-Za-z0-9._-]+$', description: 'Name of the workspace' }),
      ),
      version: Type.Optional(
        Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$', description: 'Version of the workspace' }),
      ),
      created: text('When it was made'),
      path: location('Its folder'),
      description: text('What it is for'),
    }),
    paths: section({
      base: Type.Optional(Type.String({ format: 'path', description: 'The installation directory' })),
      infra: Type.String({
        default: '{{paths.base}}/infra',
        format: 'path',
        description: 'Infrastructures; inside a workspace its own infra folder',
      }),
      providers: location('Providers of your own'),
      taskservs: location('Taskservs of your own'),
      clusters: location('Clusters of your own'),
      resources: location('Files that definitions refer to'),
      templates: location('Templates of your own'),
      tools: location('Programs that are used'),
      core: location('The core package'),
      cache: location('What can be fetched or computed again'),
      runtime: location('What running programs write'),
      extensions: location('Installed extensions'),
      ssh_key: location('Private key for servers'),
      workspaces: Type.String({
        default: '~/workspaces',
        format: 'path',
        description: 'Where workspace init puts new ones',
      }),
      files: section({
        settings_file: Type.String({
          default: 'settings.toml',
          description: 'Name of the settings of an infrastructure',
        }),
        keys: text('File with keys'),
        requirements: text('File with what a workspace requires'),
      }),
    }),
    debug: section({
      enabled: flag(false, 'For expressions and services; commands have --debug'),
      metadata: flag(false, 'For expressions'),
      check: flag(false, 'Every mutating command is a dry run'),
      remote: flag(false, 'For expressions'),
      no_terminal: flag(false, 'No colours, no live views'),
      log_level: Type.Enum([...logLevels], { default: 'info', description: 'Of services' }),
    }),
    output: section({
      format: Type.Optional(Type.Enum([...outputFormats], { description: 'table on a terminal, else text' })),
      file_viewer: Type.String({ default: 'less', description: 'For expressions; guides follow PAGER' }),
    }),
    providers: section({
      default: Type.String({ default: 'local', description: 'Provider of servers that name none' }),
      active: names('Providers in use'),
      allowed: Type.Optional(
        Type.Array(Type.String(), { description: 'The only providers that may be used; all when absent' }),
      ),
      certified_only: Type.Optional(
        Type.Boolean({ description: 'Only providers that are certified; true in the profile production' }),
      ),
      upcloud: section({
        api_url: Type.String({ default: 'https://api.upcloud.com/1.3', description: 'Base URL of the API' }),
      }),
      local: section({
        docker_socket: text('Path of the engine socket'),
        network_mode: Type.String({
          default: 'bridge',
          description: 'bridge: a network for each infrastructure; else the network that containers join',
        }),
      }),
    }),
    sops: section({
      use_sops: flag(true, 'For expressions; what is encrypted by SOPS is always read'),
      config_path: location('Rules of the sops program (.sops.yaml)'),
      key_search_paths: Type.Array(Type.String({ format: 'path' }), {
        default: ['{{paths.base}}/keys/age.txt', '~/.config/sops/age/keys.txt'],
        description: 'Files with age keys, the first that fits is taken',
      }),
    }),
    cache: section({
      enabled: flag(true, 'For expressions'),
      ttl: Type.Integer({ default: 300, minimum: 0, description: 'Seconds; for expressions' }),
    }),
    http: section({
      timeout: Type.Integer({ default: 30, minimum: 1, description: 'Seconds; providers have their own' }),
      tls_verify: flag(true, 'False: certificates of clouds are not verified; refused in production'),
      proxy: text('Proxy for clouds and registries; comes before HTTP_PROXY and HTTPS_PROXY'),
      use_curl: flag(false, 'For expressions'),
    }),
    operations: section({
      timeout: Type.Integer({ default: 300, minimum: 1, description: 'Seconds for one operation' }),
      max_parallel: Type.Integer({ default: 5, minimum: 1, description: 'Operations at once' }),
    }),
    locking: section({
      provider: text('Where workspace locks are kept: local, redis, gitea or etcd; default that of the mode'),
      redis: section({
        url: Type.String({ default: 'redis://127.0.0.1:6379', description: 'Address of Redis' }),
      }),
      etcd: section({
        endpoints: names('Addresses of etcd'),
        username: text('User of etcd'),
        password: text('Its password; better PROVISIONING_LOCKING_ETCD_PASSWORD'),
      }),
      gitea: section({
        url: Type.String({ default: 'http://127.0.0.1:3000', description: 'Address of Gitea' }),
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
    orchestrator: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'The same keys as [execution]; settings of the service stand in platform.orchestrator',
      }),
    ),
    security: section({
      require_auth: flag(true, 'Users log in; solo mode asks nobody'),
      require_mfa_for_production: flag(true, 'A second factor for changes of production'),
      require_mfa_for_destructive: flag(true, 'A second factor for what destroys'),
      audit_log_path: location('File of the audit record'),
      bypass: section({ allow_skip_auth: flag(false, 'Allow to switch authentication off') }),
      require_approval: Type.Optional(Type.Boolean({ description: 'Changes wait for an approval' })),
      audit_logging: Type.Optional(Type.Boolean({ description: 'Keep an audit record' })),
      encrypt_backups: Type.Optional(Type.Boolean({ description: 'Backups are encrypted' })),
      require_confirmation: Type.Optional(Type.Boolean({ description: 'Ask before changes' })),
      strict_mode: Type.Optional(Type.Boolean({ description: 'Warnings are errors' })),
      extensions: Type.Optional(
        Type.Object({
          require_signature: Type.Optional(
            Type.Boolean({ description: 'The same as oci.signing.policy = require' }),
          ),
        }),
      ),
    }),
    notifications: open({
      enabled: Type.Optional(Type.Boolean({ description: 'Send notifications' })),
      critical_only: Type.Optional(Type.Boolean({ description: 'Only of failures' })),
      email: text('Who is written to'),
      team_email: text('Which team is written to'),
      slack_channel: text('Channel'),
      slack_webhook: text('Address of its webhook'),
    }),
    project: open({
      name: text('Name of the project'),
      description: text('What it is for'),
      version: text('Its version'),
      team: text('Who has it'),
    }),
    defaults: open({
      provider: text('The same as providers.default'),
      region: text('The same as regions.primary'),
      environment: text('Environment of a workspace that has chosen none'),
    }),
    cost_controls: section({
      enabled: flag(false, 'For expressions: a budget that is set is in force'),
      max_monthly_budget: Type.Optional(
        Type.Number({ minimum: 0, description: 'A plan that costs more a month needs --force' }),
      ),
      max_budget: Type.Optional(Type.Number({ minimum: 0, description: 'For expressions' })),
      alert_threshold: Type.Number({
        default: 0.8,
        minimum: 0,
        maximum: 1,
        description: 'Part of the monthly budget from which on plans warn',
      }),
    }),
    compliance: section({
      required_tags: names('Tags that every server must have'),
      encryption_required: Type.Optional(
        Type.Boolean({ description: 'Every server needs encrypted_storage' }),
      ),
      backup_required: Type.Optional(Type.Boolean({ description: 'Every server needs backup_enabled' })),
    }),
    infrastructure: open({
      name: text('Name of the infrastructure'),
      environment: text('Its environment'),
      region: text('Its region'),
      auto_cleanup: Type.Optional(Type.Boolean({ description: 'What is made is for a short time' })),
      resource_prefix: text('For names of resources, by way of expressions'),
    }),
    scaling: section({
      auto_scaling_enabled: flag(false, 'Groups of servers grow and shrink with their load'),
      min_instances: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Never fewer servers in a group' }),
      ),
      max_instances: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Never more servers in a group' }),
      ),
    }),
    monitoring: section({
      enabled: Type.Optional(Type.Boolean({ description: 'Watch what runs' })),
      retention_days: Type.Integer({
        default: 90,
        minimum: 1,
        description: 'Days for which figures are kept',
      }),
      alerting_enabled: Type.Optional(Type.Boolean({ description: 'Send alerts' })),
    }),
    user: open({ name: text('Your name'), email: text('Your address') }),
    preferences: section({
      editor: text('Opens files, unless VISUAL or EDITOR name another'),
      confirm_delete: flag(true, 'Ask before something is deleted'),
      confirm_deploy: flag(true, 'Ask before something is created or changed'),
      hints: flag(true, 'Tell what usually comes next'),
    }),
    webhooks: section({
      enabled: flag(
        false,
        'For expressions; webhooks of the orchestrator stand in platform.orchestrator.webhooks',
      ),
      endpoints: Type.Array(
        Type.Object({
          url: Type.String(),
          events: names(),
          secret: Type.Optional(Type.String({ secret: true })),
        }),
        { default: [], description: 'Addresses that are told of events' },
      ),
    }),
    render: section({
      allow_typescript: flag(false, 'The render daemon runs TypeScript that it is sent'),
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
        enable_cache: flag(true, 'Remember which runtime answered'),
      }),
    }),
    ...DistributionKeys,
    layers: open({
      workspace: Type.Optional(
        Type.Object({
          template_paths: Type.Optional(
            Type.Array(Type.String(), { description: 'More folders with templates of layers' }),
          ),
          priority: Type.Optional(
            Type.Integer({
              minimum: 101,
              maximum: 299,
              description: 'Place of these among the layers; default 200',
            }),
          ),
        }),
      ),
    }),
    profiles: open({ active: text('Name of the profile in effect: the table profiles.<name>') }),
    regions: open({
      primary: text('Region of what names none; the table regions.<name> is in effect there'),
      secondary: text('For expressions'),
    }),
    dynamic: open({
      config_urls: Type.Optional(
        Type.Array(Type.String(), { description: 'More configuration by https: or file:, below this file' }),
      ),
      load_if_exists: Type.Optional(
        Type.Array(Type.String(), {
          description: 'More files, relative to this one; what is absent is skipped',
        }),
      ),
    }),
    validation: open({
      required_sections: Type.Optional(
        Type.Array(Type.String(), { description: 'Sections that must be there and not empty' }),
      ),
      required_env_vars: Type.Optional(
        Type.Array(Type.String(), { description: 'Environment variables that must be set' }),
      ),
      forbidden_values: Type.Optional(
        Type.Array(Type.String(), { description: 'Texts that no key may have' }),
      ),
      paths: Type.Optional(
        Type.Object({
          base_must_exist: Type.Optional(Type.Boolean({ description: 'paths.base must exist' })),
          writable_required: Type.Optional(
            Type.Array(Type.String(), { description: 'Keys whose paths must be writable' }),
          ),
        }),
      ),
      security: Type.Optional(
        Type.Object({
          require_encryption: Type.Optional(
            Type.Boolean({ description: 'Secrets come from encrypted files or secret calls only' }),
          ),
          min_key_length: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Least length of a secret that is written down' }),
          ),
        }),
      ),
    }),
    environment: text('Name of the environment in effect'),
  },
  { title: 'Configuration', description: 'Configuration of a workspace' },
);
export type ConfigurationSchema = Static<typeof ConfigurationSchema>;
