import { ProvisioningError } from '@provisioning/extensions-sdk';

/** No workspace is selected and the command needs one (03 §5). */
export function workspaceRequired(): ProvisioningError {
  return new ProvisioningError({
    code: 'WORKSPACE_REQUIRED',
    kind: 'configuration',
    message: 'No active workspace found. Please initialize or activate a workspace.',
    hint: [
      'To get started:',
      '  1. Create a new workspace:            provisioning workspace init <name>',
      '  2. Or activate an existing workspace: provisioning workspace activate <name>',
      '  3. List available workspaces:         provisioning workspace list',
    ].join('\n'),
  });
}

export function workspaceNotFound(name: string, known: readonly string[] = []): ProvisioningError {
  return new ProvisioningError({
    code: 'WORKSPACE_NOT_FOUND',
    kind: 'not-found',
    message: `Workspace '${name}' not found in registry`,
    hint: [
      ...(known.length === 0 ? [] : [`Available workspaces: ${known.join(', ')}`]),
      `Register it first with: provisioning workspace register ${name === '' ? '<name>' : name} <path>`,
    ].join('\n'),
    details: { known },
  });
}

export function infraNotFound(
  infra: string,
  workspace: string,
  known: readonly string[] = [],
): ProvisioningError {
  return new ProvisioningError({
    code: 'INFRA_NOT_FOUND',
    kind: 'not-found',
    message: `Infrastructure '${infra}' not found in workspace '${workspace}'`,
    hint: [
      ...(known.length === 0 ? [] : [`Available infrastructures: ${known.join(', ')}`]),
      `Define a new one with: provisioning generate infra --new ${/^[\w-]+$/.test(infra) ? infra : '<name>'}`,
    ].join('\n'),
    details: { known },
  });
}

export function usage(message: string, code = 'USAGE', hint?: string): ProvisioningError {
  return new ProvisioningError({ code, kind: 'usage', message, ...(hint === undefined ? {} : { hint }) });
}
