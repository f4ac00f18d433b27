import { type ExtensionRecord, loadTaskservPackage, resolveTaskservConfig } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** One setting as `recommend_resources` gives it (23 §2). */
interface Suggestion {
  readonly key: string;
  readonly value: unknown;
  readonly reason?: string;
  readonly confidence?: number;
}

/**
 * What the MCP server recommends for a taskserv, as far as the taskserv knows the settings and they are valid; shown as
 * it is read. Empty, with a warning, when nobody answers (07 §5).
 */
export async function suggestedSettings(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  record: ExtensionRecord,
  url: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const base = (
    url ??
    command.runtime.environment['PROVISIONING_MCP_URL'] ??
    'http://127.0.0.1:8084'
  ).replace(/\/$/, '');
  const taskserv = await loadTaskservPackage(record.path);
  let suggestions: readonly Suggestion[];
  try {
    if (command.globals.offline) throw new Error('--offline');
    suggestions = await ask(base, record.name, session.infrastructure.environment, command.signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    command.out.warn(`No recommendations from ${base} (${reason}); the defaults of ${record.name} are used`);
    return {};
  }
  const known = (taskserv.schema as { properties?: Record<string, unknown> }).properties ?? {};
  const settings: Record<string, unknown> = {};
  for (const { key, value, reason } of suggestions) {
    if (!Object.hasOwn(known, key)) continue;
    try {
      const use = { name: record.name, profile: 'default', config: { ...settings, [key]: value } };
      resolveTaskservConfig(taskserv, use, 'the recommendation');
    } catch (error) {
      command.out.warn(`Recommendation left out: ${ProvisioningError.from(error).message}`);
      continue;
    }
    settings[key] = value;
    command.out.info(
      `${record.name}.${key} = ${JSON.stringify(value)}${reason === undefined ? '' : ` (${reason})`}`,
    );
  }
  return settings;
}

async function ask(
  base: string,
  workload: string,
  mode: string,
  signal: AbortSignal,
): Promise<readonly Suggestion[]> {
  const response = await fetch(`${base}/tools/recommend_resources`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ workload, mode }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer = (await response.json()) as {
    readonly is_error?: boolean;
    readonly structured?: { readonly settings?: readonly Suggestion[] };
  };
  if (answer.is_error === true) throw new Error('the tool failed');
  return answer.structured?.settings ?? [];
}
