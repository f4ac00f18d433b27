import type { TSchema } from 'typebox';
import { operation } from './operation.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text, unknown } from './parts.ts';
import { powerCheck, poweredTaskserv, taskservCheck, taskservHealthReport } from './shapes.ts';

/* What commands about taskservs print with `--out json`. */

/** Schema of the JSON each of these commands prints, by command. */
export const taskservsOutputs: Readonly<Record<string, TSchema>> = {
  'taskserv backup': list(fields({ service: text, target: text, file: text, size: number, sha256: text })),
  'taskserv check': list(fields({ met: flag, missing: list(text), service: text, target: text })),
  'taskserv check-deps': fields({
    taskserv: text,
    status: oneOf('INVALID', 'VALID'),
    required: list(fields({ name: text, range: text, available: flag, provided_by: maybe(text) })),
    optional: list(fields({ name: text, range: text, available: flag, provided_by: maybe(text) })),
    conflicts: list(fields({ name: text, range: text, available: flag, provided_by: maybe(text) })),
    order: list(text),
    errors: list(text),
  }),
  'taskserv check-migration': either(
    fields({ taskserv: text, to: text, steps: list(text) }),
    fields({
      taskserv: text,
      from: text,
      to: text,
      required: flag,
      supported: flag,
      reason: maybe(text),
      steps: list(text),
      downtime: text,
      recommended: maybe(text),
    }),
  ),
  'taskserv check-updates': list(
    fields({
      service: text,
      current_version: text,
      latest_version: text,
      update_available: flag,
      security: flag,
      target: orNull(text),
      checked_at: text,
      cached_age: maybe(number),
      days_old: orNull(number),
    }),
  ),
  'taskserv configure': operation,
  'taskserv create': either(operation, taskservCheck),
  'taskserv delete': operation,
  'taskserv generate': fields({
    taskserv: text,
    version: text,
    file: text,
    check_mode: maybe(flag),
    config: record,
  }),
  'taskserv health': list(taskservHealthReport),
  test: list(taskservHealthReport),
  'taskserv install-self': either(taskservCheck, operation),
  'taskserv migration-logs': fields({ taskserv: text, file: text, lines: list(text) }),
  'taskserv reset': operation,
  'taskserv restart': either(powerCheck, list(poweredTaskserv)),
  'taskserv restore': either(
    fields({ status: text, service: text, target: text, file: text }),
    fields({ service: text, target: text, file: text, status: text }),
  ),
  'taskserv rollback': operation,
  'taskserv scale': either(
    fields({ name: text, nodes: list(text), added: list(unknown), removed: list(unknown) }),
    taskservCheck,
    operation,
  ),
  'taskserv show': fields({
    name: text,
    version: text,
    description: text,
    category: text,
    layer: oneOf('core', 'infrastructure', 'installed', 'workspace'),
    path: text,
    manifest: record,
    schema: record,
  }),
  'taskserv start': either(powerCheck, list(poweredTaskserv)),
  'taskserv status': list(
    fields({
      service: text,
      target: text,
      status: oneOf('degraded', 'failed', 'installed', 'not-installed', 'running', 'stopped'),
      version: orNull(text),
      systemd_status: orNull(text),
      uptime: orNull(number),
      memory_usage: orNull(number),
      cpu_usage: orNull(number),
      health: orNull(taskservHealthReport),
      checked_at: text,
    }),
  ),
  'taskserv stop': either(powerCheck, list(poweredTaskserv)),
  'taskserv suggest-mesh': list(
    fields({
      name: text,
      taskservs: list(text),
      default: flag,
      reason: text,
      facts: fields({ lightweight: flag, automatic_tls: flag, full_features: flag, simple_config: flag }),
    }),
  ),
  'taskserv test': fields({
    taskserv: text,
    runtime: oneOf('docker', 'native', 'podman'),
    image: orNull(text),
    container: orNull(text),
    kept: flag,
    total: number,
    passed: number,
    failed: number,
    skipped: number,
    tests: list(fields({ name: text, status: oneOf('failed', 'passed', 'skipped'), message: text })),
  }),
  'taskserv update': operation,
  'taskserv validate': fields({
    taskserv: text,
    level: oneOf('all', 'dependencies', 'health', 'static'),
    valid: flag,
    sections: fields({
      dependencies: fields({ errors: list(text), warnings: list(text) }),
      schema: fields({ errors: list(text), warnings: list(text) }),
      templates: fields({ errors: list(text), warnings: list(text) }),
      health: fields({ errors: list(text), warnings: list(text) }),
      scripts: fields({ errors: list(text), warnings: list(text) }),
    }),
  }),
  'taskserv versions': list(
    fields({ version: text, source: oneOf('package', 'publisher'), default: flag, installed_on: list(text) }),
  ),
};
