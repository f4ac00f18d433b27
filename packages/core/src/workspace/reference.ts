import { workspaceNamePattern } from '@provisioning/extensions-sdk';
import { usage } from './errors.ts';

/** `workspace[:infra]` as given to `-ws`, `activate` and `PROVISIONING_WORKSPACE` (03 §6). */
export interface WorkspaceReference {
  readonly workspace: string;
  readonly infra?: string;
}

const part = /^[A-Za-z0-9._-]+$/;

/** @throws ProvisioningError `INVALID_WORKSPACE_REFERENCE` (exit 2) */
export function parseReference(text: string): WorkspaceReference {
  const [workspace = '', infra, ...more] = text.split(':');
  const valid =
    more.length === 0 &&
    (workspace === '' ? infra === undefined : part.test(workspace)) &&
    (infra === undefined || part.test(infra));
  if (!valid)
    throw usage(
      `Invalid workspace reference: ${text}`,
      'INVALID_WORKSPACE_REFERENCE',
      'Write <workspace> or <workspace>:<infra>.',
    );
  return infra === undefined ? { workspace } : { workspace, infra };
}

/** New names must match the rule; older ones with dots or capitals stay addressable (03 §1). */
export function checkWorkspaceName(name: string): void {
  if (new RegExp(workspaceNamePattern).test(name)) return;
  throw usage(
    `Invalid name: ${name}`,
    'INVALID_WORKSPACE_NAME',
    'Use lower-case letters, digits, hyphens and underscores; begin and end with a letter or digit; at most 63.',
  );
}
