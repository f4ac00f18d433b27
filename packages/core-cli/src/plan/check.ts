import type { Plan } from '@provisioning/core';
import type { Change } from '@provisioning/extensions-sdk';
import type { Printer } from '../output/printer.ts';

const verbs = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  delete: 'delete',
  unchanged: 'keep',
} as const;

/** What a command would do, for programs (01 §8.5). */
export function checkDocument(plan: Plan, action: string): unknown {
  const would = plan.changes
    .filter((change) => change.action !== 'unchanged')
    .map((change) => ({
      verb: verbs[change.action],
      kind: change.kind,
      name: change.name,
      detail: detailOf(change),
    }));
  return {
    check_mode: true,
    action,
    resource: 'infrastructure',
    name: plan.infra,
    infra: plan.infra,
    status: 'planned',
    would,
    would_create: would
      .filter(({ verb, kind }) => verb === 'create' && kind === 'server')
      .map(({ name }) => name),
    would_install: would
      .filter(({ verb, kind }) => verb === 'create' && kind === 'taskserv')
      .map(({ name }) => name),
    requirements: { met: plan.blocked.length === 0, missing: [] },
    warnings: plan.warnings,
    errors: plan.blocked,
  };
}

/** The same for people (01 §8.3). */
export function checkLines(plan: Plan, out: Printer): string[] {
  const { style } = out;
  const lines = [
    `${style.mark('ok')} Validation passed`,
    `${style.mark('warning')} Check mode: No changes will be made`,
    ...plan.warnings.map((warning) => `${style.mark('warning')} ${warning}`),
  ];
  for (const [action, title] of [
    ['create', 'Would create:'],
    ['update', 'Would update:'],
    ['replace', 'Would replace:'],
    ['delete', 'Would delete:'],
  ] as const) {
    const changes = plan.changes.filter((change) => change.action === action);
    if (changes.length > 0) lines.push('', title, ...changes.map(checkLine));
  }
  if (lines.length === 2 + plan.warnings.length) lines.push('', 'Nothing to do');
  return lines;
}

function checkLine(change: Change): string {
  const detail = detailOf(change);
  const kind = `${change.kind[0]!.toUpperCase()}${change.kind.slice(1)}`;
  return `  - ${kind}: ${change.name}${detail === '' ? '' : ` (${detail})`}`;
}

function detailOf(change: Change): string {
  const attributes = (change.attributes ?? []).map(({ attribute, before, after }) =>
    before === undefined
      ? `${attribute} ${String(after)}`
      : `${attribute} ${String(before)} -> ${String(after)}`,
  );
  return [...attributes, ...(change.reasons ?? [])].join(', ');
}
