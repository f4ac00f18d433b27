import { type Static, Type } from 'typebox';
import { WebhookSettings } from '../webhooks/endpoints.ts';

const quota = (what: string) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: `${what} at once; null is unlimited`,
    }),
  );

const limits = { servers: quota('Servers'), cores: quota('Cores'), memory: quota('GB of memory') };
const Limits = Type.Object(limits);

const flag = (value: boolean, description: string) => Type.Boolean({ default: value, description });
const text = (value: string, description: string) => Type.String({ default: value, description });
const integer = (value: number, minimum: number, maximum: number | undefined, description: string) =>
  Type.Integer({ default: value, minimum, ...(maximum === undefined ? {} : { maximum }), description });
const number = (value: number, minimum: number, maximum: number | undefined, description: string) =>
  Type.Number({ default: value, minimum, ...(maximum === undefined ? {} : { maximum }), description });
const one = <const T extends string[]>(of: [...T], value: T[number], description: string) =>
  Type.Enum(of, { default: value, description });

/** Configuration of the service (12 §14): `platform.orchestrator` of the configuration. Times in the units of their names. */
export const Settings = Type.Object({
  enabled: flag(true, 'False: the service does not start'),
  mode: one(['solo', 'multiuser', 'cicd', 'enterprise'], 'solo', 'Who may ask, and how much'),
  multi_workspace: flag(
    true,
    'False: serves the workspace in which it was started, and keeps its files there',
  ),
  server: Type.Object({
    host: text('127.0.0.1', 'Address to listen on; in solo mode of this machine only'),
    port: integer(9090, 0, 65535, 'Port to listen on; 0 is any that is free'),
    workers: integer(
      4,
      1,
      32,
      'With bullmq: steps that one process of provisioning-orchestrator worker runs at once',
    ),
    keep_alive: integer(75, 1, undefined, 'Seconds for which an idle connection stays open'),
    max_connections: integer(1000, 1, undefined, 'Connections at once'),
    cors_enabled: flag(true, 'False: pages of other origins are refused, whatever cors_origins says'),
    cors_origins: Type.Array(Type.String(), {
      default: [],
      description: 'Origins whose pages may call the API',
    }),
  }),
  paths: Type.Object({
    data_dir: Type.String({
      description: 'Journal, lock and checkpoints; default orchestrator in the data folder',
    }),
    logs_dir: Type.String({ description: 'Logs; default logs in data_dir' }),
  }),
  storage: Type.Object({
    type: one(
      ['sqlite', 'postgres', 'surrealdb-embedded', 'surrealdb-server'],
      'sqlite',
      'Where the journal lives; workers need postgres',
    ),
    backend_path: text('orchestrator.db', 'File of the store sqlite; relative to paths.data_dir'),
    postgres: Type.Object({ url: text('', 'Address of the store postgres') }),
    surrealdb: Type.Object({
      url: text('ws://localhost:8000', 'Address of the store surrealdb-server'),
      namespace: text('orchestrator', 'Its namespace'),
      database: text('tasks', 'Its database'),
      username: text('', 'User'),
      password: text('', 'Password'),
    }),
  }),
  dispatcher: one(
    ['embedded', 'bullmq'],
    'embedded',
    'Runs steps in this process, or in workers by way of Redis',
  ),
  redis: Type.Object({ url: text('redis://localhost:6379', 'Address of Redis for bullmq') }),
  queue: Type.Object({
    max_concurrent_tasks: integer(5, 1, 1000, 'Steps at once'),
    retry_attempts: integer(3, 0, 20, 'Attempts for steps that say nothing of it'),
    retry_delay_seconds: number(5, 0, 3600, 'Wait before the second attempt; it doubles from then on'),
    task_timeout_minutes: number(60, 1, 1440, 'Time for one attempt'),
    max_size: integer(10000, 100, 10000, 'Steps that may wait; beyond that submissions are refused'),
  }),
  batch: Type.Object({
    parallel_limit: integer(5, 1, 100, 'Steps of one workflow at once, where it says nothing of it'),
    timeout_seconds: number(0, 0, undefined, 'Time for a workflow that says nothing of it; 0 is none'),
  }),
  checkpoint_interval_seconds: number(
    30,
    5,
    3600,
    'Seconds between two checkpoints of a running workflow, beside the one after each operation',
  ),
  rollback: Type.Object({
    enabled: flag(true, 'False: nothing is rolled back, by itself or on demand'),
    checkpoint_retention_days: number(
      30,
      0,
      undefined,
      'Days after which system checkpoints that were made by themselves are deleted; 0 keeps them',
    ),
  }),
  monitoring: Type.Object({
    enabled: flag(true, 'False: no /metrics, and no updates of the health to subscribers'),
    metrics_interval_seconds: number(
      15,
      5,
      300,
      'Seconds between two messages of the metrics stream to those who ask for no interval',
    ),
    health_interval_seconds: number(30, 1, undefined, 'Seconds between two updates of the health'),
  }),
  scheduler: Type.Object({
    strategy: one(
      ['dependency_first', 'priority', 'fifo'],
      'dependency_first',
      'What of all that may run comes first',
    ),
    resource_limits: Type.Object({
      max_cpu_cores: number(0, 0, undefined, 'Cores for steps that say how many they take; 0 is no limit'),
    }),
    scheduling_interval: number(10, 0.1, undefined, 'Seconds between two looks at what waits for a time'),
    enable_preemption: flag(false, 'Urgent steps may take the place of others, which begin anew'),
    provider_limits: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), {
      default: {},
      description: 'Steps at once by provider',
    }),
  }),
  executor: Type.Object({
    cancel_grace_seconds: number(30, 0, undefined, 'Time that a cancelled step has to end by itself'),
    allow_commands: Type.Optional(
      Type.Boolean({ description: 'Steps may run commands of the machine; default only in solo mode' }),
    ),
  }),
  quotas: Type.Object(
    {
      ...limits,
      overrides: Type.Record(Type.String(), Limits, {
        default: {},
        description:
          'By user or role (Admin, Operator …) in place of these; a user before roles, of several roles the largest',
      }),
    },
    {
      description:
        'What each user, in cicd mode each pipeline, may have at once; memory in GB; default by mode (04 §2.5)',
    },
  ),
  retention: Type.Object({
    completed_days: number(30, 0, undefined, 'Days for which completed workflows are kept; 0 for ever'),
    failed_days: number(90, 0, undefined, 'The same for failed and cancelled ones'),
    events_days: number(
      30,
      0,
      undefined,
      'Days for which the log lines of finished workflows are kept, at most as long as these; 0 as long',
    ),
  }),
  shutdown_grace_seconds: number(30, 0, undefined, 'Time that running steps have when the service stops'),
  limits: Type.Object({
    max_operations: integer(1000, 1, 100_000, 'Operations of one workflow'),
    max_body_bytes: integer(5 * 1024 * 1024, 1024, undefined, 'Size of a request'),
  }),
  metrics: Type.Object({
    allow_ips: Type.Array(Type.String(), {
      default: ['127.0.0.1', '::1'],
      description: 'Addresses that may read /metrics without a token',
    }),
  }),
  control_center: Type.Object({ url: text('', 'Where logins are forwarded to; empty: nowhere') }),
  services: Type.Record(Type.String(), Type.String({ pattern: '^https?://' }), {
    default: {},
    description: 'Other services of the platform, name to URL; GET /services tells whether they answer',
  }),
  webhooks: WebhookSettings,
  logging: Type.Object({
    level: one(['debug', 'info', 'warn', 'error'], 'info', 'The least that is logged'),
    format: one(['json', 'text'], 'json', 'One JSON object a line, or lines for people'),
  }),
});
export type Settings = Static<typeof Settings>;

/** Settings as they may be shown: passwords, also those of URLs, and webhook secrets are hidden. */
export function redactSettings(settings: Settings): unknown {
  const { storage, redis, webhooks } = settings;
  const hide = (url: string) => url.replace(/(\/\/[^:@/]*):[^@/]*@/, '$1:***@');
  return {
    ...settings,
    storage: {
      ...storage,
      postgres: { url: hide(storage.postgres.url) },
      surrealdb: { ...storage.surrealdb, password: storage.surrealdb.password === '' ? '' : '***' },
    },
    redis: { url: hide(redis.url) },
    webhooks: {
      ...webhooks,
      endpoints: webhooks.endpoints.map((endpoint) => ({
        ...endpoint,
        secret: '***',
        secrets: ['***'],
        headers: {},
      })),
    },
  };
}
