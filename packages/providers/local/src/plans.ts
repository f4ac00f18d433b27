import type { Plan } from '@provisioning/extensions-sdk';
import { invalid } from './failure.ts';

/** Cores and megabytes. */
export interface Size {
  readonly cores: number;
  readonly memory: number;
}

const named: Readonly<Record<string, Size>> = {
  small: { cores: 2, memory: 4096 },
  medium: { cores: 4, memory: 8192 },
  large: { cores: 8, memory: 16384 },
  xlarge: { cores: 16, memory: 32768 },
  '2xlarge': { cores: 32, memory: 65536 },
};

const listed = ['1xCPU-1GB', '1xCPU-2GB', '2xCPU-2GB', '2xCPU-4GB', '4xCPU-8GB', '6xCPU-16GB', '8xCPU-32GB'];

/** The portable plans (06 §5.3), all free. */
export const plans: readonly Plan[] = [...Object.keys(named), ...listed].map((name) => {
  const { cores, memory } = planSize(name);
  return {
    name,
    cores,
    memory_mb: memory,
    description: `${cores} cores, ${memory / 1024} GB memory`,
    zones: ['local'],
    hourly: 0,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  };
});

/** Size of a plan: a name of the table, or any `NxCPU-MGB`. @throws ProviderError `Invalid server plan: <p>`. */
export function planSize(plan: string): Size {
  const size = named[plan];
  if (size !== undefined) return size;
  const match = /^(\d+)xCPU-(\d+(?:\.\d+)?)(GB|MB)$/i.exec(plan);
  const cores = Number(match?.[1]);
  const memory = Number(match?.[2]) * (match?.[3]?.toUpperCase() === 'GB' ? 1024 : 1);
  if (match === null || cores < 1 || memory < 64) {
    throw invalid(
      'plan',
      `Invalid server plan: ${plan}`,
      `Use one of ${Object.keys(named).join(', ')}, or NxCPU-MGB`,
    );
  }
  return { cores, memory };
}
