import type { AttributeChange, Change, ChangeAction } from '@provisioning/extensions-sdk';
import type { Style } from '../output/style.ts';
import { pad } from '../output/table.ts';
import { width } from '../output/width.ts';

const signs: Readonly<Record<ChangeAction, string>> = {
  create: '+',
  update: '~',
  replace: '±',
  delete: '-',
  unchanged: ' ',
};

/** A plan as people read it: one line a resource, its differing attributes and the reasons below (issue A item 5). */
export function renderChanges(
  changes: readonly Change[],
  style: Style,
  options: { readonly unchanged: boolean },
): string[] {
  const shown = changes.filter((change) => options.unchanged || change.action !== 'unchanged');
  const label = Math.max(0, ...shown.map((change) => width(`${change.kind} ${change.name}`)));
  return shown.flatMap((change) => {
    const paint = painter(change.action, style);
    const sign = style.colour ? signs[change.action] : signs[change.action].replace('±', '!');
    const head = `  ${paint(sign)} ${pad(`${change.kind} ${change.name}`, label)}  ${paint(verbs[change.action])}`;
    const drift = change.drift ? ` ${style.warn('(drift)')}` : '';
    return [`${head}${drift}`.trimEnd(), ...attributeLines(change, style), ...reasonLines(change, style)];
  });
}

const verbs: Readonly<Record<ChangeAction, string>> = {
  create: 'create',
  update: 'change',
  replace: 'replace',
  delete: 'delete',
  unchanged: 'unchanged',
};

function painter(action: ChangeAction, style: Style): (text: string) => string {
  if (action === 'create') return style.good;
  if (action === 'delete' || action === 'replace') return style.bad;
  return action === 'update' ? style.warn : style.dim;
}

function attributeLines(change: Change, style: Style): string[] {
  const attributes = change.attributes ?? [];
  const label = Math.max(0, ...attributes.map(({ attribute }) => width(attribute)));
  const arrow = style.colour ? '→' : '->';
  return attributes.map(
    (attribute) => `      ${pad(attribute.attribute, label)}  ${valueLine(attribute, arrow)}`,
  );
}

function valueLine({ before, after }: AttributeChange, arrow: string): string {
  if (before === undefined) return show(after);
  return after === undefined ? `${show(before)} ${arrow} (none)` : `${show(before)} ${arrow} ${show(after)}`;
}

function show(value: unknown): string {
  if (value === undefined) return '(none)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function reasonLines(change: Change, style: Style): string[] {
  return (change.reasons ?? []).map((reason) => `      ${style.dim(reason)}`);
}

/** `Plan: 3 to create, 1 to change, 0 to delete, 2 unchanged`. */
export function summaryLine(changes: readonly Change[], style: Style): string {
  const count = (...actions: ChangeAction[]): number =>
    changes.filter(({ action }) => actions.includes(action)).length;
  const parts = [
    [count('create'), 'to create', style.good],
    [count('update'), 'to change', style.warn],
    [count('replace'), 'to replace', style.bad],
    [count('delete'), 'to delete', style.bad],
  ] as const;
  const todo = parts
    .filter(([number]) => number > 0)
    .map(([number, text, paint]) => paint(`${number} ${text}`));
  const unchanged = count('unchanged');
  if (todo.length === 0)
    return unchanged === 0
      ? 'Nothing is defined and nothing is there'
      : `Nothing to change (${unchanged} unchanged)`;
  return `Plan: ${[...todo, `${unchanged} unchanged`].join(', ')}`;
}
