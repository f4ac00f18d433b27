import { ProvisioningError, type SerializedError } from '../error.ts';
import { Secret } from '../secret.ts';

/** A message between the program and an extension's own process. */
export type Message =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly parameters: unknown }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: SerializedError }
  | { readonly type: 'abort'; readonly signal: number }
  | { readonly type: 'ready' };

/** Wire forms of what structured cloning can't carry. */
type Special = { readonly $function: number } | { readonly $signal: number } | { readonly $secret: string };

export interface Exports {
  /** Keeps a function that the other side may call; returns its number. */
  addFunction(value: (...parameters: unknown[]) => unknown): number;
  addSignal(value: AbortSignal): number;
}
export interface Imports {
  callFunction(id: number, parameters: unknown[]): Promise<unknown>;
  signal(id: number): AbortSignal;
}

/** A value ready to be sent: functions, signals and secrets become references; errors become data. */
export function encode(value: unknown, target: Exports): unknown {
  if (typeof value === 'function') return { $function: target.addFunction(value as never) } satisfies Special;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof AbortSignal) return { $signal: target.addSignal(value) } satisfies Special;
  if (value instanceof Secret) return { $secret: value.reveal() } satisfies Special;
  if (value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => encode(item, target));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item, target)]));
}

/** The value as the receiving side uses it. */
export function decode(value: unknown, source: Imports): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => decode(item, source));
  const special = value as Partial<{ $function: number; $signal: number; $secret: string }>;
  if (typeof special.$function === 'number') {
    const id = special.$function;
    return (...parameters: unknown[]) => source.callFunction(id, parameters);
  }
  if (typeof special.$signal === 'number') return source.signal(special.$signal);
  if (typeof special.$secret === 'string') return new Secret(special.$secret);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, source)]));
}

/** A thrown value as data; what is no `ProvisioningError` keeps its message only. */
export function encodeError(error: unknown): SerializedError {
  if (error instanceof ProvisioningError) return error.toJSON();
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'EXTENSION_FAILED', message };
}
