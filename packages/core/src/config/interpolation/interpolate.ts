import type { Issue } from '@provisioning/extensions-sdk';
import { isRecord, valueAt } from '../merge.ts';
import {
  type Expression,
  ExpressionError,
  type Template,
  parseRuleExpression,
  parseTemplate,
} from './expression.ts';
import { arity, functions } from './functions.ts';
import { SecretReference } from './secret-reference.ts';

/** Names that are no keys of the data: `env.HOME`, `now.date`, `git.branch`, `workspace.name` … */
export type Roots = Readonly<Record<string, unknown>>;

export interface InterpolationOptions {
  readonly roots: Roots;
  /** Looked up after the data itself; the configuration, when a definition is interpolated. */
  readonly outer?: Readonly<Record<string, unknown>>;
  /** Where errors point; the path is that of the value in the data. */
  readonly issue: (path: readonly (string | number)[], message: string, code: string) => Issue;
  /** An unknown name is undefined, not an error. */
  readonly lenient?: boolean;
}

const maximumReferences = 32;
const templates = new Map<string, Template>();
const maximumCached = 10_000;
/** Texts and structures that refer to each other could double at every step; beyond this they are an attack. */
const maximumText = 1024 * 1024;
const maximumNodes = 200_000;

/** A value could not be computed; carries the message for the user. */
class Unresolved extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Resolves every `{{…}}` of the data and returns new data; parts without expressions are shared. All errors are
 * collected in `issues`.
 */
export function interpolate<T>(data: T, options: InterpolationOptions, issues: Issue[]): T {
  return new Interpolator(data, options, issues).run() as T;
}

/**
 * The value of a rule's expression over resolved data; a key that is not there is `undefined`.
 * @throws Error with the reason when the expression is not understood
 */
export function evaluateRule(source: string, data: Readonly<Record<string, unknown>>, roots: Roots): unknown {
  const issue: InterpolationOptions['issue'] = (_path, message, code) => ({ message, code });
  return new Interpolator(data, { roots, issue, lenient: true }, []).rule(
    parseRuleExpression(source),
    source,
  );
}

/** Whether a value has an expression anywhere, or one that mentions a name; most parts of a definition have none. */
export function hasExpression(value: unknown, mentioning = ''): boolean {
  if (typeof value === 'string') return value.includes('{{') && value.includes(mentioning);
  if (typeof value !== 'object' || value === null) return false;
  for (const key of Object.keys(value)) {
    if (hasExpression((value as Record<string, unknown>)[key], mentioning)) return true;
  }
  return false;
}

type Path = readonly (string | number)[];

class Interpolator {
  readonly #data: unknown;
  readonly #options: InterpolationOptions;
  readonly #issues: Issue[];
  readonly #resolved = new Map<string, unknown>();
  readonly #stack: string[] = [];
  readonly #sizes = new WeakMap<object, number>();

  constructor(data: unknown, options: InterpolationOptions, issues: Issue[]) {
    this.#data = data;
    this.#options = options;
    this.#issues = issues;
  }

  run(): unknown {
    return this.#tree(this.#data, []);
  }

  rule(expression: Expression, source: string): unknown {
    return this.#evaluate(expression, source, []);
  }

  /** A whole subtree; each failing value becomes one issue and stays as written. */
  #tree(value: unknown, path: (string | number)[]): unknown {
    return this.#resolve(value, path, (text, at) => {
      try {
        return this.#text(text, at);
      } catch (error) {
        if (!(error instanceof Unresolved)) throw error;
        this.#issues.push(this.#options.issue(at, error.message, error.code));
        return text;
      }
    });
  }

  /** A subtree that another value refers to: the first failure is that value's failure too. */
  #referred(value: unknown, path: Path): unknown {
    return this.#resolve(value, [...path], (text, at) => this.#text(text, at));
  }

  /** Resolves the texts of a subtree; what has no expression is shared. `path` is where the walk stands. */
  #resolve(
    value: unknown,
    path: (string | number)[],
    resolve: (text: string, path: Path) => unknown,
  ): unknown {
    if (typeof value === 'string') return value.includes('{{') ? resolve(value, [...path]) : value;
    if (typeof value !== 'object' || value === null) return value;
    const data = value as Record<string | number, unknown>;
    let result = data;
    for (const key of Object.keys(value)) {
      const item = data[key];
      if (typeof item === 'string' ? !item.includes('{{') : typeof item !== 'object') continue;
      path.push(key);
      const resolved = this.#resolve(item, path, resolve);
      path.pop();
      if (resolved === item) continue;
      if (result === data) result = (Array.isArray(value) ? [...value] : { ...data }) as typeof data;
      result[key] = resolved;
    }
    return result;
  }

  #text(text: string, path: Path): unknown {
    const key = path.join('.');
    if (this.#resolved.has(key)) return this.#resolved.get(key);
    const from = this.#stack.indexOf(key);
    if (from >= 0) {
      throw new Unresolved(
        `Circular interpolation: ${[...this.#stack.slice(from), key].join(' → ')}`,
        'CIRCULAR_INTERPOLATION',
      );
    }
    if (this.#stack.length >= maximumReferences) {
      throw new Unresolved(
        `Interpolation is deeper than ${maximumReferences} references: ${key}`,
        'INTERPOLATION_DEPTH',
      );
    }
    this.#stack.push(key);
    try {
      const value = this.#fill(text, path);
      this.#resolved.set(key, value);
      return value;
    } finally {
      this.#stack.pop();
    }
  }

  #fill(text: string, path: Path): unknown {
    const { parts } = parsed(text);
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && typeof only !== 'string')
      return this.#required(only, path);
    let result = '';
    for (const part of parts) {
      if (typeof part === 'string') {
        result += part;
        continue;
      }
      const value = this.#required(part, path);
      if (value instanceof SecretReference) {
        throw new Unresolved(`A secret cannot be part of a text: ${part.source}`, 'SECRET_IN_TEXT');
      }
      if (typeof value === 'object' && value !== null) {
        throw new Unresolved(
          `A list or table cannot be part of a text: ${part.source}`,
          'INTERPOLATION_TYPE',
        );
      }
      result += String(value);
      if (result.length > maximumText)
        throw new Unresolved('Interpolated text is longer than 1 MiB', 'INTERPOLATION_SIZE');
    }
    return result;
  }

  #required(part: { readonly source: string; readonly expression: Expression }, path: Path): unknown {
    const value = this.#evaluate(part.expression, part.source, path);
    if (value === undefined)
      throw new Unresolved(`Interpolation pattern not resolved: ${part.source}`, 'INTERPOLATION_UNRESOLVED');
    if (this.#size(value) > maximumNodes)
      throw new Unresolved(`Interpolated value is too large: ${part.source}`, 'INTERPOLATION_SIZE');
    return value;
  }

  /** Number of values in a structure, parts that are shared counted each time they appear. */
  #size(value: unknown): number {
    if (typeof value !== 'object' || value === null) return 1;
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const child of Object.values(value)) size += this.#size(child);
    this.#sizes.set(value, size);
    return size;
  }

  #evaluate(expression: Expression, source: string, path: Path): unknown {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'reference':
        return this.#reference(expression.path, source, path);
      case 'not':
        return !holds(this.#evaluate(expression.operand, source, path));
      case 'call':
        return this.#call(expression.name, expression.parameters, source, path);
      case 'binary': {
        const left = this.#evaluate(expression.left, source, path);
        if (expression.operator === '||')
          return holds(left) ? left : this.#evaluate(expression.right, source, path);
        if (expression.operator === '&&')
          return holds(left) ? this.#evaluate(expression.right, source, path) : left;
        const { operator } = expression;
        if (operator === '+' || operator === '-' || operator === '*' || operator === '/') {
          return arithmetic(operator, left, this.#evaluate(expression.right, source, path));
        }
        return compare(operator, left, this.#evaluate(expression.right, source, path));
      }
    }
  }

  #call(name: string, parameters: readonly Expression[], source: string, path: Path): unknown {
    if (name === '') {
      const [reference, literal] = parameters as [Expression & { path: readonly string[] }, Expression];
      return this.#isKey(reference.path, path)
        ? this.#evaluate(reference, source, path)
        : this.#evaluate(literal, source, path);
    }
    const values = parameters.map((parameter) => this.#evaluate(parameter, source, path));
    if (name === 'kms.decrypt') {
      if (typeof values[0] !== 'string')
        throw new Unresolved(`kms.decrypt needs the name of a secret: ${source}`, 'INTERPOLATION_ARGUMENTS');
      return new SecretReference('kms', values[0]);
    }
    const call = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (call === undefined) throw new Unresolved(`Unknown function: ${name}`, 'UNKNOWN_FUNCTION');
    const wanted = arity[name];
    if (wanted !== undefined && values.length !== wanted) {
      throw new Unresolved(
        `${name} takes ${wanted} argument${wanted === 1 ? '' : 's'}, found ${values.length}: ${source}`,
        'INTERPOLATION_ARGUMENTS',
      );
    }
    return values.includes(undefined) ? undefined : call(...values);
  }

  #isKey(name: readonly string[], path: Path): boolean {
    const [root = ''] = name;
    return (
      this.#candidates(name, path).some(({ value }) => value !== undefined) ||
      Object.hasOwn(this.#options.roots, root)
    );
  }

  /** A service's own table first, then the data, then the platform table, then what surrounds the data. */
  #candidates(
    name: readonly string[],
    path: Path,
  ): { readonly path: Path | undefined; readonly value: unknown }[] {
    const places: Path[] = [];
    if (path[0] === 'platform' && path.length > 2) places.push(['platform', path[1]!, ...name]);
    places.push(name, ['platform', ...name]);
    const found: { path: Path | undefined; value: unknown }[] = places.map((place) => ({
      path: place,
      value: valueAt(this.#data, place),
    }));
    if (this.#options.outer !== undefined)
      found.push({ path: undefined, value: valueAt(this.#options.outer, name) });
    return found;
  }

  #reference(name: readonly string[], source: string, path: Path): unknown {
    for (const candidate of this.#candidates(name, path)) {
      if (candidate.value === undefined) continue;
      return candidate.path === undefined ? candidate.value : this.#referred(candidate.value, candidate.path);
    }
    const [root = ''] = name;
    const { roots, outer } = this.#options;
    if (name.join('.') === 'sops.decrypted_key') return new SecretReference('sops', '');
    if (Object.hasOwn(roots, root)) return valueAt(roots, name);
    if (isRecord(this.#data) && Object.hasOwn(this.#data, root)) return undefined;
    if (outer !== undefined && Object.hasOwn(outer, root)) return undefined;
    if (this.#options.lenient === true) return undefined;
    throw new Unresolved(
      `Invalid template variable: ${source} Valid variables: ${JSON.stringify(this.#validRoots())}`,
      'INVALID_TEMPLATE_VARIABLE',
    );
  }

  #validRoots(): string[] {
    const keys = isRecord(this.#data)
      ? Object.keys(this.#data).filter((key) => isRecord((this.#data as Record<string, unknown>)[key]))
      : [];
    const names = [...new Set(['paths', ...Object.keys(this.#options.roots), ...keys])];
    return names.map((name) => (typeof this.#options.roots[name] === 'string' ? name : `${name}.*`));
  }
}

function parsed(text: string): Template {
  const known = templates.get(text);
  if (known !== undefined) return known;
  let template: Template;
  try {
    template = parseTemplate(text);
  } catch (error) {
    if (error instanceof ExpressionError)
      throw new Unresolved(`${error.message}: ${text.slice(0, 200)}`, 'INTERPOLATION_SYNTAX');
    throw error;
  }
  if (templates.size >= maximumCached) templates.clear();
  templates.set(text, template);
  return template;
}

function holds(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== false && value !== 0 && value !== null;
}

/** `+` joins when one side is text; otherwise numbers. Nothing comes of what is not there. */
function arithmetic(operator: '+' | '-' | '*' | '/', left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return undefined;
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string'))
    return `${String(left)}${String(right)}`;
  const [a, b] = [Number(left), Number(right)];
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  return operator === '*' ? a * b : a / b;
}

function compare(operator: string, left: unknown, right: unknown): boolean | undefined {
  if (operator === '==' || operator === '!=') {
    const same =
      typeof left === typeof right
        ? left === right
        : left !== undefined && right !== undefined && String(left) === String(right);
    return same === (operator === '==');
  }
  if (left === undefined || right === undefined) return undefined;
  const textual = typeof left === 'string' && typeof right === 'string';
  const [a, b] = textual ? [left, right] : [Number(left), Number(right)];
  switch (operator) {
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a < b;
  }
}
