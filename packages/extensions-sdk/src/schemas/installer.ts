import { type Static, Type } from 'typebox';

const port = (number: number, service: string) =>
  Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, default: number, description: `Port of ${service}` }),
  );
const closed = { additionalProperties: false } as const;

/** `installer-config.toml`: what `provisioning-installer` deploys, and how (04 §7.3). */
export const InstallerConfiguration = Type.Object(
  {
    installation: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(
            Type.String({
              default: 'provisioning',
              pattern: '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$',
              description:
                'Containers, volumes and manifests begin with it; two installations have two names',
            }),
          ),
          mode: Type.Optional(
            Type.Enum(['solo', 'multiuser', 'cicd', 'enterprise'], {
              default: 'solo',
              description: 'Who works with the platform, and how',
            }),
          ),
          provider: Type.Optional(
            Type.String({ default: 'local', description: 'Provider that infrastructures use by default' }),
          ),
          platform: Type.Optional(
            Type.Enum(['docker', 'podman', 'kubernetes', 'orbstack'], {
              description: 'What runs the services; default the first that answers',
            }),
          ),
          services: Type.Optional(
            Type.Array(Type.String(), {
              default: [],
              description: 'Services besides those that the mode requires',
            }),
          ),
          domain: Type.Optional(
            Type.String({ default: 'localhost', description: 'Name under which the services are reached' }),
          ),
          images: Type.Optional(
            Type.String({
              description:
                'Where the images come from: registry and namespace, or layout:<folder> of npm run package-containers; default the engine itself',
            }),
          ),
        },
        closed,
      ),
    ),
    resources: Type.Optional(
      Type.Object(
        {
          cpu: Type.Optional(
            Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.String({ pattern: '^[1-9][0-9]*m$' })], {
              description:
                'Processors for all services: cores below 100, else thousandths of one; also "2000m"',
            }),
          ),
          memory: Type.Optional(Type.Integer({ minimum: 1, description: 'MB of memory for all services' })),
          disk: Type.Optional(Type.Integer({ minimum: 1, description: 'GB of disk for all services' })),
        },
        closed,
      ),
    ),
    ports: Type.Optional(
      Type.Object(
        {
          orchestrator: port(9090, 'the orchestrator'),
          control_center: port(8080, 'the control center'),
          vault_service: port(8200, 'the vault'),
          extension_registry: port(8081, 'the extension registry'),
          provisioning_daemon: port(9091, 'the render daemon'),
          mcp_server: port(8084, 'the MCP server'),
          ai_service: port(8082, 'the AI service'),
          rag: port(8083, 'the retrieval service'),
          oci_registry: port(5000, 'the OCI registry'),
          coredns: port(5353, 'CoreDNS'),
          gitea: port(3000, 'Gitea'),
        },
        closed,
      ),
    ),
    security: Type.Optional(
      Type.Object(
        {
          enable_mfa: Type.Optional(
            Type.Boolean({ default: false, description: 'A second factor at log-in' }),
          ),
          enable_audit: Type.Optional(
            Type.Boolean({ default: false, description: 'Keep a record of actions' }),
          ),
          tls_enabled: Type.Optional(
            Type.Boolean({
              default: false,
              description: 'Serve over TLS with a certificate of the installation',
            }),
          ),
        },
        closed,
      ),
    ),
    mcp: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ default: false, description: 'Ask the MCP server for values that nobody gave' }),
          ),
          endpoint: Type.Optional(
            Type.String({
              default: 'http://localhost:8084',
              pattern: '^https?://',
              description: 'Address of the MCP server',
            }),
          ),
        },
        closed,
      ),
    ),
    dependencies: Type.Optional(
      Type.Object(
        {
          platform: Type.Object(
            {
              images: Type.Record(Type.String(), Type.String(), {
                default: {},
                description: 'Image of a service in place of the one of the installed version',
              }),
            },
            closed,
          ),
        },
        closed,
      ),
    ),
  },
  { title: 'Installer', ...closed },
);
export type InstallerConfiguration = Static<typeof InstallerConfiguration>;
