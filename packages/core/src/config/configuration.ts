import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import type { Data, KeyPath } from './document.ts';
import type { EnvironmentSource } from './environment.ts';
import { type Fragment, locateIn } from './fragment.ts';
import { SecretReference } from './interpolation/secret-reference.ts';
import type { LayerId } from './layers.ts';
import { isRecord, keyPath, unsetMark, valueAt } from './merge.ts';

/** Where a value came from, and what it hides (02 §12). Secret values never appear. */
export interface Provenance {
  readonly key: string;
  readonly value: unknown;
  readonly raw: unknown;
  readonly layer: LayerId;
  readonly file?: string;
  readonly line?: number;
  /** Variable or flag, for values that come from no file. */
  readonly origin?: string;
  readonly encrypted: boolean;
  readonly secret: boolean;
  readonly interpolated: boolean;
  readonly overlay?: string;
  readonly overridden: readonly {
    readonly layer: LayerId;
    readonly file?: string;
    readonly line?: number;
    readonly raw: unknown;
  }[];
}

/** What stands for a secret wherever configuration is printed. */
export const secretMask = '***';

/** Names of keys whose values are never shown. */
export const secretName =
  /(^|[_-])(password|passwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credentials?)$|(^|[_-])secret[_-]/i;

export interface ConfigurationParts {
  readonly value: Data;
  readonly fragments: readonly Fragment[];
  readonly environment: string;
  readonly workspace?: { readonly name: string; readonly path: string };
  readonly infra?: string;
  readonly warnings: readonly string[];
  readonly environmentSource?: EnvironmentSource;
  /** Environment variables with our prefix that set nothing. */
  readonly unknownVariables?: readonly string[];
}

/** The resolved configuration: frozen, every value with its provenance. */
export class Configuration {
  readonly environment: string;
  readonly workspace: { readonly name: string; readonly path: string } | undefined;
  readonly infra: string | undefined;
  readonly warnings: readonly string[];
  readonly environmentSource: EnvironmentSource;
  readonly unknownVariables: readonly string[];
  readonly #value: Data;
  readonly #fragments: readonly Fragment[];

  constructor(parts: ConfigurationParts) {
    this.#value = parts.value;
    this.#fragments = parts.fragments;
    this.environment = parts.environment;
    this.workspace = parts.workspace;
    this.infra = parts.infra;
    this.warnings = parts.warnings;
    this.environmentSource = parts.environmentSource ?? 'fallback';
    this.unknownVariables = parts.unknownVariables ?? [];
  }

  /** The value at a dotted path, records included; `undefined` when nothing sets it. */
  get(path: string | KeyPath): unknown {
    return valueAt(this.#value, typeof path === 'string' ? keyPath(path) : path);
  }

  /** The value at a path. @throws ProvisioningError `CONFIG_NOT_FOUND` (exit 5). */
  require(path: string): unknown {
    const value = this.get(path);
    if (value !== undefined) return value;
    throw new ProvisioningError({
      code: 'CONFIG_NOT_FOUND',
      kind: 'not-found',
      message: `Configuration not found: ${path}`,
      hint: `Set it with: provisioning config set ${path} <value>`,
    });
  }

  /** Everything, secrets included. For the loaders of the project itself; never printed. */
  data(): Data {
    return this.#value;
  }

  /** Fragments from the lowest to the highest precedence. */
  fragments(): readonly Fragment[] {
    return this.#fragments;
  }

  /** Where a value came from. @throws ProvisioningError `CONFIG_NOT_FOUND` */
  provenance(path: string | KeyPath): Provenance {
    const parts = typeof path === 'string' ? keyPath(path) : path.map(String);
    const found = this.#fragments.filter((fragment) => valueAt(fragment.value, parts) !== undefined);
    const winner = found.at(-1);
    const value = this.get(parts);
    if (value === undefined) this.require(parts.join('.'));
    if (winner === undefined) {
      // Filled in after the merge, from the defaults of a schema.
      const shown = this.isSecret(parts) ? secretMask : redact(value, parts, this);
      const secret = this.isSecret(parts);
      return {
        key: parts.join('.'),
        value: shown,
        raw: shown,
        layer: 'default',
        encrypted: false,
        secret,
        interpolated: false,
        overridden: [],
      };
    }
    const raw = valueAt(winner.value, parts);
    const secret = this.isSecret(parts);
    const line = locateIn(winner, parts)?.line;
    return {
      key: parts.join('.'),
      value: secret ? secretMask : redact(value, parts, this),
      raw: secret ? secretMask : redact(raw, parts, this),
      layer: winner.layer,
      ...(winner.document === undefined ? {} : { file: winner.document.file }),
      ...(line === undefined ? {} : { line }),
      ...(winner.origin === undefined ? {} : { origin: winner.origin }),
      encrypted: winner.document?.encrypted ?? false,
      secret,
      interpolated: typeof raw === 'string' && raw.includes('{{'),
      ...(winner.overlay === undefined ? {} : { overlay: winner.overlay }),
      overridden: found
        .slice(0, -1)
        .reverse()
        .map((fragment) => {
          const at = locateIn(fragment, parts)?.line;
          const below = valueAt(fragment.value, parts);
          return {
            layer: fragment.layer,
            ...(fragment.document === undefined ? {} : { file: fragment.document.file }),
            ...(at === undefined ? {} : { line: at }),
            raw: secret ? secretMask : redact(below, parts, this),
          };
        }),
    };
  }

  /** Dotted paths of every leaf; lists are leaves. */
  leaves(prefix: KeyPath = []): string[][] {
    const result: string[][] = [];
    const walk = (value: unknown, path: string[]): void => {
      if (isRecord(value) && !(value instanceof Secret) && !(value instanceof SecretReference)) {
        for (const key of Object.keys(value)) walk(value[key], [...path, key]);
      } else if (value !== undefined) result.push(path);
    };
    walk(this.get(prefix), prefix.map(String));
    return result;
  }

  /** Whether a key is secret: by its name, because its file is encrypted, or because its value is. */
  isSecret(path: KeyPath): boolean {
    const value = this.get(path);
    if (value instanceof Secret || value instanceof SecretReference) return true;
    if (typeof value === 'boolean' || typeof value === 'number' || value === '') return false;
    const name = String(path.at(-1) ?? '');
    if (!isRecord(value) && secretName.test(name)) return true;
    const winner = this.#fragments.findLast((fragment) => valueAt(fragment.value, path) !== undefined);
    return !isRecord(value) && winner?.document?.encrypted === true;
  }

  /** The whole configuration with secrets as `***`. */
  toJSON(): Data {
    return redact(this.#value, [], this) as Data;
  }
}

function redact(value: unknown, path: string[], configuration: Configuration): unknown {
  if (value instanceof Secret || value instanceof SecretReference) return secretMask;
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.keys(value).map((key) => [key, redact(value[key], [...path, key], configuration)]),
    );
  }
  if (value === unsetMark || value === null) return value;
  return configuration.isSecret(path) ? secretMask : value;
}
