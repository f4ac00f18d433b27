/** Class of a command in the command tree (01 §10, column A): what it may do and what it asks for. */
export type AccessClass = '-' | 'l' | 'r' | 'w' | 'm' | 'd' | 'a';

/** What a command file declares about itself. Everything else of the metadata follows from it. */
export interface CommandSpec {
  readonly access: AccessClass;
  /** False for commands marked `*`: they work without a workspace. Default true. */
  readonly workspace?: boolean;
  readonly sideEffect?: 'none' | 'create' | 'update' | 'delete' | 'deploy';
  /** Expected to take longer than 60 s. */
  readonly slow?: boolean;
  readonly interactive?: boolean;
  readonly tags?: readonly string[];
}

/** The metadata record of 01 §10 (S:28879). */
export interface CommandMetadata {
  readonly name: string;
  readonly domain: string;
  readonly description: string;
  readonly group: 'infrastructure' | 'orchestration' | 'workspace' | 'authentication' | 'utilities';
  readonly tags: readonly string[];
  readonly version: string;
  readonly requirements: {
    readonly requires_auth: boolean;
    readonly auth_type: 'none' | 'jwt' | 'mfa' | 'cedar';
    readonly side_effect_type: 'none' | 'create' | 'update' | 'delete' | 'deploy';
    readonly min_permission: 'read' | 'write' | 'admin' | 'superadmin';
    readonly interactive: boolean;
    readonly slow_operation: boolean;
  };
  readonly workspace_required: boolean;
}

const classes: Readonly<
  Record<AccessClass, Pick<CommandMetadata['requirements'], 'auth_type' | 'min_permission'>>
> = {
  '-': { auth_type: 'none', min_permission: 'read' },
  l: { auth_type: 'none', min_permission: 'write' },
  r: { auth_type: 'jwt', min_permission: 'read' },
  w: { auth_type: 'jwt', min_permission: 'write' },
  m: { auth_type: 'mfa', min_permission: 'write' },
  d: { auth_type: 'mfa', min_permission: 'write' },
  a: { auth_type: 'mfa', min_permission: 'admin' },
};

const groups: Readonly<Record<string, CommandMetadata['group']>> = {
  workflow: 'orchestration',
  batch: 'orchestration',
  orchestrator: 'orchestration',
  workspace: 'workspace',
  template: 'workspace',
  context: 'workspace',
  auth: 'authentication',
  mfa: 'authentication',
  kms: 'authentication',
  secrets: 'authentication',
};
const infrastructure = new Set(
  'server taskserv cluster infra provider providers network storage plan deploy destroy create delete update price cost'.split(
    ' ',
  ),
);

/** Whether a command asks before it acts (01 §8 "Confirmation"). */
export function confirms(spec: CommandSpec): boolean {
  return spec.access === 'd' || spec.access === 'a';
}

/** Whether a command changes anything at all; the others run in every state of a workspace (03 §8). */
export function changesSomething(spec: CommandSpec): boolean {
  return (spec.sideEffect ?? (spec.access === '-' || spec.access === 'r' ? 'none' : 'update')) !== 'none';
}

/** The full record of a command, from its words and its spec. */
export function describeCommand(id: string, summary: string, spec: CommandSpec): CommandMetadata {
  const domain = id.split(' ')[0]!;
  const effect = spec.sideEffect ?? (spec.access === '-' || spec.access === 'r' ? 'none' : 'update');
  const tags = new Set(spec.tags ?? []);
  tags.add(effect === 'none' ? 'read' : effect === 'deploy' ? 'create' : effect);
  if (spec.access === 'd') tags.add('destructive');
  if (spec.interactive) tags.add('interactive');
  if (spec.slow) tags.add('slow');
  return {
    name: id,
    domain,
    description: summary,
    group: groups[domain] ?? (infrastructure.has(domain) ? 'infrastructure' : 'utilities'),
    tags: [...tags],
    version: '1.0.0',
    requirements: {
      requires_auth: classes[spec.access].auth_type !== 'none',
      side_effect_type: effect,
      interactive: spec.interactive ?? false,
      slow_operation: spec.slow ?? false,
      ...classes[spec.access],
    },
    workspace_required: spec.workspace ?? true,
  };
}
