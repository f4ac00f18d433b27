import type { TSchema } from 'typebox';

interface Node {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
}

/** What filling a value by a schema node takes, worked out once per node. */
interface Filling {
  /** Keys that get a value when they are absent. */
  readonly absent: readonly (readonly [key: string, make: () => unknown])[];
  /** Keys whose own value may lack something. */
  readonly inner: readonly (readonly [key: string, filling: Filling])[];
  readonly items?: Filling;
}

const fillings = new WeakMap<object, Filling>();
const nothing: Filling = { absent: [], inner: [] };

/**
 * The complete default value of a schema: every key with a default, records filled in depth. Keys without a default
 * and optional records are left out; there are no nulls (02 §2).
 */
export function defaultsOf(schema: TSchema): Record<string, unknown> {
  return (maker(schema as Node)?.() ?? {}) as Record<string, unknown>;
}

/** Fills what a value lacks from the defaults of its schema, records in depth and list items too. Changes `target`. */
export function applyDefaults(schema: TSchema, target: Record<string, unknown>): void {
  fill(fillingOf(schema as Node), target);
}

/** Makes a fresh default value of a node; `undefined` when it has none. */
function maker(node: Node): (() => unknown) | undefined {
  const value = node.default;
  if (value !== undefined)
    return typeof value === 'object' && value !== null ? () => structuredClone(value) : () => value;
  const { absent } = fillingOf(node);
  if (absent.length === 0) return undefined;
  return () => Object.fromEntries(absent.map(([key, make]) => [key, make()]));
}

function fillingOf(node: Node): Filling {
  const known = fillings.get(node);
  if (known !== undefined) return known;
  if (node.properties === undefined && node.items === undefined) return nothing;
  const absent: [string, () => unknown][] = [];
  const inner: [string, Filling][] = [];
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const within = fillingOf(child);
    if (within !== nothing) inner.push([key, within]);
    if (!node.required?.includes(key) && child.default === undefined) continue;
    const make = maker(child);
    if (make !== undefined) absent.push([key, make]);
  }
  const items = node.items === undefined ? nothing : fillingOf(node.items);
  const empty = absent.length === 0 && inner.length === 0 && items === nothing;
  const filling: Filling = empty ? nothing : { absent, inner, ...(items === nothing ? {} : { items }) };
  fillings.set(node, filling);
  return filling;
}

function fill(filling: Filling, target: unknown): void {
  if (typeof target !== 'object' || target === null || Object.isFrozen(target)) return;
  if (Array.isArray(target)) {
    if (filling.items !== undefined) for (const item of target) fill(filling.items, item);
    return;
  }
  const record = target as Record<string, unknown>;
  for (const [key, make] of filling.absent) if (record[key] === undefined) record[key] = make();
  for (const [key, within] of filling.inner) if (record[key] !== undefined) fill(within, record[key]);
}
