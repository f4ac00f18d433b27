/**
 * Paths into an answer: `region.slug`, `networks.v4[0].ip`, `networks.v4[?type=='public'].ip_address` (the first that
 * fits). What is not there is `undefined`, never an error.
 */
type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'filter'; readonly key: string; readonly value: string };

const token = /\.?([A-Za-z0-9_@-]+)|\[(\d+)\]|\[\?\s*([A-Za-z0-9_.-]+)\s*==\s*['"]([^'"]*)['"]\s*\]/y;
const parsed = new Map<string, readonly Step[]>();

/** @throws Error when the text is no path. */
function parsePath(path: string): readonly Step[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps: Step[] = [];
  for (let position = 0; position < path.length;) {
    token.lastIndex = position;
    const match = token.exec(path);
    if (match === null) throw new Error(`'${path}' is no path: '${path.slice(position)}' is not understood`);
    const [whole, key, index, filterKey, filterValue] = match;
    if (key !== undefined) steps.push({ kind: 'key', key });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else steps.push({ kind: 'filter', key: filterKey ?? '', value: filterValue ?? '' });
    position += whole.length;
  }
  parsed.set(path, steps);
  return steps;
}

export function valueAt(value: unknown, path: string | undefined): unknown {
  if (path === undefined || path === '' || path === '.') return value;
  let current: unknown = value;
  for (const step of parsePath(path)) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (step.kind === 'key')
      current = Object.hasOwn(current, step.key) ? (current as Record<string, unknown>)[step.key] : undefined;
    else if (!Array.isArray(current)) return undefined;
    else if (step.kind === 'index') current = current[step.index] as unknown;
    else current = current.find((entry) => String(valueAt(entry, step.key)) === step.value) as unknown;
  }
  return current;
}

/** `droplet.id != null`, `state == 'ok'`; several joined by `&&`. A path alone must hold something. */
export function holds(value: unknown, condition: string): boolean {
  return condition.split('&&').every((part) => {
    const [, path = '', operator, literal = ''] = /^\s*(.*?)\s*(?:(==|!=)\s*(.*?))?\s*$/.exec(part) ?? [];
    const found = valueAt(value, path);
    if (operator === undefined) return Boolean(found);
    const wished = literal === 'null' ? null : literal.replaceAll(/^['"]|['"]$/g, '');
    const same = wished === null ? found === null || found === undefined : String(found) === wished;
    return operator === '==' ? same : !same;
  });
}

/**
 * Fills `{{path}}` from `scope`. A text that is nothing but one placeholder becomes the value itself, so numbers and lists
 * stay what they are; keys whose value is not there are left out.
 */
export function fill(template: unknown, scope: Readonly<Record<string, unknown>>): unknown {
  if (typeof template === 'string') {
    const whole = /^\{\{\s*([^}]+?)\s*\}\}$/.exec(template)?.[1];
    if (whole !== undefined) return valueAt(scope, whole);
    return template.replaceAll(/\{\{\s*([^}]+?)\s*\}\}/g, (_match, path: string) =>
      String(valueAt(scope, path) ?? ''),
    );
  }
  if (Array.isArray(template))
    return template.map((entry) => fill(entry, scope)).filter((entry) => entry !== undefined);
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template)
      .map(([key, value]) => [key, fill(value, scope)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** A path of a URL with its values percent-encoded. */
export function fillUrl(template: string, scope: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{\{\s*([^}]+?)\s*\}\}/g, (_match, path: string) =>
    encodeURIComponent(String(valueAt(scope, path) ?? '')),
  );
}
