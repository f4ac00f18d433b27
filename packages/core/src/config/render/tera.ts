import { ProvisioningError } from '@provisioning/extensions-sdk';

const filters = new Set([
  'upper',
  'lower',
  'default',
  'round',
  'reverse',
  'replace',
  'join',
  'length',
  'trim',
]);
const path = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/;

/**
 * A Tera template as Handlebars: output with the known filters, `if/elif/else/endif`, `for`, comments (02 §16).
 * @throws ProvisioningError `TERA_UNSUPPORTED` naming what has no counterpart
 */
export function teraToHandlebars(template: string): string {
  const open: string[] = [];
  let result = '';
  let end = 0;
  for (const match of template.matchAll(/\{\{-?([\s\S]*?)-?\}\}|\{%-?([\s\S]*?)-?%\}|\{#([\s\S]*?)#\}/g)) {
    const [whole, output, statement] = match;
    result += template.slice(end, match.index);
    end = match.index + whole.length;
    if (output !== undefined) result += `{{${expression(output.trim())}}}`;
    else if (statement !== undefined) result += block(statement.trim(), open);
  }
  if (open.length > 0) throw unsupported(`{% ${open.at(-1)} %} without its end`);
  return result + template.slice(end);
}

function block(statement: string, open: string[]): string {
  const [word = '', ...rest] = statement.split(/\s+/);
  const condition = rest.join(' ');
  switch (word) {
    case 'if':
      open.push('if');
      return `{{#if ${conditionOf(condition)}}}`;
    case 'elif':
      return `{{else if ${conditionOf(condition)}}}`;
    case 'else':
      return '{{else}}';
    case 'endif':
      return close(open, 'if', statement);
    case 'endfor':
      return close(open, 'for', statement);
    case 'for': {
      const single = /^([A-Za-z_]\w*)\s+in\s+(\S+)$/.exec(condition);
      const pair = /^([A-Za-z_]\w*)\s*,\s*([A-Za-z_]\w*)\s+in\s+(\S+)$/.exec(condition);
      const list = single?.[2] ?? pair?.[3];
      if (list === undefined || !path.test(list)) throw unsupported(statement);
      open.push('for');
      return pair === null
        ? `{{#each ${list} as |${single![1]}|}}`
        : `{{#each ${list} as |${pair[2]} ${pair[1]}|}}`;
    }
    default:
      throw unsupported(statement);
  }
}

function close(open: string[], kind: string, statement: string): string {
  if (open.pop() !== kind) throw unsupported(statement);
  return kind === 'if' ? '{{/if}}' : '{{/each}}';
}

function conditionOf(text: string): string {
  if (path.test(text)) return text;
  const negated = /^not\s+(\S+)$/.exec(text)?.[1];
  if (negated !== undefined && path.test(negated)) return `(not ${negated})`;
  const compared = /^(\S+)\s*(==|!=)\s*("[^"]*"|'[^']*'|\S+)$/.exec(text);
  if (compared === null || !path.test(compared[1]!)) throw unsupported(text);
  return `(${compared[2] === '==' ? 'eq' : 'ne'} ${compared[1]} ${value(compared[3]!)})`;
}

/** `name | upper | default(value="x")` as nested helper calls. */
function expression(text: string): string {
  const [first = '', ...calls] = splitFilters(text);
  let result = value(first);
  for (const call of calls) {
    const match = /^([a-z_]+)(?:\(([\s\S]*)\))?$/.exec(call);
    if (match === null || !filters.has(match[1]!)) throw unsupported(text);
    const parameters = (match[2] ?? '')
      .split(/,(?=(?:[^"']|"[^"]*"|'[^']*')*$)/)
      .map((parameter) => parameter.trim())
      .filter((parameter) => parameter !== '')
      .map((parameter) => value(parameter.replace(/^[a-z_]+\s*=\s*/, '')));
    const name = match[1] === 'default' ? 'orDefault' : match[1]!;
    result = `(${name} ${[match[1] === 'default' ? `"${first}"` : result, ...parameters].join(' ')})`;
  }
  return result.startsWith('(') ? result.slice(1, -1) : result;
}

function splitFilters(text: string): string[] {
  return text.split(/\|(?=(?:[^"']|"[^"]*"|'[^']*')*$)/).map((part) => part.trim());
}

function value(text: string): string {
  if (path.test(text) || /^-?\d+(\.\d+)?$/.test(text) || /^"[^"]*"$/.test(text)) return text;
  if (/^'[^']*'$/.test(text)) return JSON.stringify(text.slice(1, -1));
  throw unsupported(text);
}

function unsupported(text: string): ProvisioningError {
  return new ProvisioningError({
    code: 'TERA_UNSUPPORTED',
    kind: 'configuration',
    message: `Tera construct not supported: ${text}`,
  });
}
