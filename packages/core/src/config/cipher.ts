import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Decrypts configuration files of one kind, in memory (02 §15). */
export interface ConfigCipher {
  readonly name: string;
  /** Whether these bytes are encrypted in its way. */
  detect(bytes: Uint8Array, file: string): boolean;
  decrypt(bytes: Uint8Array, file: string): Promise<Uint8Array>;
  /** What can be told without a key: recipients, key ids. */
  describe(bytes: Uint8Array): Readonly<Record<string, unknown>>;
}

/** Names of files that hold credentials and must be encrypted. */
const mustBeEncrypted =
  /(\.enc\.(ya?ml|toml|json)|\.(ya?ml|toml|json)\.enc)$|(^|\/)config\/secure\.yaml$|(^|\/)config\/providers\/[^/]*credentials[^/]*\.toml$/;

/** Whether a file of this name may only hold encrypted content (02 §15). */
export function shouldBeEncrypted(file: string): boolean {
  return mustBeEncrypted.test(file);
}

const kmsPrefix = /^(age|vault|aws|cosmian|local):v\d+:/;

/** Whether bytes look encrypted at all, whatever the way. */
export function looksEncrypted(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64)).toString('latin1');
  if (head.startsWith('-----BEGIN AGE ENCRYPTED FILE-----') || head.startsWith('age-encryption.org/'))
    return true;
  if (kmsPrefix.test(head)) return true;
  return isSops(bytes);
}

/** A file encrypted by SOPS carries its metadata in a `sops` block. */
export function isSops(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.includes('ENC[')) return false;
  return /^(sops:|\[sops\]|\s*"sops"\s*:)/m.test(text.toString('utf8'));
}

/**
 * Plain bytes of a file that may be encrypted. There is no fallback to a plain twin (rulings §8).
 * @throws ProvisioningError `CONFIG_DECRYPT_FAILED`
 */
export async function decryptBytes(
  bytes: Uint8Array,
  file: string,
  ciphers: readonly ConfigCipher[],
): Promise<{ readonly bytes: Uint8Array; readonly encrypted: boolean }> {
  const cipher = ciphers.find((candidate) => candidate.detect(bytes, file));
  if (cipher === undefined) {
    if (looksEncrypted(bytes)) throw failed(file, 'no key or tool is set up for its kind of encryption');
    return { bytes, encrypted: false };
  }
  try {
    return { bytes: await cipher.decrypt(bytes, file), encrypted: true };
  } catch (cause) {
    throw failed(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function failed(file: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIG_DECRYPT_FAILED',
    kind: 'configuration',
    message: `Failed to decrypt configuration file: ${file}: ${reason}`,
    hint: 'Set PROVISIONING_KAGE to the age key, or check sops.key_search_paths.',
    location: { file },
    cause,
  });
}
