import { type ErrorKind, type Issue, ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Whatever was thrown as one of our errors: answers of a service keep their code and hint, failures of the system
 * (permission, disk full) are no bugs of ours, the rest is.
 */
export function asProvisioningError(thrown: unknown): ProvisioningError {
  if (thrown instanceof ProvisioningError) return thrown;
  if (!(thrown instanceof Error)) return ProvisioningError.from(thrown);
  if (thrown.name === 'AbortError') {
    return new ProvisioningError({
      code: 'INTERRUPTED',
      kind: 'interrupted',
      message: 'Operation interrupted',
      cause: thrown,
    });
  }
  if ('requestId' in thrown && 'retryable' in thrown) return fromService(thrown as unknown as ServiceError);
  if ('syscall' in thrown) return fromSystem(thrown as NodeJS.ErrnoException);
  return ProvisioningError.from(thrown);
}

/** The part of the client's errors that matters here (14 §5). */
interface ServiceError extends Error {
  readonly code: string;
  readonly status?: number;
  readonly details?: unknown;
  readonly hint?: string;
  readonly retryable: boolean;
}

function fromService(error: ServiceError): ProvisioningError {
  const details = error.details as { errors?: unknown; issues?: unknown } | undefined;
  const found = Array.isArray(details?.errors)
    ? details.errors
    : Array.isArray(details?.issues)
      ? details.issues
      : [];
  const messages = [...new Set(found.map(messageOf))];
  const issues: Issue[] =
    messages.length === 1 && messages[0] === error.message ? [] : messages.map((message) => ({ message }));
  return new ProvisioningError({
    code: error.code,
    kind: kindOf(error.status),
    message: error.message,
    hint: error.hint,
    issues,
    retryable: error.retryable,
    details: error.details,
    cause: error,
  });
}

function messageOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { message } = (value ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(value);
}

function kindOf(status: number | undefined): ErrorKind {
  if (status === 401 || status === 403) return 'permission';
  if (status === 404) return 'not-found';
  if (status === 409 || status === 412) return 'conflict';
  return status === undefined || status === 429 || status >= 500 ? 'unavailable' : 'failure';
}

const denied = new Set(['EACCES', 'EPERM', 'EROFS']);

function fromSystem(error: NodeJS.ErrnoException): ProvisioningError {
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: 'Free some space: provisioning cleanup --older-than 30d',
    EMFILE: 'Too many open files: raise the limit (ulimit -n) or work on fewer servers at once',
    ECONNREFUSED: 'Is the service running there?',
  };
  return new ProvisioningError({
    code: `SYSTEM_${error.code ?? 'ERROR'}`,
    kind: denied.has(error.code ?? '') ? 'permission' : 'failure',
    message: systemMessage(error),
    hint: hints[error.code ?? ''],
    cause: error,
  });
}

/** What happened and to which file; the words of the system only where there are none of ours. */
function systemMessage({ code = '', message, path, syscall }: NodeJS.ErrnoException): string {
  const words: Readonly<Record<string, string>> = {
    EACCES: 'Permission denied',
    EPERM: 'Permission denied',
    EROFS: 'Read-only file system',
    ENOSPC: 'No space left on the device for',
    ENOENT: 'File not found',
    EISDIR: 'This is a folder, and a file is wanted',
    ENOTDIR: 'A folder is wanted, and this is a file',
  };
  // A folder is made with those above it, so only a file can be in the way.
  if (code === 'EEXIST' && syscall === 'mkdir' && path !== undefined) return `${words['ENOTDIR']}: ${path}`;
  if (code === 'ENOENT' && syscall === 'mkdir' && path !== undefined)
    return `No folder can be made here: ${path}`;
  if (code === 'ENOSPC' && path === undefined) return 'No space left on the device';
  if (path === undefined || words[code] === undefined) return message;
  return `${words[code]}${code === 'ENOSPC' ? '' : ':'} ${path}`;
}
