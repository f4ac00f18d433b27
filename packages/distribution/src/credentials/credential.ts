import type { Secret } from '@provisioning/extensions-sdk';

/** What proves to a registry who is asking. */
export interface Credential {
  readonly username: string;
  readonly password?: Secret;
  /** Refresh token of the token service (Docker's `identitytoken`). */
  readonly identityToken?: Secret;
  /** Token that is sent as it is (Docker's `registrytoken`). */
  readonly registryToken?: Secret;
}

/** Finds the credential for the host of a request; `undefined` means anonymous. */
export interface CredentialSource {
  get(host: string): Promise<Credential | undefined>;
}

/** Nobody: every request is anonymous. */
export const anonymous: CredentialSource = { get: () => Promise.resolve(undefined) };

/** The first source that knows the host answers (09 §6 "Lookup"). */
export function firstOf(...sources: readonly CredentialSource[]): CredentialSource {
  return {
    async get(host) {
      for (const source of sources) {
        const found = await source.get(host);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** One credential for one host, and for no other. */
export function forHost(host: string, credential: Credential): CredentialSource {
  return { get: (asked) => Promise.resolve(asked === host ? credential : undefined) };
}
