import type { TSchema } from 'typebox';
import { operation } from './operation.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text } from './parts.ts';
import { commandMetadata, healthReport, upgradeResult } from './shapes.ts';

/* What commands about the program itself print with `--out json`. */

/** The sections of a guide (`--list-sections`), the guide, or the commands of a step (`--copy`). */
const guide = either(
  list(fields({ number: number, title: text })),
  fields({ name: text, title: text, text: text, commands: list(text) }),
  list(text),
);

const fastPath = { name: text, summary: text, instead: text };
const fastPathState = fields({ ...fastPath, available: flag, detail: text, milliseconds: number });
const fastPathStates = list(fastPathState);
const versionRow = fields({
  component: text,
  server: orNull(text),
  current: text,
  latest: text,
  days_old: orNull(number),
  status: text,
});
const cache = fields({ name: text, path: text, files: number, bytes: number });

/** Schema of the JSON each of these commands prints, by command. */
export const programOutputs: Readonly<Record<string, TSchema>> = {
  about: fields({ name: text, version: text, description: text, license: text }),
  'cache clear': fields({ check_mode: flag, caches: list(cache), freed: number }),
  'cache stats': list(cache),
  cleanup: fields({ files: list(text), freed: number, snapshots: list(text), check_mode: maybe(flag) }),
  'commands list': list(commandMetadata),
  'capability check': list(fields({ name: text, available: flag, by: orNull(text), reason: orNull(text) })),
  'commands search': list(commandMetadata),
  'commands show': commandMetadata,
  'commands validate': fields({ valid: flag, commands: number, errors: list(text) }),
  'completion install': fields({ shell: oneOf('bash', 'fish', 'powershell', 'zsh'), file: text }),
  'deployment phase': fields({
    phase: number,
    of: number,
    reached: text,
    title: text,
    commands: list(fields({ command: text, reason: text })),
  }),
  'diagnostics run': fields({ file: text, files: list(text), written: flag }),
  docs: either(
    list(fields({ topic: text, line: number, text: text })),
    list(fields({ topic: text, title: text, path: text })),
    fields({ address: text, topic: text, title: text, path: text }),
    fields({ topic: text, title: text, path: text }),
    fields({ text: text, topic: text, title: text, path: text }),
  ),
  explain: fields({
    id: text,
    title: text,
    match: fields({ codes: maybe(list(text)), patterns: maybe(list(text)) }),
    symptoms: list(text),
    diagnose: list(text),
    solutions: list(fields({ title: text, steps: list(text) })),
    page: text,
  }),
  'guide customize': guide,
  'guide from-scratch': guide,
  'guide list': list(fields({ name: text, aliases: list(text), title: text, summary: text, time: text })),
  'guide quickstart': guide,
  'guide show': guide,
  'guide system-setup': guide,
  'guide update': guide,
  health: healthReport,
  'health check': healthReport,
  'health monitor': healthReport,
  'info paths': list(fields({ name: text, path: text, exists: flag })),
  'info show': fields({
    version: text,
    node: text,
    system: text,
    processors: number,
    memory_mb: number,
    mode: text,
    workspace: orNull(text),
    infra: orNull(text),
    environment: orNull(text),
  }),
  install: fields({
    state: oneOf('already', 'installed', 'planned'),
    version: text,
    components: list(fields({ component: text, version: text })),
    first: flag,
  }),
  logs: list(
    fields({
      service: text,
      time: orNull(text),
      level: orNull(oneOf('debug', 'error', 'info', 'warn')),
      message: text,
    }),
  ),
  migrate: fields({
    status: oneOf('migrated', 'nothing', 'planned'),
    workspaces: list(
      fields({
        workspace: text,
        path: text,
        from: text,
        to: text,
        steps: list(text),
        files: list(text),
        backups: list(text),
      }),
    ),
  }),
  next: fields({
    commands: list(fields({ command: text, reason: text })),
    phase: number,
    of: number,
    reached: text,
    title: text,
  }),
  nuinfo: fields({ version: text, node: text, v8: text, program: text, library: record }),
  'plugin install': fastPathState,
  'plugin list': list(fields(fastPath)),
  'plugin status': fastPathStates,
  'plugin test': fastPathStates,
  qr: fields({ text: text, size: number, rows: list(text) }),
  'recipe list': list(
    fields({ name: text, parameters: list(text), command: text, summary: text, destructive: flag }),
  ),
  'recipe run': fields({ command: text }),
  'runtime compose': fields({ command: text }),
  'runtime detect': fields({
    name: oneOf('colima', 'docker', 'nerdctl', 'orbstack', 'podman'),
    command: text,
  }),
  'runtime exec': fields({ check_mode: flag, action: text, command: list(text) }),
  'runtime info': fields({
    name: oneOf('colima', 'docker', 'nerdctl', 'orbstack', 'podman'),
    command: text,
    version: orNull(text),
    platform: text,
    context: orNull(text),
    compose: orNull(text),
  }),
  'runtime list': list(
    fields({
      name: oneOf('colima', 'docker', 'nerdctl', 'orbstack', 'podman'),
      available: flag,
      version: orNull(text),
      reason: maybe(text),
    }),
  ),
  sc: fields({ text: text }),
  'system resources': fields({
    cpu: fields({ count: number, load_1m: number }),
    memory: fields({ total_mb: number, free_mb: number }),
    disk: fields({ path: text, total_mb: number, free_mb: number }),
    processes: list(fields({ name: text, pid: number, memory_mb: orNull(number) })),
  }),
  uninstall: fields({ removed: number, kept: list(text), user_folders: list(text), spared: list(text) }),
  update: fields({ current: text, latest: text, newer: flag, notes: text }),
  upgrade: upgradeResult,
  'version apply': operation,
  'version show': either(fields({ version: text }), list(fields({ component: text, version: text }))),
  'version taskserv': fields({
    taskserv: text,
    installed: list(text),
    latest: text,
    status: text,
    nodes: list(fields({ server: text, version: text, update_available: flag })),
  }),
  'version check': list(versionRow),
  'version updates': list(versionRow),
};
