import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { fileError, withFileLock, writeFileAtomic } from '../../files/atomic.ts';
import { decryptBytes, looksEncrypted } from '../cipher.ts';
import { ageKeyPlaces, ageRecipients, defaultCiphers, encryptAge } from '../ciphers/index.ts';
import { parseDocument } from '../document.ts';
import { isSops } from '../cipher.ts';
import type { Surroundings } from '../surroundings.ts';
import { changedMeanwhile } from './replace.ts';

/** A file of the configuration that is stored encrypted, opened in memory. */
export interface EncryptedFile {
  readonly file: string;
  /** Plain content; never written to disk by the caller outside a private folder. */
  readonly text: string;
  /** False for a file that is new or still plain. */
  readonly encrypted: boolean;
  /** Bytes as they were read, to see whether somebody else changed the file. */
  readonly stored: Uint8Array | undefined;
}

/**
 * Opens a file for `config edit-secure`; one that does not exist yet is empty.
 * @throws ProvisioningError `CONFIG_DECRYPT_FAILED` (3), `SOPS_FILE` for a file only `sops` may rewrite
 */
export async function openEncrypted(surroundings: Surroundings, name: string): Promise<EncryptedFile> {
  const file = path.resolve(surroundings.cwd, name);
  const stored = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(file, error);
  });
  if (stored === undefined) return { file, text: '', encrypted: false, stored };
  if (isSops(stored)) throw sopsFile(file);
  const { bytes, encrypted } = await decryptBytes(stored, file, defaultCiphers(surroundings));
  return { file, text: Buffer.from(bytes).toString('utf8'), encrypted, stored };
}

/**
 * Stores new content encrypted with age, in one step.
 * @throws ProvisioningError `CONFIG_CHANGED_MEANWHILE` (1), `CONFIG_SYNTAX` (3) when it does not parse
 */
export async function saveEncrypted(
  surroundings: Surroundings,
  { file, stored }: EncryptedFile,
  text: string,
): Promise<void> {
  parseDocument(text, plainName(file));
  const encrypted = await encryptAge(text, await ageRecipients(surroundings, ageKeyPlaces(surroundings)));
  await withFileLock(file, async () => {
    const current = await readFile(file).catch(() => undefined);
    const same =
      current === undefined ? stored === undefined : stored !== undefined && current.equals(stored);
    if (!same) throw changedMeanwhile(file);
    await writeFileAtomic(file, encrypted, 0o600);
  });
}

/** The name whose ending says how the plain content is written: `x.toml` of `x.toml.enc` and `x.enc.toml`. */
export function plainName(file: string): string {
  return file.replace(/\.enc$/, '').replace(/\.enc(\.[a-z]+)$/, '$1');
}

export interface EncryptResult {
  readonly from: string;
  readonly to: string;
  /** The file was encrypted already. */
  readonly skipped: boolean;
}

/** `config encrypt`: `<file>.enc`, or the same file with `inPlace`; an encrypted file is left alone. */
export async function encryptFile(
  surroundings: Surroundings,
  name: string,
  options: { readonly inPlace?: boolean; readonly output?: string; readonly check?: boolean },
): Promise<EncryptResult> {
  const file = path.resolve(surroundings.cwd, name);
  const bytes = await readExisting(file);
  const to =
    options.output === undefined
      ? options.inPlace === true
        ? file
        : `${file}.enc`
      : path.resolve(surroundings.cwd, options.output);
  if (looksEncrypted(bytes)) return { from: file, to: file, skipped: true };
  const recipients = await ageRecipients(surroundings, ageKeyPlaces(surroundings));
  if (options.check !== true)
    await writeFileAtomic(to, await encryptAge(bytes.toString('utf8'), recipients), 0o600);
  return { from: file, to, skipped: false };
}

/**
 * `config decrypt`: `x.yaml.enc` to `x.yaml`, `x.enc.yaml` to `x.dec.yaml`, a name git ignores; mode 0600.
 * @throws ProvisioningError `CONFIG_EXISTS` (1) for a target that exists, without `force`
 */
export async function decryptFile(
  surroundings: Surroundings,
  name: string,
  options: {
    readonly inPlace?: boolean;
    readonly output?: string;
    readonly force?: boolean;
    readonly check?: boolean;
  },
): Promise<{ readonly from: string; readonly to: string }> {
  const file = path.resolve(surroundings.cwd, name);
  const stored = await readExisting(file);
  const { bytes, encrypted } = await decryptBytes(stored, file, defaultCiphers(surroundings));
  if (!encrypted) {
    throw new ProvisioningError({
      code: 'NOT_ENCRYPTED',
      message: `File is not encrypted: ${file}`,
      location: { file },
    });
  }
  const to =
    options.output === undefined
      ? options.inPlace === true
        ? file
        : decryptedName(file)
      : path.resolve(surroundings.cwd, options.output);
  const taken = to !== file && (await stat(to).catch(() => undefined)) !== undefined;
  if (taken && options.force !== true) {
    throw new ProvisioningError({
      code: 'CONFIG_EXISTS',
      kind: 'conflict',
      message: `File exists: ${to}. Use --force to overwrite`,
    });
  }
  if (options.check !== true) await writeFileAtomic(to, bytes, 0o600);
  return { from: file, to };
}

function decryptedName(file: string): string {
  if (file.endsWith('.enc')) return file.slice(0, -'.enc'.length);
  return /\.enc\.[a-z]+$/.test(file) ? file.replace(/\.enc(\.[a-z]+)$/, '.dec$1') : `${file}.dec`;
}

async function readExisting(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes !== undefined) return bytes;
  throw new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `File not found: ${file}`,
    location: { file },
  });
}

function sopsFile(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'SOPS_FILE',
    kind: 'configuration',
    message: `File is in the SOPS format: ${file}`,
    hint: `Its keys and its checksum are kept by sops: sops edit ${file}`,
    location: { file },
  });
}
