import { readTokenFile } from '@provisioning/distribution';
import type { Secret } from '@provisioning/extensions-sdk';

/** The token that a backend is asked with, out of a file that may get another one while the service runs (10 §5). */
export class BackendToken {
  readonly #file: string | undefined;
  readonly #strict: boolean;
  #current: Secret | undefined;

  private constructor(file: string | undefined, strict: boolean) {
    this.#file = file;
    this.#strict = strict;
  }

  /** @throws ProvisioningError `TOKEN_FILE_INVALID`, `TOKEN_FILE_MODE`. */
  static async read(file: string | undefined, strict: boolean): Promise<BackendToken> {
    const token = new BackendToken(file, strict);
    await token.reload();
    return token;
  }

  /** `undefined` without a file: the backend is asked anonymously. */
  get current(): Secret | undefined {
    return this.#current;
  }

  /** Reads the file again; one that is invalid now changes nothing. */
  async reload(): Promise<void> {
    if (this.#file !== undefined) this.#current = await readTokenFile(this.#file, { strict: this.#strict });
  }
}
