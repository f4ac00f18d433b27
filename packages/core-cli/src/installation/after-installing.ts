import type { ProvisioningCommand } from '../frame/command.ts';
import { missingTools } from '../status/checks.ts';

/** Programs of which one must be there, and how to come by it. */
const needed: readonly (readonly [programs: readonly string[], hint: string])[] = [
  [['podman', 'docker', 'ssh'], 'install Podman or Docker for servers on this machine, or an SSH client'],
  [['git'], 'install git for workspaces with branches and signed freezes'],
];

/**
 * What somebody wants to know after an installation (11 §5): the version, whether what it needs is there, whether the
 * configuration is right. On the stream for progress, so that the values alone are the result.
 */
export async function tellOfInstallation(command: ProvisioningCommand, configured: boolean): Promise<void> {
  const { out, host } = command;
  out.progress(`Provisioning v${host.catalogue.version} installed`);
  const missing = await Promise.all(
    needed.map(async ([programs, hint]) =>
      (await missingTools(command, programs)).length < programs.length
        ? []
        : [`${programs.join(' or ')}: ${hint}`],
    ),
  );
  const lines = missing.flat();
  for (const line of lines) out.progress(`Missing ${line}`);
  if (lines.length === 0) out.progress('All dependencies available');
  out.progress(
    configured
      ? 'Configuration loaded successfully'
      : 'Configuration not loaded: provisioning validate config tells why',
  );
}
