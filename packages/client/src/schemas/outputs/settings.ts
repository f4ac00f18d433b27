import type { TSchema } from 'typebox';
import { foundProvider } from './extension-shapes.ts';
import { ServerListing, TaskservListing } from './named.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text, unknown } from './parts.ts';
import { configMigrationResult, provenance, validationOutcome } from './shapes.ts';

/* What commands about settings print with `--out json`. */

const editedFile = fields({ file: text, changed: flag, check_mode: maybe(flag) });

const infrastructureAnswers = fields({
  workspace_name: text,
  deployment_mode: oneOf('solo', 'multiuser', 'cicd', 'enterprise'),
  provider: text,
  taskservs: maybe(list(text)),
  enable_monitoring: flag,
  enable_backup: flag,
  backup_retention_days: maybe(number),
  email: text,
});

/** Schema of the JSON each of these commands prints, by command. */
export const settingsOutputs: Readonly<Record<string, TSchema>> = {
  'debug path-stats': fields({
    root: text,
    type: oneOf('provisioning_workspace', 'unknown'),
    components: fields({ providers: number, taskservs: number, clusters: number, infrastructure: number }),
    config_files: list(text),
    paths: record,
    validation: fields({ valid: flag, checks_performed: number, errors: number, warnings: number }),
  }),
  'debug profile-paths': list(fields({ step: text, milliseconds: number, found: number })),
  allenv: fields({
    workspace: orNull(text),
    infra: orNull(text),
    environment: text,
    paths: fields({ base: text, config: text, data: text, cache: text, workspace: orNull(text) }),
    files: list(
      fields({
        layer: oneOf('default', 'env', 'environment', 'flag', 'infra', 'machine', 'user', 'workspace'),
        file: text,
      }),
    ),
    configuration: unknown,
  }),
  'config backup': fields({ file: text }),
  'config check-version': list(
    fields({ file: text, format_version: text, target: text, status: oneOf('current', 'migrate') }),
  ),
  'config daemon start': fields({
    endpoint: text,
    already_running: flag,
    pid: number,
    host: text,
    port: number,
    started_at: text,
  }),
  'config daemon status': either(
    fields({ running: flag }),
    fields({
      stats: record,
      pid: number,
      host: text,
      port: number,
      started_at: text,
      running: flag,
      endpoint: text,
    }),
  ),
  'config daemon stop': fields({ stopped: flag }),
  'config debug': list(provenance),
  'config decrypt': fields({ from: text, to: text }),
  'config diagnose': fields({
    key: text,
    toml_config: unknown,
    env_config: orNull(text),
    migration_needed: flag,
  }),
  'config edit': fields({ file: text, changed: flag }),
  'config edit-secure': editedFile,
  sops: editedFile,
  'sops edit': editedFile,
  'sops config': fields({
    engine: text,
    sops: flag,
    rules: orNull(text),
    keys: list(fields({ file: text, found: flag })),
    key: orNull(text),
  }),
  'config encrypt': fields({ from: text, to: text, skipped: flag }),
  'config eval': unknown,
  'config get': unknown,
  'config interpolated': list(fields({ key: text, raw: unknown, value: unknown })),
  'config is-encrypted': fields({ file: text, encrypted: flag }),
  'config migrate': configMigrationResult,
  'config migrate-env': list(fields({ key: text, file: text })),
  'config platform': either(
    fields({ service: text, file: text, changed: flag }),
    fields({ check_mode: flag, service: text, file: text, changed: flag }),
  ),
  'config providers list': list(fields({ name: text, enabled: flag, file: orNull(text) })),
  'config reset': either(
    fields({ files: list(text), backup: maybe(text), check_mode: flag }),
    fields({ files: list(text), backup: maybe(text) }),
  ),
  'config restore': fields({ file: text, previous: text }),
  'config services list': list(fields({ name: text, enabled: flag, file: orNull(text) })),
  'config set': fields({ key: text, file: text, before: unknown, after: unknown }),
  'config show': unknown,
  'config sources': list(provenance),
  'env set': fields({ workspace: text, before: text, after: text }),
  'env show': record,
  'form server': fields({ url: text, token: text }),
  'form validate': fields({ valid: flag, name: text, fields: list(text) }),
  'init config': fields({ file: text, check_mode: flag }),
  'init project': fields({ file: text, check_mode: flag }),
  'init wizard': fields({ file: text, check_mode: flag, values: infrastructureAnswers }),
  'list providers': list(foundProvider),
  'list servers': list(ServerListing),
  'list taskservs': list(TaskservListing),
  'nickel format': fields({ check_mode: flag, files: list(fields({ file: text, formatted: flag })) }),
  'nickel validate': fields({
    valid: flag,
    files: list(fields({ file: text, valid: flag, reason: maybe(text) })),
  }),
  'schema export': list(fields({ file: text, changed: flag })),
  'schema list': list(fields({ name: text, from: text })),
  'show config': record,
  'validate all': validationOutcome,
  'validate config': validationOutcome,
  'validate interpolation': list(fields({ key: text, raw: unknown, value: unknown, status: text })),
  'validate paths': fields({
    valid: flag,
    errors: list(fields({ path: text, message: text })),
    warnings: list(fields({ path: text, message: text })),
    checks_performed: number,
  }),
  'validate quick': fields({ valid: flag, environment: text, warnings: list(text) }),
};
