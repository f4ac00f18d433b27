import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Endpoint, parseEndpoint } from '../docker/http.ts';
import type { LocalConfig } from '../schema.ts';

/** A place where an engine may answer. */
export interface Candidate {
  /** Where the address comes from, for messages. */
  readonly source: string;
  readonly endpoint: Endpoint;
  /** Named by the user: if it does not answer, nothing else is tried behind their back. */
  readonly explicit: boolean;
}

/**
 * The places to look for an engine, best first: DOCKER_HOST, `docker_socket`, Docker, Podman, OrbStack, Colima,
 * Rancher Desktop (06 §6.1). Sockets that do not exist are left out.
 */
export function candidates(config: LocalConfig, variables: Readonly<Record<string, string>>): Candidate[] {
  const host = variables.DOCKER_HOST;
  if (host) {
    const secure = variables.DOCKER_TLS_VERIFY || variables.DOCKER_CERT_PATH;
    const certificates = secure
      ? variables.DOCKER_CERT_PATH || join(variables.HOME ?? homedir(), '.docker')
      : undefined;
    const endpoint = parseEndpoint(host, certificates);
    return endpoint === undefined ? [] : [{ source: 'DOCKER_HOST', endpoint, explicit: true }];
  }
  const found: Candidate[] = [];
  const seen = new Set<string>();
  const add = (source: string, address: string | undefined) => {
    const endpoint = address === undefined ? undefined : parseEndpoint(address);
    if (endpoint === undefined) return;
    if (endpoint.kind === 'socket' && (seen.has(endpoint.path) || !existsSync(endpoint.path))) return;
    if (endpoint.kind === 'socket') seen.add(endpoint.path);
    found.push({ source, endpoint, explicit: false });
  };
  for (const [source, runtime, path] of places(config, variables)) {
    if (config.runtime === 'auto' || runtime === 'any' || runtime === config.runtime) add(source, path);
  }
  return found;
}

function places(
  config: LocalConfig,
  variables: Readonly<Record<string, string>>,
): readonly (readonly [source: string, runtime: string, path: string | undefined])[] {
  const home = variables.HOME ?? homedir();
  const uid = userInfo().uid;
  const runtimeDir = variables.XDG_RUNTIME_DIR ?? (uid > 0 ? `/run/user/${uid}` : undefined);
  const inRuntimeDir = (path: string) => (runtimeDir === undefined ? undefined : join(runtimeDir, path));
  return [
    ['docker_socket', 'any', config.docker_socket],
    ['Docker', 'docker', '/var/run/docker.sock'],
    ['Docker (rootless)', 'docker', inRuntimeDir('docker.sock')],
    ['Docker Desktop', 'docker', join(home, '.docker/run/docker.sock')],
    ['Podman', 'podman', inRuntimeDir('podman/podman.sock')],
    ['Podman', 'podman', uid === 0 ? '/run/podman/podman.sock' : undefined],
    ['OrbStack', 'orbstack', join(home, '.orbstack/run/docker.sock')],
    ['Colima', 'colima', join(home, '.colima/default/docker.sock')],
    ['Rancher Desktop', 'nerdctl', join(home, '.rd/docker.sock')],
  ];
}
