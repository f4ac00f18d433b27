import type { ContainerPlan } from '../plan/containers.ts';
import type { Installation, PlatformName } from '../plan/resolve.ts';
import { composeFile } from './compose.ts';
import { kubernetesManifests } from './kubernetes.ts';
import { podmanUnits } from './units.ts';

/** A file for people; the ones with secrets are for their owner alone. */
export interface RenderedFile {
  readonly name: string;
  readonly content: string;
  readonly mode: 0o600 | 0o644;
}

/** The plan as the platform's own files (04 §7.6, step 3). */
export function renderedFiles(
  platform: PlatformName,
  installation: Installation,
  containers: readonly ContainerPlan[],
): readonly RenderedFile[] {
  if (platform === 'kubernetes')
    return [{ name: 'kubernetes.yaml', content: kubernetesManifests(installation, containers), mode: 0o600 }];
  const units = platform === 'podman' ? podmanUnits(containers) : {};
  return [
    { name: 'compose.yaml', content: composeFile(installation.name, containers), mode: 0o644 },
    ...Object.entries(units).map(([name, content]) => ({ name, content, mode: 0o644 as const })),
  ];
}
