import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Template, TemplateVariable } from './metadata.ts';

/** Defaults of a template's variables. */
export function variableDefaults(template: Template): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { default: value }] of Object.entries(template.metadata.variables)) {
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/**
 * Values of all variables of a template chain: given ones, then defaults (08 §7.4.3). `ask` is called for a required
 * one that is missing, on a terminal.
 * @throws ProvisioningError `TEMPLATE_VARIABLE`, exit 2.
 */
export async function templateVariables(
  chain: readonly Template[],
  given: Readonly<Record<string, unknown>>,
  ask?: (name: string, variable: TemplateVariable) => Promise<string | undefined>,
): Promise<Record<string, unknown>> {
  const declared: Record<string, TemplateVariable> = Object.assign(
    {},
    ...chain.map(({ metadata }) => metadata.variables),
  );
  const values: Record<string, unknown> = Object.assign({}, ...chain.map(variableDefaults));
  for (const [name, value] of Object.entries(given)) {
    const variable = declared[name];
    if (variable === undefined) {
      throw usage(
        `Unknown variable: ${name}`,
        `This template has: ${Object.keys(declared).join(', ') || 'none'}`,
      );
    }
    values[name] = typed(name, variable, value);
  }
  for (const [name, variable] of Object.entries(declared)) {
    if (values[name] !== undefined || !variable.required) continue;
    const answer = await ask?.(name, variable);
    if (answer === undefined || answer === '') {
      throw usage(
        `Missing variable: ${name}`,
        `Give it with --set ${name}=VALUE. ${variable.description}`.trim(),
      );
    }
    values[name] = typed(name, variable, answer);
  }
  return values;
}

function typed(name: string, { type }: TemplateVariable, value: unknown): unknown {
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value !== 'string') return value;
  if (type === 'boolean' && /^(true|false|yes|no)$/.test(value)) return value === 'true' || value === 'yes';
  if (type === 'integer' && /^-?\d+$/.test(value)) return Number(value);
  if (type === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  throw usage(`Variable ${name}: expected ${type}, got '${value}'`);
}

function usage(message: string, hint?: string): ProvisioningError {
  return new ProvisioningError({ code: 'TEMPLATE_VARIABLE', kind: 'usage', message, hint });
}
