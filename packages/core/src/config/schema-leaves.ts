import type { TSchema } from 'typebox';

export type LeafType = 'string' | 'int' | 'float' | 'bool' | 'list' | 'record' | 'any';

/** A key a schema declares, with the type its values have. */
export interface SchemaLeaf {
  readonly path: readonly string[];
  readonly type: LeafType;
  /** `path` for values that name files. */
  readonly format?: string;
  readonly secret?: boolean;
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly secret?: boolean;
  readonly items?: Node;
}

const known = new WeakMap<TSchema, readonly SchemaLeaf[]>();

/** All leaves of a schema; records with declared keys are walked, everything else is a leaf. */
export function schemaLeaves(schema: TSchema): readonly SchemaLeaf[] {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const leaves: SchemaLeaf[] = [];
  const walk = (node: Node, path: readonly string[]): void => {
    if (node.properties !== undefined && Object.keys(node.properties).length > 0) {
      for (const [key, child] of Object.entries(node.properties)) walk(child, [...path, key]);
      return;
    }
    const format = node.format ?? node.items?.format;
    leaves.push({
      path,
      type: leafType(node),
      ...(format === undefined ? {} : { format }),
      ...(node.secret === true ? { secret: true } : {}),
    });
  };
  walk(schema as Node, []);
  known.set(schema, leaves);
  return leaves;
}

function leafType(node: Node): LeafType {
  switch (node.type) {
    case 'string':
      return 'string';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'array':
      return 'list';
    case 'object':
      return 'record';
    default:
      return node.enum?.every((value) => typeof value === 'string') === true ? 'string' : 'any';
  }
}
