import { ProviderError, type ProviderErrorCode, ProvisioningError } from '@provisioning/extensions-sdk';
import { EngineError } from './docker/http.ts';

const checkNetwork = 'Check network connectivity and try again';

/** What an engine refused, as the provider error people see (06 §7). `what` begins it: `Server creation failed`. */
export function engineFailure(what: string, operation: string, error: unknown): ProvisioningError {
  if (error instanceof ProvisioningError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new ProvisioningError({
      code: 'INTERRUPTED',
      kind: 'interrupted',
      message: `${what}: interrupted`,
      cause: error,
    });
  }
  const status = error instanceof EngineError ? error.status : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const [code, help] = classify(status, text);
  return new ProviderError({
    provider: 'local',
    operation,
    code,
    message: `${what}: ${text}`,
    help,
    status: status || undefined,
    cause: error,
  });
}

export function notFound(hostname: string, operation: string): ProviderError {
  return new ProviderError({
    provider: 'local',
    operation,
    code: 'not_found',
    message: `Server not found: ${hostname}`,
    help: "See 'provisioning server list' for the servers there are",
  });
}

export function invalid(operation: string, message: string, help?: string): ProviderError {
  return new ProviderError({
    provider: 'local',
    operation,
    code: 'invalid',
    message,
    help: help ?? 'Check configuration syntax and required fields',
  });
}

function classify(status: number | undefined, text: string): readonly [ProviderErrorCode, string] {
  if (/no space left/i.test(text))
    return ['quota', 'Free space on the disk of the container engine and run it again'];
  if (status === 0) return ['unavailable', 'Check that the container engine runs'];
  if (status === 404) return ['not_found', checkNetwork];
  if (status === 409) return ['conflict', 'See which container holds the name, and remove or rename it'];
  if (status === 400 || status === 422) return ['invalid', 'Check configuration syntax and required fields'];
  if (status === 401 || status === 403) return ['auth', 'Check API credentials and permissions'];
  return ['unknown', checkNetwork];
}
