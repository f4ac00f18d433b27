import {
  either,
  fields,
  flag,
  healthItem,
  list,
  maybe,
  number,
  oneOf,
  orNull,
  record,
  text,
  unknown,
} from './parts.ts';

/* Shapes that several commands print. */

export const powerTarget = fields({ service: text, target: text, action: oneOf('restart', 'start', 'stop') });

export const namedContext = fields({
  name: text,
  workspace: text,
  infra: maybe(text),
  environment: maybe(text),
});

export const ipAddresses = fields({
  public: maybe(text),
  private: maybe(text),
  utility: maybe(text),
  ipv6: maybe(text),
});

/** A server as its provider reports it. */
export const observedServer = {
  id: text,
  name: text,
  hostname: text,
  provider: text,
  status: text,
  plan: text,
  cores: number,
  memory: number,
  disk: number,
  zone: text,
  os: text,
  ip_addresses: ipAddresses,
  created_at: text,
  tags: record,
  published_ports: maybe(record),
};

export const poweredTaskserv = fields({
  service: text,
  target: text,
  action: oneOf('restart', 'start', 'stop'),
  units: list(text),
});

export const registeredWorkspace = fields({
  name: text,
  path: text,
  last_used: text,
  default_infra: maybe(text),
  environment: maybe(text),
});

export const configMigrationPlan = fields({
  workspace: text,
  entries: list(fields({ from: text, to: text, keys: number, unknown: list(text) })),
});

export const initResult = fields({
  name: text,
  path: text,
  infra: maybe(text),
  activated: flag,
  files: list(text),
  backup: maybe(text),
});

export const requestDecision = fields({
  user: text,
  team: maybe(text),
  decision: oneOf('approved', 'cancelled', 'denied'),
  reason: maybe(text),
  at: text,
});

export const powerCheck = fields({ check_mode: flag, would: list(powerTarget) });

export const statistics = fields({
  total: number,
  by_status: record,
  by_kind: maybe(record),
  success_rate: number,
  average_duration: number,
  p95_duration: maybe(number),
});

export const configLayer = oneOf(
  'default',
  'env',
  'environment',
  'flag',
  'infra',
  'machine',
  'user',
  'workspace',
);

export const layerFiles = fields({ layer: configLayer, files: list(fields({ file: text, found: flag })) });

export const overriddenValue = fields({
  layer: configLayer,
  file: maybe(text),
  line: maybe(number),
  raw: unknown,
});

export const taskservHealthReport = fields({
  service: text,
  target: text,
  healthy: flag,
  checks: list(fields({ name: text, status: oneOf('failed', 'passed'), message: text })),
  last_check: text,
});

export const upgradeResult = fields({
  state: oneOf('already', 'planned', 'rolled-back', 'upgraded'),
  from: text,
  to: text,
  changes: list(fields({ component: text, from: text, to: text })),
});

export const backupRecord = fields({
  name: text,
  created: text,
  reason: oneOf('manual', 'pre_delete', 'pre_migration', 'pre_restore'),
  original_path: text,
  version: text,
  files: number,
  sha256: record,
});

export const configMigrationResult = fields({
  status: oneOf('migrated', 'nothing', 'planned'),
  plan: configMigrationPlan,
  backup: maybe(text),
});

export const firewallRule = fields({
  description: maybe(text),
  destination: maybe(text),
  port: either(text, number),
  source: text,
  action: oneOf('allow', 'deny'),
  direction: oneOf('egress', 'ingress'),
  protocol: oneOf('icmp', 'tcp', 'udp'),
});

export const workspaceLock = fields({
  id: text,
  workspace: text,
  type: oneOf('deploy', 'read', 'write'),
  user: text,
  host: text,
  pid: number,
  boot: maybe(text),
  operation: text,
  acquired_at: text,
  expires_at: text,
  provider: text,
  automatic: maybe(flag),
});

export const restoreCheck = fields({ check_mode: flag, record: backupRecord, destination: text });

export const restoreResult = fields({ record: backupRecord, destination: text, previous: maybe(text) });

/** What is known of a frozen version but its files. */
export const frozenRecord = {
  version: text,
  environment: text,
  created: text,
  created_by: text,
  system_version: text,
  git: orNull(fields({ commit: text, dirty: flag })),
  infras: list(text),
  extensions: list(fields({ type: text, name: text, version: text })),
  digest: text,
};

export const frozenVersion = fields({ files: number, ...frozenRecord });

export const rollbackOutcome = fields({
  rollback_id: maybe(text),
  success: flag,
  finished: flag,
  operations_executed: number,
  operations_failed: number,
  duration: number,
  failed: list(fields({ operation_id: text, error: text })),
  irreversible: list(text),
  orphaned: list(text),
  order: maybe(list(text)),
});

export const validationItem = fields({
  file: maybe(text),
  line: maybe(number),
  frame: maybe(text),
  type: oneOf(
    'custom',
    'deprecated',
    'invalid_enum',
    'missing_required',
    'out_of_range',
    'pattern_mismatch',
    'type_mismatch',
  ),
  message: text,
  field: text,
  expected: maybe(unknown),
  actual: maybe(unknown),
});

export const plannedChange = fields({
  action: oneOf('create', 'delete', 'replace', 'unchanged', 'update'),
  kind: oneOf('bucket', 'cluster', 'dns', 'load-balancer', 'network', 'server', 'taskserv', 'volume'),
  name: text,
  attributes: maybe(list(fields({ attribute: text, before: maybe(unknown), after: maybe(unknown) }))),
  reasons: maybe(list(text)),
  drift: maybe(flag),
});

export const workspaceRequest = fields({
  id: text,
  workspace: text,
  user: text,
  reason: text,
  duration: number,
  state: oneOf('approved', 'cancelled', 'denied', 'expired', 'pending'),
  created_at: text,
  expires_at: text,
  teams: list(text),
  decisions: list(requestDecision),
});

export const changesCheck = fields({ check_mode: flag, changes: list(plannedChange) });

export const plannedOperation = fields({
  id: text,
  type: text,
  changes: list(plannedChange),
  unknown: maybe(text),
});

export const taskservCheck = fields({
  check_mode: flag,
  action: text,
  service: text,
  version: orNull(text),
  resource: text,
  name: text,
  infra: text,
  status: text,
  would: list(fields({ verb: text, kind: text, name: text, detail: text })),
  would_install: flag,
  requirements_met: flag,
  requirements: fields({ met: flag, missing: list(text) }),
  changes: list(text),
  dependencies: list(text),
  warnings: list(text),
  errors: list(text),
});

export const provenance = fields({
  key: text,
  value: unknown,
  raw: unknown,
  layer: configLayer,
  file: maybe(text),
  line: maybe(number),
  origin: maybe(text),
  encrypted: flag,
  secret: flag,
  interpolated: flag,
  overlay: maybe(text),
  overridden: list(overriddenValue),
});

export const commandMetadata = fields({
  name: text,
  domain: text,
  description: text,
  group: oneOf('authentication', 'infrastructure', 'orchestration', 'utilities', 'workspace'),
  tags: list(text),
  version: text,
  requirements: fields({
    requires_auth: flag,
    auth_type: oneOf('cedar', 'jwt', 'mfa', 'none'),
    side_effect_type: oneOf('create', 'delete', 'deploy', 'none', 'update'),
    min_permission: oneOf('admin', 'read', 'superadmin', 'write'),
    interactive: flag,
    slow_operation: flag,
  }),
  workspace_required: flag,
});

export const workflowPlan = fields({
  workflow: fields({ name: text, operations: number }),
  warnings: list(text),
  groups: list(list(text)),
  operations: list(plannedOperation),
});

export const healthReport = fields({
  healthy: flag,
  servers: list(healthItem),
  taskservs: list(healthItem),
  clusters: list(healthItem),
  platform: list(healthItem),
  checks: list(fields({ name: text, status: oneOf('error', 'ok', 'warning'), message: text })),
  checked_at: text,
});

export const validationOutcome = fields({
  warnings: list(validationItem),
  errors: list(validationItem),
  valid: flag,
});
