import { stat } from 'node:fs/promises';
import { type ManifestFile, readManifest, validateExtension } from '@provisioning/core';
import type { PushOptions } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * How folders of extensions are read and checked before they are pushed: by the rules of 09 §3, each manifest read once. An
 * archive was checked when it was built.
 */
export function checkedFolders(): Required<Pick<PushOptions, 'readManifest' | 'validate'>> {
  const read = new Map<string, ManifestFile>();
  return {
    readManifest: async (folder) => {
      const found = await readManifest(folder);
      read.set(folder, found);
      return found.manifest;
    },
    validate: (path) => requireValid(path, read.get(path)),
  };
}

/** @throws ProvisioningError `EXTENSION_INVALID`, exit 1. */
async function requireValid(path: string, read: ManifestFile | undefined): Promise<void> {
  if (read === undefined && !(await stat(path)).isDirectory()) return;
  const report = await validateExtension(path, undefined, read === undefined ? {} : { read });
  if (report.valid) return;
  const errors = Object.values(report.rules).flatMap((rule) => rule.errors);
  throw new ProvisioningError({
    code: 'EXTENSION_INVALID',
    message: `${path} is no valid extension: ${errors.join('; ')}`,
    hint: `see all that is said about it: provisioning oci package validate ${path}`,
    issues: errors.map((message) => ({ message })),
  });
}
