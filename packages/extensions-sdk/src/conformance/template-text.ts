interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: unknown;
  readonly anyOf?: unknown;
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
}

/** Blocks of a Handlebars text that end otherwise than they begin, with their lines. */
export function blockFindings(text: string): string[] {
  const open: { name: string; line: number }[] = [];
  const findings: string[] = [];
  for (const match of text.matchAll(/\{\{~?([#/])\s*([\w-]+)|\{\{(?![^{}]*\}\})/g)) {
    const line = text.slice(0, match.index).split('\n').length;
    const [, mark, name = ''] = match;
    if (mark === '#') open.push({ name, line });
    else if (mark === '/') {
      const begun = open.pop();
      if (begun?.name !== name) findings.push(`line ${line}: {{/${name}}} ends ${begun?.name ?? 'nothing'}`);
    } else if (!text.startsWith('{{!', match.index)) findings.push(`line ${line}: {{ without }}`);
  }
  return [...findings, ...open.map(({ name, line }) => `line ${line}: {{#${name}}} has no end`)];
}

/** Settings a text asks for by `config.a.b` that the schema does not have; what the schema leaves open passes. */
export function unknownSettings(text: string, schema: Node): string[] {
  const findings = new Set<string>();
  for (const [expression] of text.matchAll(/\{\{[^{}]*\}\}/g)) {
    if (expression.startsWith('{{!')) continue;
    for (const [, path = ''] of expression.matchAll(/(?<![\w.@/])config\.([A-Za-z_][\w.]*)/g)) {
      if (!isKnown(path.split('.'), schema)) findings.add(`config.${path} is not in the schema`);
    }
  }
  return [...findings];
}

function isKnown([key, ...rest]: readonly string[], node: Node): boolean {
  const { properties, additionalProperties, anyOf, oneOf, allOf } = node;
  if (key === undefined || properties === undefined || (anyOf ?? oneOf ?? allOf) !== undefined) return true;
  const child = Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (child === undefined) return typeof additionalProperties === 'object';
  return isKnown(rest, child);
}
