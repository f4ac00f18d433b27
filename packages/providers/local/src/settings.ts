import type { LocalConfig, Runtime } from './schema.ts';

/** The settings of `[providers.local]` with their defaults. */
export function readConfig(config: Readonly<Record<string, unknown>>): LocalConfig {
  return {
    ...config,
    docker_socket: text(config.docker_socket) ?? '/var/run/docker.sock',
    runtime: (text(config.runtime) ?? 'auto') as Runtime,
    network_mode: text(config.network_mode) ?? 'bridge',
    base_path: text(config.base_path),
    image_map: (config.image_map as Record<string, string> | undefined) ?? {},
    oci_runtimes: config.oci_runtimes as string[] | undefined,
    storage_root: text(config.storage_root),
    private_service: config.private_service !== false,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
