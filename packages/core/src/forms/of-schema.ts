interface Node {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly secret?: boolean;
  readonly items?: Node;
}

/**
 * A form from a JSON Schema (01 §11): one field for each value, one section for each record; title, description, enum,
 * minimum, pattern and default come along. Names are dotted paths. Lists of records and free records have no field.
 */
export function formOfSchema(name: string, schema: object): Record<string, unknown> {
  const root = schema as Node;
  const fields: Record<string, unknown>[] = [];
  const sections = new Map<string, string>();
  const walk = (node: Node, path: readonly string[], required: boolean): void => {
    if (node.properties !== undefined) {
      for (const [key, child] of Object.entries(node.properties))
        walk(child, [...path, key], node.required?.includes(key) === true && child.default === undefined);
      return;
    }
    const field = fieldOf(node, path, required);
    if (field === undefined) return;
    const section = path.slice(0, -1).join('.');
    if (section !== '') {
      sections.set(section, section);
      field['section'] = section;
    }
    fields.push(field);
  };
  walk(root, [], false);
  return {
    name,
    title: root.title ?? name,
    ...(root.description === undefined ? {} : { description: root.description }),
    ...(sections.size === 0
      ? {}
      : { sections: [...sections.values()].map((section) => ({ name: section, title: section })) }),
    fields,
  };
}

function fieldOf(
  node: Node,
  path: readonly string[],
  required: boolean,
): Record<string, unknown> | undefined {
  const values = node.enum ?? constants(node.anyOf);
  const list = node.type === 'array' ? node.items?.enum : undefined;
  const type =
    values !== undefined
      ? 'select'
      : list !== undefined
        ? 'multiselect'
        : node.secret === true
          ? 'password'
          : simpleTypes[String(node.type)];
  if (type === undefined) return undefined;
  const options = values ?? list;
  const start = node.default;
  return {
    name: path.join('.'),
    label: node.title ?? path.at(-1),
    type,
    ...(node.description === undefined ? {} : { help: node.description }),
    ...(required ? { required: true } : {}),
    ...(start === undefined || start === '' || start === null ? {} : { default: start }),
    ...limits(node),
    ...(options === undefined ? {} : { options: options.map(String) }),
    ...(node.pattern === undefined ? {} : { validation_pattern: node.pattern.replace(/^\^|\$$/g, '') }),
  };
}

const simpleTypes: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'number',
  number: 'number',
  boolean: 'confirm',
};

function limits(node: Node): Record<string, number> {
  const min = node.minimum ?? node.minLength;
  const max = node.maximum ?? node.maxLength;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Values of a choice written as alternatives of constants. */
function constants(alternatives: readonly Node[] | undefined): readonly unknown[] | undefined {
  const found = (alternatives ?? []).map((one) => (one as { const?: unknown }).const);
  return found.length > 0 && found.every((value) => value !== undefined) ? found : undefined;
}

/** Values of dotted fields as the record the schema describes. */
export function nestedValues(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const path = name.split('.');
    let record = result;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(record, key)) record[key] = {};
      record = record[key] as Record<string, unknown>;
    }
    record[path.at(-1)!] = value;
  }
  return result;
}
