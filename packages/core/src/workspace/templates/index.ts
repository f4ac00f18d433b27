import { usage } from '../errors.ts';
import { demo } from './demo.ts';
import { minimal } from './minimal.ts';
import { developer, example, full, kubernetes, multiCloud } from './others.ts';
import type { WorkspaceTemplate } from './template.ts';

export type { TemplateFile, TemplateInput, WorkspaceTemplate } from './template.ts';

/** Templates of `workspace init --template` (03 §4.3). */
export const workspaceTemplates: readonly WorkspaceTemplate[] = [
  minimal,
  demo,
  full,
  example,
  kubernetes,
  multiCloud,
  developer,
];

/** The content itself, or what is called so; `minimal` by default. @throws ProvisioningError `TEMPLATE_NOT_FOUND` (exit 2) */
export function templateOf(wanted: string | WorkspaceTemplate = 'minimal'): WorkspaceTemplate {
  return typeof wanted === 'string' ? named(wanted) : wanted;
}

function named(name: string): WorkspaceTemplate {
  const template = workspaceTemplates.find((candidate) => candidate.name === name);
  if (template !== undefined) return template;
  throw usage(
    `Unknown workspace template '${name}'`,
    'TEMPLATE_NOT_FOUND',
    `Templates: ${workspaceTemplates.map((candidate) => candidate.name).join(', ')}`,
  );
}
