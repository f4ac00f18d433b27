/** A service of the platform (04 §6.1). */
export interface Service {
  readonly name: string;
  /** Its key in `[ports]`. */
  readonly key: string;
  readonly port: number;
  /** Services that have to answer before it starts. */
  readonly needs: readonly string[];
  /** How it runs today; nothing for a service that comes with a later version. */
  readonly runs?: ServiceProgram;
}

export interface ServiceProgram {
  /** `provisioning-platform/orchestrator` of the platform's line, or `provisioning` of the core's. */
  readonly image: string;
  readonly line: 'platform' | 'core';
  /** Where it says that it is healthy. */
  readonly health: string;
  /** Whether it tells with `/api/versions` what it goes with. */
  readonly versions: boolean;
}

const later = (name: string, port: number, needs: readonly string[] = []): Service => ({
  name,
  key: name.replaceAll('-', '_'),
  port,
  needs,
});

const runs = (
  name: string,
  port: number,
  needs: readonly string[],
  program: Partial<ServiceProgram>,
): Service => ({
  ...later(name, port, needs),
  runs: {
    image: `provisioning-platform/${name}`,
    line: 'platform',
    health: '/health',
    versions: true,
    ...program,
  },
});

const commandLine = { image: 'provisioning', line: 'core' } as const;

/** Every service in the order in which they start (S:32292-32308). */
export const services: readonly Service[] = [
  later('etcd', 2379),
  later('vault-service', 8200),
  runs('oci-registry', 5000, [], { ...commandLine, health: '/v2/', versions: false }),
  later('coredns', 5353),
  later('gitea', 3000),
  runs('extension-registry', 8081, ['oci-registry'], {}),
  later('rag', 8083),
  later('ai-service', 8082, ['rag']),
  runs('orchestrator', 9090, [], {}),
  later('control-center', 8080),
  later('mcp-server', 8084),
  runs('provisioning-daemon', 9091, [], commandLine),
  later('prometheus', 9095),
  later('grafana', 3001, ['prometheus']),
  later('alertmanager', 9093, ['prometheus']),
];

/** Those that every installation has (04 §6.1). */
export const requiredServices = [
  'orchestrator',
  'control-center',
  'vault-service',
  'extension-registry',
  'provisioning-daemon',
] as const;

export function serviceNamed(name: string): Service | undefined {
  return services.find((service) => service.name === name || service.key === name);
}
