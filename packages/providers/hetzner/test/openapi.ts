import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

type Schema = Record<string, unknown>;
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Schema }> }>;
}
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** Hetzner's own OpenAPI description: `shared/data` beside the repository or further up, never in it. */
export const descriptionFile = beside('shared/data/hetzner/hcloud.json');

function beside(path: string): string {
  const root = join(import.meta.dirname, '../../../..');
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    const file = join(folder, path);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return join(dirname(root), path);
  }
}

export function descriptionIsThere(): boolean {
  return existsSync(descriptionFile);
}

/** Checks requests and answers against an OpenAPI 3.0 description, and makes answers that fit it. */
export class OpenApi {
  readonly #description: Description;
  readonly #ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: 'array', logger: false });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly violations: string[] = [];

  constructor(file: string) {
    this.#description = JSON.parse(readFileSync(file, 'utf8')) as Description;
    for (const format of ['int32', 'int64', 'double', 'float', 'ipv4', 'ipv6', 'cidr', 'uri', 'email']) {
      this.#ajv.addFormat(format, true);
    }
    this.#ajv.addFormat('date-time', (value) => !Number.isNaN(Date.parse(value)));
    this.#ajv.addSchema({ $id: 'api', components: nullableTypes(this.#description.components) as Schema });
  }

  /** The described path that a request is for, with its parameters. */
  match(
    path: string,
  ): { readonly template: string; readonly parameters: Record<string, string> } | undefined {
    const candidates = Object.keys(this.#description.paths)
      .map((template) => ({
        template,
        names: [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      }))
      .sort((a, b) => a.names.length - b.names.length);
    for (const { template, names } of candidates) {
      const found = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path);
      if (found === null) continue;
      return {
        template,
        parameters: Object.fromEntries(
          names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]),
        ),
      };
    }
    return undefined;
  }

  checkRequest(template: string, method: string, query: URLSearchParams, body: unknown): string | undefined {
    const operation = this.#description.paths[template]?.[method.toLowerCase()];
    const where = `${method} ${template}`;
    if (operation === undefined) return this.#violation(`${where} is not described`);
    for (const [name, value] of query) {
      const parameter = operation.parameters?.find((entry) => entry.name === name && entry.in === 'query');
      if (parameter === undefined)
        return this.#violation(`${where}: query parameter ${name} is not described`);
      const problem = this.#check(`${where} query ${name}`, parameter.schema, { value });
      if (problem !== undefined) return problem;
    }
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema === undefined)
      return body === undefined ? undefined : this.#violation(`${where} takes no body`);
    const unknown = Object.keys((body ?? {}) as Schema).filter((key) => !this.#has(schema, key));
    if (unknown.length > 0) return this.#violation(`${where}: ${unknown.join(', ')} not described`);
    return this.#check(`${where} body`, schema, { value: body });
  }

  checkAnswer(template: string, method: string, status: number, body: unknown): string | undefined {
    const responses = this.#description.paths[template]?.[method.toLowerCase()]?.responses ?? {};
    const response = responses[String(status)] ?? responses[`${Math.floor(status / 100)}xx`];
    const where = `${method} ${template} answer ${status}`;
    if (response === undefined) return this.#violation(`${where} is not described`);
    const schema = response.content?.['application/json']?.schema;
    return schema === undefined ? undefined : this.#check(where, schema, { value: body });
  }

  /** A value that fits a named schema, made of its examples and defaults. */
  sample(name: string): Record<string, unknown> {
    return this.#sample({ $ref: `#/components/schemas/${name}` }) as Record<string, unknown>;
  }

  #has(schema: Schema, key: string): boolean {
    const resolved = this.#resolve(schema);
    return key in ((resolved.properties ?? {}) as Schema);
  }

  #resolve(schema: Schema): Schema {
    const { $ref, allOf } = schema as { $ref?: string; allOf?: Schema[] };
    if ($ref !== undefined)
      return this.#resolve(this.#description.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {});
    if (allOf !== undefined)
      return Object.assign({}, ...allOf.map((part) => this.#resolve(part)), omit(schema, 'allOf')) as Schema;
    return schema;
  }

  #sample(schema: Schema): unknown {
    const whole = this.#resolve(schema);
    if (whole.nullable === true) return null;
    if ('example' in whole) return structuredClone(whole.example);
    if ('default' in whole) return structuredClone(whole.default);
    if (Array.isArray(whole.enum)) return whole.enum[0] as unknown;
    if (whole.type === 'array') return [];
    if (whole.type === 'boolean') return false;
    if (whole.type === 'integer' || whole.type === 'number') return 1;
    if (whole.type === 'string') return whole.format === 'date-time' ? new Date(0).toISOString() : 'text';
    const properties = (whole.properties ?? {}) as Record<string, Schema>;
    const required = (whole.required ?? []) as string[];
    return Object.fromEntries(required.map((key) => [key, this.#sample(properties[key] ?? {})]));
  }

  #check(where: string, schema: Schema, holder: { value: unknown }): string | undefined {
    let validate = this.#validators.get(where);
    if (validate === undefined) {
      const wrapped = { type: 'object', properties: { value: nullableTypes(schema) }, required: ['value'] };
      const text = JSON.stringify(wrapped).replaceAll('"#/components', '"api#/components');
      validate = this.#ajv.compile(JSON.parse(text) as Schema);
      this.#validators.set(where, validate);
    }
    // Query strings are text; bodies are checked as they came.
    const value = where.includes(' query ') ? holder : JSON.parse(JSON.stringify(holder));
    if (validate(value)) return undefined;
    return this.#violation(`${where}: ${this.#ajv.errorsText(validate.errors)}`);
  }

  #violation(text: string): string {
    this.violations.push(text);
    return text;
  }
}

function omit(schema: Schema, key: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

/** OpenAPI 3.0's `nullable` as JSON Schema says it. */
function nullableTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nullableTypes);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, example: _example, ...rest } = value as Schema;
  const result = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, nullableTypes(inner)]));
  return nullable === true ? { anyOf: [result, { type: 'null' }] } : result;
}
