import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { OciSession } from './session.ts';

/**
 * Images of the platform services that the workspace names (09 §5 `dependencies.platform.images`), service by service.
 * @throws ProvisioningError `NO_PLATFORM_IMAGES`, exit 3.
 */
export function platformImages({ configuration }: Pick<OciSession, 'configuration'>): readonly string[] {
  const images = Object.entries((configuration.get('dependencies.platform.images') ?? {}) as object);
  const references = images.map(([, reference]) => reference as unknown);
  if (references.length > 0 && references.every((reference) => typeof reference === 'string'))
    return references;
  throw new ProvisioningError({
    code: 'NO_PLATFORM_IMAGES',
    kind: 'configuration',
    message: 'dependencies.platform.images names no images',
    hint: 'write there, for each service: orchestrator = "registry.example.com/provisioning-platform/orchestrator:v1.2.0"',
  });
}
