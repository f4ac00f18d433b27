import { type Static, Type } from 'typebox';
import { WebhookSettings } from '../webhooks/endpoints.ts';

/** `null` is unlimited. */
const Quota = Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]));

const Limits = Type.Object({ servers: Quota, cores: Quota, memory: Quota });

/** Configuration of the service (12 §14). Times in the units of their names. */
export const Settings = Type.Object({
  mode: Type.Union(
    [Type.Literal('solo'), Type.Literal('multiuser'), Type.Literal('cicd'), Type.Literal('enterprise')],
    { default: 'solo' },
  ),
  /** False: it does not start. */
  enabled: Type.Boolean({ default: true }),
  /** False: it serves the workspace in which it was started, and keeps its files there. */
  multi_workspace: Type.Boolean({ default: true }),
  server: Type.Object({
    host: Type.String({ default: '127.0.0.1' }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 9090 }),
    /**
     * Checked, and without effect: one event loop answers requests. More hands for operations are processes of
     * `provisioning-orchestrator worker`.
     */
    workers: Type.Integer({ minimum: 1, maximum: 32, default: 4 }),
    keep_alive: Type.Integer({ minimum: 1, default: 75 }),
    max_connections: Type.Integer({ minimum: 1, default: 1000 }),
    /** False: pages of other origins are refused, whatever `cors_origins` says. */
    cors_enabled: Type.Boolean({ default: true }),
    cors_origins: Type.Array(Type.String(), { default: [] }),
  }),
  paths: Type.Object({ data_dir: Type.String(), logs_dir: Type.String() }),
  storage: Type.Object({
    type: Type.Union(
      [
        Type.Literal('sqlite'),
        Type.Literal('postgres'),
        Type.Literal('surrealdb-embedded'),
        Type.Literal('surrealdb-server'),
      ],
      { default: 'sqlite' },
    ),
    /** File of the store `sqlite`; relative to `paths.data_dir`. */
    backend_path: Type.String({ default: 'orchestrator.db' }),
    postgres: Type.Object({ url: Type.String({ default: '' }) }),
    surrealdb: Type.Object({
      url: Type.String({ default: 'ws://localhost:8000' }),
      namespace: Type.String({ default: 'orchestrator' }),
      database: Type.String({ default: 'tasks' }),
      username: Type.String({ default: '' }),
      password: Type.String({ default: '' }),
    }),
  }),
  dispatcher: Type.Union([Type.Literal('embedded'), Type.Literal('bullmq')], { default: 'embedded' }),
  redis: Type.Object({ url: Type.String({ default: 'redis://localhost:6379' }) }),
  queue: Type.Object({
    max_concurrent_tasks: Type.Integer({ minimum: 1, maximum: 1000, default: 5 }),
    retry_attempts: Type.Integer({ minimum: 0, maximum: 20, default: 3 }),
    retry_delay_seconds: Type.Number({ minimum: 0, maximum: 3600, default: 5 }),
    task_timeout_minutes: Type.Number({ minimum: 1, maximum: 1440, default: 60 }),
    max_size: Type.Integer({ minimum: 100, maximum: 10000, default: 10000 }),
  }),
  /** What workflows that say nothing of it have; a `timeout_seconds` of 0 is none. */
  batch: Type.Object({
    parallel_limit: Type.Integer({ minimum: 1, maximum: 100, default: 5 }),
    timeout_seconds: Type.Number({ minimum: 0, default: 0 }),
  }),
  rollback: Type.Object({
    /** False: nothing is rolled back, by itself or on demand. */
    enabled: Type.Boolean({ default: true }),
    /** Days after which system checkpoints that were made by themselves are deleted; 0 keeps them for ever. */
    checkpoint_retention_days: Type.Number({ minimum: 0, default: 30 }),
  }),
  monitoring: Type.Object({
    /** False: no `/metrics`, and no updates of the service's health to subscribers. */
    enabled: Type.Boolean({ default: true }),
    health_interval_seconds: Type.Number({ minimum: 1, default: 30 }),
  }),
  scheduler: Type.Object({
    strategy: Type.Union([Type.Literal('dependency_first'), Type.Literal('priority'), Type.Literal('fifo')], {
      default: 'dependency_first',
    }),
    resource_limits: Type.Object({ max_cpu_cores: Type.Number({ minimum: 0, default: 0 }) }),
    scheduling_interval: Type.Number({ minimum: 0.1, default: 10 }),
    enable_preemption: Type.Boolean({ default: false }),
    provider_limits: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), { default: {} }),
  }),
  executor: Type.Object({
    cancel_grace_seconds: Type.Number({ minimum: 0, default: 30 }),
    allow_commands: Type.Optional(Type.Boolean()),
  }),
  /** What each user (in cicd mode each pipeline) may have at once; nothing given: by mode (04 §2.5). Memory in GB. */
  quotas: Type.Object({
    servers: Quota,
    cores: Quota,
    memory: Quota,
    /**
     * By user or role (`Admin`, `Operator` …): limits that replace these. Those of the user come first; who has several
     * roles has the largest of theirs.
     */
    overrides: Type.Record(Type.String(), Limits, { default: {} }),
  }),
  retention: Type.Object({
    completed_days: Type.Number({ minimum: 0, default: 30 }),
    failed_days: Type.Number({ minimum: 0, default: 90 }),
  }),
  shutdown_grace_seconds: Type.Number({ minimum: 0, default: 30 }),
  limits: Type.Object({
    max_operations: Type.Integer({ minimum: 1, maximum: 100_000, default: 1000 }),
    max_body_bytes: Type.Integer({ minimum: 1024, default: 5 * 1024 * 1024 }),
  }),
  /** Addresses that may read `/metrics` without a token. */
  metrics: Type.Object({ allow_ips: Type.Array(Type.String(), { default: ['127.0.0.1', '::1'] }) }),
  /** Where logins are forwarded to; empty: nowhere. */
  control_center: Type.Object({ url: Type.String({ default: '' }) }),
  /** Other services of the platform: name to URL. `GET /services` tells whether they answer. */
  services: Type.Record(Type.String(), Type.String({ pattern: '^https?://' }), { default: {} }),
  webhooks: WebhookSettings,
  logging: Type.Object({
    level: Type.Union(
      ['debug', 'info', 'warn', 'error'].map((level) => Type.Literal(level)),
      { default: 'info' },
    ),
    format: Type.Union([Type.Literal('json'), Type.Literal('text')], { default: 'json' }),
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
