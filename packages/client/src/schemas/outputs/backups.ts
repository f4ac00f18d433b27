import type { TSchema } from 'typebox';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text } from './parts.ts';

/* What commands about backups of infrastructures, maintenance and quotas print with `--out json`. */

const backup = {
  id: text,
  infra: text,
  workspace: text,
  type: oneOf('full', 'incremental'),
  base: maybe(text),
  title: maybe(text),
  created: text,
  version: text,
  size: number,
  archive_sha256: text,
  services: list(fields({ server: text, taskserv: text })),
  snapshots: list(fields({ server: text, provider: text, id: text })),
};

const restored = fields({
  backup: text,
  type: oneOf('full', 'incremental'),
  created: list(text),
  changed: list(text),
  removed: list(text),
  services: list(fields({ server: text, taskserv: text })),
  check_mode: maybe(flag),
  status: maybe(text),
});

const window = { started: maybe(text), until: maybe(text), user: maybe(text), reason: maybe(text) };

/** Schema of the JSON each of these commands prints, by command. */
export const backupsOutputs: Readonly<Record<string, TSchema>> = {
  'backup create': either(
    fields({ check_mode: flag, id: text, type: oneOf('full', 'incremental'), files: number }),
    fields({ ...backup, sha256: record }),
  ),
  'backup list': list(fields({ ...backup, files: number })),
  'backup schedule': either(
    fields({ check_mode: flag, name: text, cron: maybe(text) }),
    fields({ name: text, cron: text, next_run: orNull(text) }),
    fields({ name: text, removed: flag }),
  ),
  'maintenance disable': fields({ check_mode: maybe(flag), infra: text, was_enabled: flag }),
  'maintenance enable': fields({ check_mode: maybe(flag), infra: text, ...window }),
  'maintenance status': list(fields({ infra: text, enabled: flag, ...window })),
  'mode quotas': list(fields({ subject: text, resource: text, used: number, limit: orNull(number) })),
  restore: restored,
  rollback: restored,
};
