import { type Static, Type } from 'typebox';

/** Names of the engine families that `runtime` may select (06 §6.1). */
export const Runtime = Type.Union(
  [
    Type.Literal('auto'),
    Type.Literal('docker'),
    Type.Literal('podman'),
    Type.Literal('orbstack'),
    Type.Literal('colima'),
    Type.Literal('nerdctl'),
  ],
  { default: 'auto' },
);
export type Runtime = Static<typeof Runtime>;

/** `[providers.local]` (06 §6.1). */
export const LocalConfig = Type.Object(
  {
    docker_socket: Type.Optional(
      Type.String({
        default: '/var/run/docker.sock',
        description: 'Socket tried first, unless DOCKER_HOST names another.',
      }),
    ),
    runtime: Type.Optional(Runtime),
    network_mode: Type.Optional(
      Type.String({
        default: 'bridge',
        description: '`bridge` makes one network an infrastructure; `host`, `none` or the name of a network.',
      }),
    ),
    base_path: Type.Optional(
      Type.String({ description: 'Folder for volumes; without it they are volumes of the engine.' }),
    ),
    image_map: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        default: {},
        description: 'Image by operating system. Images named here must run systemd and sshd.',
      }),
    ),
    oci_runtimes: Type.Optional(
      Type.Array(Type.String(), {
        description: 'OCI runtimes for the private Podman service, in the order they are tried.',
      }),
    ),
    storage_root: Type.Optional(
      Type.String({
        description: 'Storage of the private Podman service; default is the one of Podman itself.',
      }),
    ),
    private_service: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether a Podman service of our own may be started when no engine is running.',
      }),
    ),
  },
  { additionalProperties: true },
);

/** The settings with their defaults filled in. */
export type LocalConfig = Static<typeof LocalConfig> &
  Required<
    Pick<
      Static<typeof LocalConfig>,
      'docker_socket' | 'runtime' | 'network_mode' | 'image_map' | 'private_service'
    >
  >;

/** `[servers.local]`: extras of one server. */
export const LocalServer = Type.Object(
  {
    image: Type.Optional(Type.String({ description: 'Image to start from, in place of the one of `os`.' })),
    privileged: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'All capabilities and devices; needed where containers run inside the server.',
      }),
    ),
    capabilities: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Z_]+$' }), { default: [] })),
  },
  { additionalProperties: true },
);
export type LocalServer = Static<typeof LocalServer>;
