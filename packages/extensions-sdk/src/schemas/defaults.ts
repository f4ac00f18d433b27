import type { TSchema } from 'typebox';

interface Node {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
}

/**
 * The complete default value of a schema: every key with a default, records filled in depth. Keys without a default
 * and optional records are left out; there are no nulls (02 §2).
 */
export function defaultsOf(schema: TSchema): Record<string, unknown> {
  return (value(schema as Node) ?? {}) as Record<string, unknown>;
}

function value(node: Node): unknown {
  if (node.default !== undefined) return structuredClone(node.default);
  if (node.properties === undefined) return undefined;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node.properties)) {
    if (!node.required?.includes(key) && child.default === undefined) continue;
    const inner = value(child);
    if (inner !== undefined) result[key] = inner;
  }
  return Object.keys(result).length === 0 && node.type === 'object' ? undefined : result;
}

/** Fills what a value lacks from the defaults of its schema, records in depth and list items too. Changes `target`. */
export function applyDefaults(schema: TSchema, target: Record<string, unknown>): void {
  fill(schema as Node, target);
}

function fill(node: Node, target: unknown): void {
  if (Array.isArray(target)) {
    if (node.items !== undefined) for (const item of target) fill(node.items, item);
    return;
  }
  if (typeof target !== 'object' || target === null || node.properties === undefined) return;
  const record = target as Record<string, unknown>;
  for (const [key, child] of Object.entries(node.properties)) {
    if (record[key] === undefined) {
      if (!node.required?.includes(key) && child.default === undefined) continue;
      const inner = value(child);
      if (inner !== undefined) record[key] = inner;
    } else fill(child, record[key]);
  }
}
