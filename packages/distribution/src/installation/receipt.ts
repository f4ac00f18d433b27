import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import type { ComponentName, Prefix } from './prefix.ts';

const Component = Type.Object({
  version: Type.String(),
  /** Path from the prefix → SHA-256 of a file, `link:<target>` of a link. */
  files: Type.Record(Type.String(), Type.String()),
});

/** What was installed, by whom and when: `install-receipt.json` (11 §5.7). */
export const ReceiptSchema = Type.Object({
  schema: Type.Literal(1),
  method: Type.String(),
  variant: Type.String(),
  date: Type.String(),
  /** Base address of the releases it came from. */
  releases: Type.String(),
  components: Type.Record(Type.String(), Component),
});
export type Receipt = Static<typeof ReceiptSchema>;
export type InstalledComponent = Static<typeof Component>;

/**
 * The receipt of an installation; nothing when there is none.
 * @throws ProvisioningError `RECEIPT_INVALID`.
 */
export async function readReceipt(prefix: Prefix): Promise<Receipt | undefined> {
  const text = await readFile(prefix.receipt, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Check(ReceiptSchema, value)) return value;
  throw new ProvisioningError({
    code: 'RECEIPT_INVALID',
    message: `Installation receipt is damaged: ${prefix.receipt}`,
    hint: 'install the same version again, or remove the file to work with the known folders only',
    location: { file: prefix.receipt },
  });
}

/** Version of the product: that of the core, else of what is there. */
export function installedVersion(receipt: Receipt): string {
  const { core, platform } = receipt.components;
  return (core ?? platform ?? Object.values(receipt.components)[0])?.version ?? '0.0.0';
}

export function installedComponents(receipt: Receipt): readonly ComponentName[] {
  return Object.keys(receipt.components).filter((name) => name !== 'node') as ComponentName[];
}

/** SHA-256 of a file or the target of a link, as the receipt writes it; nothing when it is gone. */
export async function fingerprint(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return `link:${await readlink(path)}`;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Every file and link below a folder with its fingerprint, by its path from there. */
export async function fingerprints(folder: string): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    result[path.slice(folder.length + 1).replaceAll('\\', '/')] = (await fingerprint(path))!;
  }
  return result;
}
