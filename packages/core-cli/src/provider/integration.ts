import { randomBytes } from 'node:crypto';
import { createDirectly, directSpecification, smallestPlan } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { ProviderSession } from '../session/providers.ts';

export interface ProviderCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
  /** What to do about a failure. */
  readonly hint?: string;
}

/**
 * Creates the smallest server there is, asks for it, deletes it, and looks whether it is gone (06 §9 `--test-type
 * integration`). Asks before, with the price. Whatever happens, the server is deleted.
 */
export async function integrationChecks(
  command: ProvisioningCommand,
  session: ProviderSession,
  name: string,
): Promise<ProviderCheck[]> {
  const provider = await session.project.provider(name);
  const context = session.project.context({
    idempotencyKey: `test/${process.pid}/${Date.now()}`,
    signal: command.signal,
    report: (step) => step.type === 'log' && command.out.progress(step.message),
  });
  const hostname = `test-${randomBytes(4).toString('hex')}`;
  const plan = smallestPlan(await provider.listPlans());
  const spec = await directSpecification(context, { name: hostname, provider: name, plan: plan?.name ?? '' });
  const price = (await provider.getPricing({ plan: spec.plan })).find(({ zone }) => zone === spec.zone);
  const cost = price === undefined ? 'price unknown' : `${price.hourly.toFixed(4)} ${price.currency} an hour`;
  const what = `a server of plan ${spec.plan || 'any'} at ${name} in ${spec.zone} (${cost})`;
  if (command.globals.check)
    return [{ check: 'integration', ok: true, message: `would create and delete ${what}` }];
  await command.confirm(`Create and delete ${what}?`);
  const checks: ProviderCheck[] = [];
  const ref = { hostname };
  try {
    const created = await createDirectly(context, name, spec);
    checks.push({
      check: 'create',
      ok: created.status === 'running',
      message: `${created.id} is ${created.status}`,
    });
    const found = await provider.getServer(ref, { signal: command.signal });
    const same = found?.id === created.id;
    checks.push({ check: 'get', ok: same, message: same ? 'found by its name' : 'not found by its name' });
  } catch (thrown) {
    checks.push({ check: 'create', ok: false, message: ProvisioningError.from(thrown).message });
  }
  try {
    await provider.deleteServer(ref, { keepStorage: false, force: true, wait: true });
    const gone = !(await provider.serverExists(ref));
    checks.push({ check: 'delete', ok: gone, message: gone ? 'gone' : `${hostname} is still there` });
  } catch (thrown) {
    const { message } = ProvisioningError.from(thrown);
    checks.push({ check: 'delete', ok: false, message: `${hostname} may still be there: ${message}` });
  }
  return checks;
}
