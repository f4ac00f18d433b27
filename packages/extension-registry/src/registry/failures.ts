import { ProvisioningError } from '@provisioning/extensions-sdk';
import { BackendFailure } from './guarded-backend.ts';

/** Why a backend did not answer. */
export interface BackendErrorRecord {
  readonly id: string;
  readonly error: string;
}

/** Failures of the backends that were tried one after another (10 §2 "Fallback"). */
export class Failures {
  readonly #records: (BackendErrorRecord & { readonly timeout: boolean })[] = [];

  add(id: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#records.push({ id, error: message, timeout: error instanceof BackendFailure && error.timeout });
  }

  /** Nobody has it: 404 when all of them said so, 504 when all failures were time-outs, else 502. */
  verdict(notFound: ProvisioningError): ProvisioningError {
    if (this.#records.length === 0) return notFound;
    const onlyTimeouts = this.#records.every(({ timeout }) => timeout);
    return new ProvisioningError({
      code: onlyTimeouts ? 'BACKEND_TIMEOUT' : 'BACKEND_ERROR',
      kind: 'unavailable',
      message: onlyTimeouts ? 'The backends did not answer in time' : 'A backend failed and no other has it',
      details: { errors: this.#records.map(({ id, error }) => ({ id, error })) },
    });
  }
}

export function extensionNotFound(type: string, name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'EXTENSION_NOT_FOUND',
    kind: 'not-found',
    message: `Extension not found: ${type}/${name}`,
  });
}

export function versionNotFound(type: string, name: string, version: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VERSION_NOT_FOUND',
    kind: 'not-found',
    message: `Version not found: ${type}/${name} ${version}`,
  });
}
