import {
  either,
  extensionKind,
  fields,
  flag,
  list,
  maybe,
  number,
  oneOf,
  orNull,
  record,
  text,
  unknown,
} from './parts.ts';

/* Shapes that several commands about extensions, artifacts and packs print. */

export const migrationCheck = fields({
  name: oneOf('definitions', 'digests', 'modules'),
  passed: flag,
  findings: list(text),
});

export const providerHealth = fields({
  provider: text,
  healthy: flag,
  latency_ms: number,
  checked_at: text,
  error: maybe(text),
});

export const installedProvider = fields({
  name: text,
  version: text,
  mode: oneOf('link', 'pack'),
  path: text,
  sha256: maybe(text),
});

export const updateInfo = fields({
  name: text,
  current: text,
  latest: text,
  wanted: text,
  update_available: flag,
  source: text,
});

export const namespacePolicy = fields({
  namespace: text,
  description: text,
  public_read: flag,
  keep_tags: number,
  keep_days: number,
});

export const registryExtension = fields({
  name: text,
  type: extensionKind,
  version: text,
  description: text,
  backend: fields({ id: text }),
});

export const appliedTemplate = fields({
  applied: list(text),
  check_mode: flag,
  name: text,
  path: text,
  files: list(text),
  renamed: record,
});

export const transfer = fields({
  from: text,
  to: text,
  digest: maybe(text),
  bytes: number,
  state: oneOf('copied', 'failed', 'present', 'would-copy'),
  error: maybe(text),
});

export const explainedKey = fields({
  module: text,
  key: text,
  chain: list(fields({ layer: text, file: text, line: maybe(number), value: unknown, wins: flag })),
});

export const packMetadata = fields({
  name: text,
  version: text,
  package_file: text,
  created: text,
  maintainer: text,
  repository: text,
  license: text,
  homepage: text,
  sha256: text,
  signature: orNull(text),
});

export const plannedMigration = fields({
  action: oneOf('differs', 'missing', 'publish', 'use'),
  reference: text,
  digest: text,
  reason: maybe(text),
  kind: extensionKind,
  name: text,
  version: text,
  path: text,
  place: text,
});

export const descriptor = fields({
  mediaType: text,
  digest: text,
  size: number,
  annotations: maybe(record),
  artifactType: maybe(text),
  platform: maybe(fields({ os: text, architecture: text, variant: maybe(text) })),
});

export const resolvedPackage = fields({
  name: text,
  version: text,
  kind: extensionKind,
  dependencies: record,
  from: maybe(text),
  action: oneOf('install', 'keep', 'local', 'orphan', 'update'),
  requested: flag,
  digest: text,
  reference: text,
});

export const loadedEntry = fields({
  kind: extensionKind,
  name: text,
  version: text,
  source: oneOf('core', 'installed', 'local', 'oci', 'registry'),
  path: text,
  status: oneOf('already-loaded', 'loaded'),
  required_by: maybe(text),
  backup: maybe(text),
});

export const installedVersion = fields({
  kind: extensionKind,
  name: text,
  version: text,
  from: maybe(text),
  path: text,
  reference: text,
  digest: text,
  state: oneOf('current', 'installed', 'provided', 'updated', 'would-install'),
  requested: flag,
  signed_by: maybe(text),
});

export const packResult = fields({
  path: text,
  metadata_path: text,
  metadata: packMetadata,
  state: oneOf('created', 'unchanged', 'would-create'),
});

export const foundExtension = fields({
  name: text,
  type: text,
  category: text,
  version: text,
  layer: text,
  status: oneOf('ambiguous', 'disabled', 'enabled', 'incompatible', 'invalid'),
  description: text,
  path: text,
  enabled: flag,
  valid: flag,
  compatible: flag,
  has_schema: flag,
  has_templates: flag,
  reason: maybe(text),
});

export const templateCheck = fields({
  infra: text,
  valid: flag,
  applied: list(fields({ name: text, version: text, available: maybe(text), missing: maybe(flag) })),
  configuration: list(fields({ label: text, ok: flag, details: maybe(list(text)) })),
  compliance: list(fields({ label: text, ok: flag, details: maybe(list(text)) })),
});

export const leafProvenance = fields({
  path: text,
  value: unknown,
  layer: oneOf('core', 'infrastructure', 'runtime', 'workspace'),
  file: text,
  line: maybe(number),
  action: oneOf('added', 'base', 'inherited', 'overrides'),
  shadowed: list(
    fields({ layer: oneOf('core', 'infrastructure', 'runtime', 'workspace'), file: text, value: unknown }),
  ),
});

export const resolveResult = fields({
  packages: list(resolvedPackage),
  installed: number,
  updated: number,
  unchanged: number,
  removed: number,
  dry_run: flag,
});

const rule = fields({ passed: flag, errors: list(text), warnings: list(text) });

export const extensionRules = fields({
  version: rule,
  structure: rule,
  schema: rule,
  interface: rule,
  dependency: rule,
});

export const providerCapabilities = fields({
  server_management: either(flag, text),
  network_management: maybe(flag),
  storage_management: maybe(flag),
  load_balancer: maybe(flag),
  dns_management: maybe(flag),
  auto_scaling: maybe(flag),
  spot_instances: maybe(flag),
  multi_region: maybe(flag),
  containers: maybe(flag),
  serverless: maybe(flag),
  encryption_at_rest: maybe(flag),
  snapshots: maybe(flag),
  firewall: maybe(flag),
  managed_kubernetes: maybe(flag),
  managed_databases: maybe(flag),
  console: maybe(flag),
  compliance_certifications: maybe(list(text)),
});

export const resolvedSource = fields({
  layer: oneOf('core', 'infrastructure', 'runtime', 'workspace'),
  priority: number,
  file: text,
  template: maybe(text),
});

export const resolution = fields({
  kind: extensionKind,
  name: text,
  config: record,
  provenance: list(leafProvenance),
  sources: list(resolvedSource),
  duration_ms: number,
  cached: flag,
});

export const validationReport = fields({
  name: maybe(text),
  type: extensionKind,
  path: text,
  rules: extensionRules,
  valid: flag,
  required_files: list(fields({ file: text, exists: flag })),
  optional_files: list(fields({ file: text, exists: flag })),
});

export const packageManifest = fields({
  name: text,
  type: extensionKind,
  version: text,
  description: maybe(text),
  author: maybe(text),
  license: maybe(text),
  homepage: maybe(text),
  repository: maybe(text),
  category: maybe(text),
  tags: maybe(list(text)),
  platforms: maybe(list(text)),
  min_provisioning_version: maybe(text),
  compatibility: maybe(fields({ provisioning: maybe(text) })),
  dependencies: maybe(record),
  optional_dependencies: maybe(record),
  conflicts: maybe(either(list(text), record)),
  provides: maybe(list(text)),
  permissions: maybe(record),
  build: maybe(fields({ include: maybe(list(text)), exclude: maybe(list(text)) })),
});

export const manifest = fields({
  kind: text,
  mediaType: text,
  artifactType: maybe(text),
  config: descriptor,
  layers: list(descriptor),
  subject: maybe(descriptor),
  annotations: maybe(record),
});

/** A provider as it was found. */
export const providerEntry = {
  name: text,
  path: text,
  type: text,
  version: text,
  description: text,
  enabled: flag,
  available: flag,
  status: oneOf('available', 'disabled', 'error', 'not installed'),
  certified: flag,
  signed_by: maybe(text),
  has_schema: flag,
  has_templates: flag,
  capabilities: orNull(providerCapabilities),
  source: text,
  error: maybe(text),
};

/** JSON Schemas of what a provider is set to; only where they were asked for. */
export const providerSchemas = maybe(orNull(fields({ config: record, server: record })));

export const foundProvider = fields({ ...providerEntry, schema: providerSchemas });
