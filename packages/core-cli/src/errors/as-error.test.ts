import { expect, test } from '@jest/globals';
import { asProvisioningError } from './as-error.ts';

test('failures of the file system name the path and what is wrong with it', () => {
  const said = (code: string, syscall: string, path?: string): string =>
    asProvisioningError(
      Object.assign(new Error(`${code}: words of the system, ${syscall}`), {
        code,
        syscall,
        ...(path === undefined ? {} : { path }),
      }),
    ).message;
  expect(said('EEXIST', 'mkdir', '/a')).toBe('A folder is wanted, and this is a file: /a');
  expect(said('EEXIST', 'link', '/a')).toBe('EEXIST: words of the system, link');
  expect(said('ENOENT', 'mkdir', '/a')).toBe('No folder can be made here: /a');
  expect(said('ENOENT', 'open', '/a')).toBe('File not found: /a');
  expect(said('ENOSPC', 'write')).toBe('No space left on the device');
  expect(said('ENOSPC', 'write', '/a')).toBe('No space left on the device for /a');
});
