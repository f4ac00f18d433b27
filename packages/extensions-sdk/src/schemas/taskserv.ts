import { type Static, Type } from 'typebox';

/**
 * The manifest of a taskserv (07 §1–2, 08 §1): everything a taskserv says about itself as data. Strings marked
 * *template* are Handlebars; they see `config`, `server` and `servers`. Unknown keys are kept.
 */

const Mode = Type.String({ pattern: '^0?[0-7]{3,4}$', description: 'Octal permissions, such as 0640' });
const AbsolutePath = Type.String({ pattern: '^(/|\\{\\{)', description: 'Absolute path, template' });

/** A file on the host, rendered from a template of the package's `default/` folder. */
export const TaskservFile = Type.Object({
  /** File in `default/`, ending in `.hbs`. */
  template: Type.String({ minLength: 1 }),
  path: AbsolutePath,
  mode: Type.String({ ...Mode, default: '0644' }),
  owner: Type.String({ default: 'root' }),
  group: Type.String({ default: 'root' }),
  /** What a changed file asks of the taskserv's units. */
  on_change: Type.Union([Type.Literal('restart'), Type.Literal('reload'), Type.Literal('none')], {
    default: 'restart',
  }),
  /** Command that must succeed before the file is put in place; the candidate is in `$FILE`. */
  validate: Type.Optional(Type.String()),
  /** Template; the file is left out when it renders to nothing or `false`. */
  when: Type.Optional(Type.String()),
});
export type TaskservFile = Static<typeof TaskservFile>;

export const TaskservDirectory = Type.Object({
  path: AbsolutePath,
  mode: Type.String({ ...Mode, default: '0755' }),
  owner: Type.String({ default: 'root' }),
  group: Type.String({ default: 'root' }),
});
export type TaskservDirectory = Static<typeof TaskservDirectory>;

/** A systemd unit that must be enabled and active. */
export const TaskservUnit = Type.Object({
  /** Template; `postgresql@15-main`. A name without a suffix is a service. */
  name: Type.String({ minLength: 1 }),
  when: Type.Optional(Type.String()),
});
export type TaskservUnit = Static<typeof TaskservUnit>;

/** A system user that owns the service's files. */
export const TaskservUser = Type.Object({
  name: Type.String({ pattern: '^[a-z_][a-z0-9_-]{0,31}$' }),
  home: Type.String({ default: '/nonexistent' }),
  shell: Type.String({ default: '/usr/sbin/nologin' }),
});
export type TaskservUser = Static<typeof TaskservUser>;

/** A download with a checksum, for software that no package provides (07 §2 `source`, `assets`, `checksums`). */
export const TaskservAsset = Type.Object({
  /** Template; sees `version` and `arch` too. */
  url: Type.String({ minLength: 1 }),
  /** Template; SHA-256 of the download. One of `sha256` and `checksum_url` must not be empty. */
  sha256: Type.String({ default: '' }),
  /** Template; where the publisher says the SHA-256, alone or in a list of `<sum>  <file>` lines. */
  checksum_url: Type.String({ default: '' }),
  /** `file` puts the download at `path`; `tar` and `zip` unpack the member `member` of it there. */
  format: Type.Union([Type.Literal('file'), Type.Literal('tar'), Type.Literal('zip')], { default: 'file' }),
  member: Type.Optional(Type.String()),
  path: AbsolutePath,
  mode: Type.String({ ...Mode, default: '0755' }),
});
export type TaskservAsset = Static<typeof TaskservAsset>;

/** A package repository beside those of the system. */
export const TaskservRepository = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
  /** Template; address, suite and components of APT: `https://packages.example.org/v1 ./`. */
  source: Type.String({ minLength: 1 }),
  /** Template; where the key is that its lists are signed with, in text form. */
  key_url: Type.String({ minLength: 1 }),
  /** Template; the repository is left out when it is empty. */
  when: Type.Optional(Type.String()),
});
export type TaskservRepository = Static<typeof TaskservRepository>;

/** A file of the host that is kept in `data/` of the infrastructure, readable by its owner only. */
export const TaskservFetch = Type.Object({
  path: AbsolutePath,
  to: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$' }),
});
export type TaskservFetch = Static<typeof TaskservFetch>;

/** How the software gets onto the host. */
export const TaskservInstall = Type.Object(
  {
    method: Type.Union(
      ['package', 'binary', 'script', 'helm', 'manifest', 'container'].map((name) => Type.Literal(name)),
      { default: 'package' },
    ),
    packages: Type.Optional(
      Type.Object({
        /** Templates; each may render to several names. */
        apt: Type.Array(Type.String(), { default: [] }),
      }),
    ),
    repositories: Type.Array(TaskservRepository, { default: [] }),
    /**
     * Template; another server without which this one cannot be set up, such as the control plane a node joins. There
     * `helper-before.sh` runs first (lines `NAME=value` it prints are what the scripts here see), `helper-after.sh` and
     * `helper-remove.sh` at the end. Empty: no help is needed.
     */
    helper: Type.Optional(Type.String()),
    fetch: Type.Array(TaskservFetch, { default: [] }),
    /** Whether packages stay on the host when the taskserv is deleted. */
    keep_packages: Type.Boolean({ default: false }),
    users: Type.Array(TaskservUser, { default: [] }),
    directories: Type.Array(TaskservDirectory, { default: [] }),
    assets: Type.Array(TaskservAsset, { default: [] }),
    files: Type.Array(TaskservFile, { default: [] }),
    units: Type.Array(TaskservUnit, { default: [] }),
    /**
     * Facts that `scripts/check.sh` must report for the taskserv to be satisfied: one template that renders to lines of
     * `what<TAB>value`, or `what` alone for `present`.
     */
    facts: Type.String({ default: '' }),
  },
  { default: {} },
);
export type TaskservInstall = Static<typeof TaskservInstall>;

/** When the service counts as healthy; all given checks must pass. Times in seconds (07 §2). */
export const TaskservHealth = Type.Object(
  {
    /** Template; a shell command. */
    command: Type.Optional(Type.String()),
    /** Template; port or `address:port`. */
    tcp: Type.Optional(Type.String()),
    /** Template; `http://address:port/path`, healthy when the status is 2xx or 3xx. */
    endpoint: Type.Optional(Type.String()),
    interval: Type.Number({ minimum: 0, default: 30 }),
    timeout: Type.Number({ minimum: 0.1, default: 5 }),
    retries: Type.Integer({ minimum: 0, default: 3 }),
    initial_delay: Type.Number({ minimum: 0, default: 30 }),
  },
  { default: {} },
);
export type TaskservHealth = Static<typeof TaskservHealth>;

/** What is installed and which versions of it there are (07 §2 "Version"). */
export const TaskservSoftware = Type.Object(
  {
    version: Type.String({ default: 'latest' }),
    supports_versions: Type.Array(Type.String(), { default: [] }),
    source: Type.Optional(
      Type.Object({
        type: Type.Union(
          ['github', 'gitea', 'oci', 'helm', 'apt', 'static'].map((name) => Type.Literal(name)),
        ),
        repository: Type.Optional(Type.String()),
        release_pattern: Type.String({ default: 'v{version}' }),
        prerelease: Type.Boolean({ default: false }),
      }),
    ),
  },
  { default: {} },
);
export type TaskservSoftware = Static<typeof TaskservSoftware>;

const Ranges = Type.Record(Type.String(), Type.String(), { default: {} });

export const TaskservManifest = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' }),
    type: Type.Literal('taskserv'),
    /** Version of the package, not of the software. */
    version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+([-+].+)?$' }),
    description: Type.String({ default: '' }),
    category: Type.String({ default: 'misc' }),
    license: Type.Optional(Type.String()),
    aliases: Type.Array(Type.String(), { default: [] }),
    tags: Type.Array(Type.String(), { default: [] }),
    /** Name to version range; a name may be an alternative `a|b` or a capability (07 §2). */
    dependencies: Ranges,
    optional_dependencies: Ranges,
    conflicts: Ranges,
    provides: Type.Array(Type.String(), { default: [] }),
    software: TaskservSoftware,
    install: TaskservInstall,
    health: TaskservHealth,
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { default: [] }),
    data_directories: Type.Array(Type.String(), { default: [] }),
    /** What `scripts/backup.sh` writes, as the end of a file name: `sql`, `rdb`. Default `tar` of the data directories. */
    backup_format: Type.Optional(Type.String({ pattern: '^[a-z0-9]{1,8}$' })),
    os_support: Type.Array(Type.String(), { default: ['debian', 'ubuntu'] }),
    arch_support: Type.Array(Type.String(), { default: ['amd64', 'arm64'] }),
    /** Least memory and free disk of a host, in MB. */
    resources: Type.Object(
      { memory: Type.Number({ default: 0 }), disk: Type.Number({ default: 0 }) },
      { default: {} },
    ),
    /** It may run on a changing number of servers; `taskserv` is the one whose servers count, default itself. */
    scaling: Type.Optional(Type.Object({ taskserv: Type.Optional(Type.String()) })),
    /** Named partial configurations (07 §2). */
    profiles: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), { default: {} }),
    /** Seconds for the whole installation on one host. */
    timeout: Type.Integer({ minimum: 1, default: 600 }),
  },
  { additionalProperties: true },
);
export type TaskservManifest = Static<typeof TaskservManifest>;

/** A taskserv as one server uses it, resolved: what `taskserv.create` gets. */
export const TaskservUse = Type.Object({
  name: Type.String({ minLength: 1 }),
  version: Type.Optional(Type.String()),
  profile: Type.String({ default: 'default' }),
  /** The infrastructure's configuration of the taskserv with the server's own over it. */
  config: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
});
export type TaskservUse = Static<typeof TaskservUse>;
