import { requiredServices, services } from './services.ts';

export interface ModeDefinition {
  readonly description: string;
  readonly services: readonly string[];
  /** Processors, GB of memory and of disk (04 §2.1). */
  readonly minimum: Sizing;
  readonly usual: Sizing;
  /** Seconds that a service has until it is healthy (04 §7.6). */
  readonly healthSeconds: number;
}

interface Sizing {
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
}

const size = (cores: number, memory: number, disk: number): Sizing => ({ cores, memory, disk });

/** What each mode deploys and takes (04 §7.4, §2.1). */
export const modes = {
  solo: {
    description: 'Single developer local development',
    services: requiredServices,
    minimum: size(2, 2, 10),
    usual: size(2, 4, 20),
    healthSeconds: 60,
  },
  multiuser: {
    description: 'Team collaboration',
    services: [...requiredServices, 'coredns', 'gitea'],
    minimum: size(4, 4, 50),
    usual: size(4, 8, 50),
    healthSeconds: 60,
  },
  cicd: {
    description: 'CI/CD pipeline execution',
    services: [...requiredServices, 'coredns', 'gitea', 'oci-registry'],
    minimum: size(8, 8, 100),
    usual: size(8, 16, 100),
    healthSeconds: 60,
  },
  enterprise: {
    description: 'Production enterprise deployment',
    services: services.map(({ name }) => name),
    minimum: size(16, 16, 500),
    usual: size(16, 32, 500),
    healthSeconds: 120,
  },
} as const satisfies Readonly<Record<string, ModeDefinition>>;

export type ModeName = keyof typeof modes;
