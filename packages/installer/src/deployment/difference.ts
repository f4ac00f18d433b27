import type { ContainerSummary } from '@provisioning/provider-local/engine';
import { label, type WantedContainer } from './containers.ts';

export interface Replaced {
  readonly id: string;
  readonly container: string;
  readonly running: boolean;
}

/** What a run changes about an installation. */
export interface Difference {
  /** Services that stay as they are. */
  readonly kept: readonly string[];
  readonly replaced: readonly Replaced[];
  /** In words, a line for each service. */
  readonly lines: readonly string[];
}

/** Compares the wanted containers with those that are there; a stopped one is made anew. */
export function differenceOf(
  wanted: readonly WantedContainer[],
  present: readonly ContainerSummary[],
): Difference {
  const byService = new Map(present.map((one) => [one.Labels[label.service]!, one]));
  const kept: string[] = [];
  const lines: string[] = [];
  const replaced: Replaced[] = [];
  for (const { plan, digest } of wanted) {
    const found = byService.get(plan.service);
    byService.delete(plan.service);
    if (found === undefined) lines.push(`+ ${plan.service}`);
    else if (found.State === 'running' && found.Labels[label.digest] === digest) {
      kept.push(plan.service);
      lines.push(`= ${plan.service}`);
    } else {
      replaced.push(replacedOf(found));
      lines.push(`~ ${plan.service}`);
    }
  }
  for (const [service, found] of byService) {
    replaced.push(replacedOf(found));
    lines.push(`- ${service}`);
  }
  return { kept, replaced, lines };
}

function replacedOf({ Id, Names, State }: ContainerSummary): Replaced {
  return { id: Id, container: (Names[0] ?? Id).replace(/^\//, ''), running: State === 'running' };
}
