import type { Installation, PlannedService } from './resolve.ts';
import type { LineVersions } from './version.ts';

/** One container that runs a service. */
export interface ContainerPlan {
  readonly service: string;
  readonly container: string;
  readonly volume: string;
  readonly image: ImagePlan;
  readonly port: number;
  readonly needs: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files in the container, by path; `secret` ones are not shown. */
  readonly files: readonly ContainerFile[];
  /** Where it says that it is healthy, with the user that may ask. */
  readonly health: { readonly url: string; readonly credentials?: string };
  readonly versionsUrl?: string;
  /** Where the volume is mounted. */
  readonly data: '/data';
}

export interface ContainerFile {
  readonly path: string;
  readonly content: string;
  readonly secret: boolean;
}

export interface ImagePlan {
  /** `provisioning-platform/orchestrator`. */
  readonly repository: string;
  readonly tag: string;
  /** The complete reference where a registry was named, or an image for this service. */
  readonly reference?: string;
}

/** What the services share and nobody else may know. */
export interface Secrets {
  /** Password of the user `provisioning` of the OCI registry. */
  readonly registryPassword: string;
  /** Line of its `htpasswd`. */
  readonly registryHtpasswd: string;
}

const registryUser = 'provisioning';
const own = '/app';

/**
 * The containers of an installation in the order in which they start. Solo mode asks nobody who he is, so everything
 * listens on the loopback address of the machine alone: the containers share its network (04 §2.4).
 */
export function containersOf(
  installation: Installation,
  versions: LineVersions,
  secrets: Secrets,
): readonly ContainerPlan[] {
  const running = installation.services.filter(({ service }) => service.runs !== undefined);
  const portOf = (name: string): number | undefined =>
    running.find(({ service }) => service.name === name)?.port;
  return running.map((planned) => {
    const { service, port } = planned;
    const { image, line, health, versions: tells } = service.runs!;
    const base = `http://127.0.0.1:${port}`;
    const name = `${installation.name}-${service.name}`;
    const tag = line === 'platform' ? `v${tagOf(versions.platform)}` : tagOf(versions.core);
    const reference =
      installation.ownImages[service.name] ??
      installation.ownImages[service.key] ??
      inRegistry(installation.images, `${image}:${tag}`);
    return {
      service: service.name,
      container: name,
      volume: `${name}-data`,
      image: {
        repository: image,
        tag,
        ...(reference === undefined ? {} : { reference }),
      },
      port,
      needs: service.needs.filter((needed) => portOf(needed) !== undefined),
      files: [],
      environment: {},
      data: '/data' as const,
      ...programs[service.name]!(planned, installation, secrets, portOf),
      health: {
        url: `${base}${health}`,
        ...(service.name === 'oci-registry'
          ? { credentials: `${registryUser}:${secrets.registryPassword}` }
          : {}),
      },
      ...(tells ? { versionsUrl: `${base}/api/versions` } : {}),
    };
  });
}

/** Folders of images begin with it; everything else is a registry with a namespace. */
export const layoutMark = 'layout:';

function inRegistry(images: string | undefined, name: string): string | undefined {
  if (images === undefined || images.startsWith(layoutMark)) return undefined;
  return `${images.replace(/^https?:\/\//, '').replace(/\/$/, '')}/${name}`;
}

/** A tag has no "+". */
const tagOf = (version: string): string => version.replaceAll('+', '_');

type Program = (
  planned: PlannedService,
  installation: Installation,
  secrets: Secrets,
  portOf: (name: string) => number | undefined,
) => Partial<Pick<ContainerPlan, 'command' | 'environment' | 'files'>>;

const programs: Readonly<Record<string, Program>> = {
  orchestrator: ({ port }, { mode }) => ({
    environment: {
      ORCHESTRATOR_MODE: mode,
      ORCHESTRATOR_SERVER_HOST: '127.0.0.1',
      ORCHESTRATOR_SERVER_PORT: String(port),
      ORCHESTRATOR_DATA_DIR: '/data/orchestrator',
    },
  }),
  'extension-registry': ({ port }, { mode }, { registryPassword }, portOf) => ({
    environment: {
      REGISTRY_MODE: mode,
      REGISTRY_CONFIG: `${own}/extension-registry.toml`,
      REGISTRY_SERVER_HOST: '127.0.0.1',
      REGISTRY_SERVER_PORT: String(port),
    },
    files: [
      {
        path: `${own}/extension-registry.toml`,
        secret: false,
        content: [
          '[[distributions.oci]]',
          `registry = "http://127.0.0.1:${portOf('oci-registry')!}"`,
          'namespace = "provisioning-extensions"',
          `username = "${registryUser}"`,
          `auth_token_path = "${own}/registry-token"`,
          '',
        ].join('\n'),
      },
      { path: `${own}/registry-token`, secret: true, content: `${registryPassword}\n` },
    ],
  }),
  'oci-registry': ({ port }, _installation, { registryHtpasswd }) => ({
    command: [
      ...['provisioning', 'oci-registry', 'serve', '--bind', '127.0.0.1', '--port', String(port)],
      ...['--storage', '/data/oci-registry', '--htpasswd', `${own}/htpasswd`],
    ],
    files: [{ path: `${own}/htpasswd`, secret: true, content: `${registryHtpasswd}\n` }],
  }),
  'provisioning-daemon': ({ port }) => ({
    command: ['provisioning', 'config', 'daemon', 'run', '--bind', `127.0.0.1:${port}`],
  }),
};

/** The image as the plan names it. */
export function imageName({ image }: Pick<ContainerPlan, 'image'>): string {
  return image.reference ?? `${image.repository}:${image.tag}`;
}
