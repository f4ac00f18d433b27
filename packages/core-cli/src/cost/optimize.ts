import {
  type CostAdvice,
  costAdvice,
  deletionNode,
  findUnused,
  type Plan,
  type UnusedResource,
} from '@provisioning/core';
import type { Change, OperationNode } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { openPriced } from './prices.ts';
import { adviceColumns, unusedColumns } from './savings.ts';

/** One thing to do, with the question that is asked before it. */
interface Saving {
  readonly question: string;
  readonly change: Change;
  readonly node: OperationNode;
}

/** `cost optimize` (05 §10): what is unused and what could be smaller; with `apply` both are put right, one by one. */
export async function optimizeCost(command: ProvisioningCommand, apply: boolean): Promise<void> {
  await using priced = await openPriced(command);
  const { cost, session } = priced;
  const { context, infrastructure } = session;
  const { out } = command;
  const unused = await findUnused(context, infrastructure, cost);
  const gone = new Set(unused.map(({ name }) => name));
  // Of what is deleted no smaller plan is of interest.
  const advice = (await costAdvice(context, infrastructure, cost)).filter(({ server }) => !gone.has(server));
  const savings = [
    ...unused.map((one) => deletion(session, one)),
    ...advice.flatMap((one) => resizing(session, one)),
  ].filter((one) => one !== undefined);
  if (!apply || savings.length === 0) {
    await out.result({ applied: false, unused, recommendations: advice }, () => [
      ...(unused.length === 0 ? [] : [...out.table(unused, unusedColumns), '']),
      ...(advice.length === 0 ? [] : out.table(advice, adviceColumns)),
      ...(unused.length + advice.length === 0 ? ['Nothing to save'] : []),
    ]);
    if (savings.length > 0) await command.next('provisioning cost optimize --apply');
    return;
  }
  const agreed: Saving[] = [];
  for (const saving of savings) if (await agrees(command, saving)) agreed.push(saving);
  const plan: Plan = {
    workspace: context.workspace.name,
    infra: infrastructure.name,
    environment: infrastructure.environment,
    changes: agreed.map(({ change }) => change),
    graph: agreed.map(({ node }) => node),
    blocked: [],
    warnings: [],
  };
  await carryOut(command, session, plan, {
    name: `cost optimize ${infrastructure.name}`,
    command: 'cost.optimize',
    nothing: 'Nothing was agreed to',
    done: `${agreed.length} of ${savings.length} savings applied`,
    question: '',
    confirm: false,
  });
}

/** A no concerns one item; everything else ends the command. */
async function agrees(command: ProvisioningCommand, { question }: Saving): Promise<boolean> {
  try {
    await command.confirm(question);
    return true;
  } catch (error) {
    if (asProvisioningError(error).code === 'CANCELLED') return false;
    throw error;
  }
}

function deletion(
  { infrastructure }: InfrastructureSession,
  { kind, name, provider, id, reason }: UnusedResource,
): Saving | undefined {
  const change: Change = { kind, name, action: 'delete', reasons: [reason] };
  const question = `Delete ${kind} ${name} (${reason})?`;
  if (kind === 'volume') {
    const node = {
      ...{ id: `volume-${name}`.slice(0, 64), type: 'volume.delete', name, dependencies: [] },
      ...{ input: { provider, volume: { id, name } }, resources: [`volume/${name}`] },
    };
    return { question, change, node };
  }
  const locked = infrastructure.servers.some(({ hostname, lock }) => hostname === name && lock);
  return locked ? undefined : { question, change, node: deletionNode(name, provider) };
}

function resizing(
  { infrastructure }: InfrastructureSession,
  { kind, server: hostname, plan, advice }: CostAdvice,
): Saving[] {
  const server = infrastructure.servers.find((one) => one.hostname === hostname);
  if (kind !== 'resize' || plan === undefined || server === undefined || server.lock) return [];
  const { provider, lock, running_wait, running_timeout } = server;
  return [
    {
      question: `Resize ${hostname} (${advice})?`,
      change: { kind: 'server', name: hostname, action: 'update', reasons: [advice] },
      node: {
        ...{ id: `resize-${hostname}`, type: 'server.resize', name: hostname, dependencies: [] },
        input: { server: { hostname, provider, lock, running_wait, running_timeout }, plan },
        resources: [`server/${hostname}`],
      },
    },
  ];
}
