import type { Infrastructure } from '../infra/index.ts';
import type { Template } from './metadata.ts';

export interface FitnessOptions {
  readonly infrastructure: Infrastructure;
  /** Names of taskservs and providers loaded at the infrastructure or above. */
  readonly loaded: ReadonlySet<string>;
}

/** Why an infrastructure can't take a template; empty when it can (08 §7.4.2). */
export function unfitness(chain: readonly Template[], { infrastructure, loaded }: FitnessOptions): string[] {
  const reasons: string[] = [];
  const { servers, taskservs } = infrastructure;
  const own = chain.at(-1)!.metadata.requirements;
  if (servers.length < own.min_servers) {
    reasons.push(`needs ${count(own.min_servers, 'server')}, found ${servers.length}`);
  }
  const large = servers.filter(({ memory }) => memory >= own.min_memory_gb * 1024);
  if (
    own.min_memory_gb > 0 &&
    servers.length >= own.min_servers &&
    large.length < Math.max(1, own.min_servers)
  ) {
    reasons.push(
      `needs ${count(Math.max(1, own.min_servers), 'server')} with ${own.min_memory_gb} GB of memory, found ${large.length}`,
    );
  }
  const used = new Set([
    ...Object.keys(taskservs),
    ...servers.flatMap((server) => server.taskservs.map(({ name }) => name)),
  ]);
  for (const { metadata } of chain) {
    for (const name of metadata.requirements.required_taskservs) {
      if (!used.has(name) && !loaded.has(`taskserv/${name}`)) reasons.push(`needs the taskserv ${name}`);
    }
    for (const name of metadata.requirements.providers) {
      if (!loaded.has(`provider/${name}`) && !servers.some(({ provider }) => provider === name)) {
        reasons.push(`needs the provider ${name}`);
      }
    }
  }
  return reasons;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
