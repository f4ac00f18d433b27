import { type Static, Type } from 'typebox';
import { namePattern } from './name.ts';

/** SemVer 2.0 without a leading `v`; `latest-stable` and `v1` are no versions (08 §1). */
export const semverPattern =
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$';

const Strings = Type.Array(Type.String(), { default: [] });
/** Name (or `kind/name`, or alternatives `a|b`) → range. */
const Ranges = Type.Record(Type.String(), Type.String(), { default: {} });

/** What an extension may touch; everything that is not listed is denied (08 §4.4). */
export const Permissions = Type.Object(
  {
    network: Type.Optional(
      Type.Array(Type.String({ description: 'Host glob: api.example.com, *.example.com' }), { default: [] }),
    ),
    read: Type.Optional(Strings),
    write: Type.Optional(Strings),
    exec: Type.Optional(Strings),
    env: Type.Optional(Strings),
    secrets: Type.Optional(Strings),
  },
  { default: {}, additionalProperties: true },
);
export type Permissions = Static<typeof Permissions>;

/** Extension kinds that load; the later ones parse and are listed as unsupported (S:12371-12377). */
export const extensionKinds = ['provider', 'taskserv', 'cluster'] as const;
export const laterExtensionKinds = ['template', 'workflow', 'cli', 'integration'] as const;

/** `manifest.yaml` of an extension (08 §1, S:5726-5746). Unknown keys are kept. */
export const Manifest = Type.Object(
  {
    name: Type.String({ pattern: namePattern, description: 'Lower-case letters, digits and hyphens' }),
    type: Type.Union([
      Type.Literal('provider'),
      Type.Literal('taskserv'),
      Type.Literal('cluster'),
      Type.Literal('template'),
      Type.Literal('workflow'),
      Type.Literal('cli'),
      Type.Literal('integration'),
    ]),
    version: Type.String({ pattern: semverPattern, description: 'MAJOR.MINOR.PATCH' }),
    description: Type.Optional(Type.String()),
    author: Type.Optional(Type.String()),
    license: Type.Optional(Type.String()),
    homepage: Type.Optional(Type.String()),
    repository: Type.Optional(Type.String()),
    category: Type.Optional(Type.String()),
    aliases: Type.Optional(Strings),
    tags: Type.Optional(Strings),
    dependencies: Type.Optional(Ranges),
    optional_dependencies: Type.Optional(Ranges),
    conflicts: Type.Optional(Type.Union([Strings, Ranges])),
    system_packages: Type.Optional(Strings),
    platforms: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9]+/[a-z0-9_]+$' }), {
        description: 'linux/amd64; default all',
      }),
    ),
    min_provisioning_version: Type.Optional(Type.String({ pattern: semverPattern })),
    compatibility: Type.Optional(
      Type.Object({ provisioning: Type.Optional(Type.String()) }, { additionalProperties: true }),
    ),
    entry_points: Type.Optional(
      Type.Object(
        {
          main: Type.Optional(Type.String()),
          provider: Type.Optional(Type.String()),
          cli: Type.Optional(Type.String()),
          config_schema: Type.Optional(Type.String()),
        },
        { additionalProperties: true },
      ),
    ),
    configuration: Type.Optional(
      Type.Object(
        {
          config_prefix: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)*$' })),
          required_env_vars: Type.Optional(Strings),
          optional_env: Type.Optional(Strings),
          optional_config: Type.Optional(Strings),
        },
        { additionalProperties: true },
      ),
    ),
    permissions: Type.Optional(Permissions),
    capabilities: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    authentication: Type.Optional(
      Type.Object(
        { methods: Type.Optional(Strings), required_fields: Type.Optional(Strings) },
        { additionalProperties: true },
      ),
    ),
    regions: Type.Optional(
      Type.Object(
        { default: Type.Optional(Type.String()), available: Type.Optional(Strings) },
        { additionalProperties: true },
      ),
    ),
    defaults: Type.Optional(
      Type.Object(
        {
          server: Type.Optional(
            Type.Record(Type.String(), Type.Unknown(), {
              description: 'Provider: fields of every server that does not say otherwise (05 §2.1.5)',
            }),
          ),
        },
        { additionalProperties: true },
      ),
    ),
    support: Type.Optional(
      Type.Object(
        { documentation: Type.Optional(Type.String()), issues: Type.Optional(Type.String()) },
        { additionalProperties: true },
      ),
    ),
    provides: Type.Optional(Strings),
    build: Type.Optional(
      Type.Object(
        { include: Type.Optional(Strings), exclude: Type.Optional(Strings) },
        { additionalProperties: true },
      ),
    ),
  },
  { $id: 'Manifest', additionalProperties: true },
);
export type Manifest = Static<typeof Manifest> & Readonly<Record<string, unknown>>;
