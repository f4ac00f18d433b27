import { join } from 'node:path';
import { installFromPypi } from '../../python-environment.ts';

/** An environment of its own with what the suite needs from PyPI. */
export const python = join(import.meta.dirname, '../../../.cache/api');

/** Installs once. @returns why it can't be had, or nothing */
export function installPython(say: (message: string) => void): string | undefined {
  const packages = ['schemathesis', 'prometheus_client', 'openapi-python-client'];
  return installFromPypi(python, 'bin/schemathesis', packages, say);
}
