import { ProvisioningError, signaturePolicies } from '@provisioning/extensions-sdk';
import { globToRegExp } from '../archive/glob.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { CallOptions, Source } from '../oci/target.ts';
import { type Verification, verifyArtifact } from './cosign.ts';
import { readTrustedKeys, type TrustedKey } from './keys.ts';

/** Modes of an installation (rulings §2). */
export type Mode = 'solo' | 'multiuser' | 'cicd' | 'enterprise';

/** What happens to artifacts without a valid signature (09 §8). */
export type SignaturePolicy = (typeof signaturePolicies)[number];

/** What a mode asks for (09 §8, S:3953-3965, S:42330-42354). */
export interface ModeRules {
  readonly verify: SignaturePolicy;
  readonly mustSign: boolean;
  readonly localSources: 'allow' | 'warn' | 'refuse';
  readonly insecureAllowed: boolean;
  readonly overwriteAllowed: boolean;
  readonly floatingTags: 'warn' | 'refuse';
  readonly strictTokenFiles: boolean;
  readonly frozenByDefault: boolean;
  readonly refuseCritical: boolean;
}

const open = {
  verify: 'off',
  mustSign: false,
  insecureAllowed: true,
  overwriteAllowed: true,
  floatingTags: 'warn',
  strictTokenFiles: false,
  frozenByDefault: false,
  refuseCritical: false,
} as const;
const closed = {
  verify: 'require',
  mustSign: true,
  localSources: 'refuse',
  insecureAllowed: false,
  overwriteAllowed: false,
  strictTokenFiles: true,
  frozenByDefault: true,
  refuseCritical: true,
} as const;

export const modeRules: Readonly<Record<Mode, ModeRules>> = {
  solo: { ...open, localSources: 'allow' },
  multiuser: { ...open, localSources: 'warn' },
  cicd: { ...closed, floatingTags: 'warn' },
  enterprise: { ...closed, floatingTags: 'refuse' },
};

/** The strictest of what mode, configuration and call ask for: configuration raises and never lowers (09 §8). */
export function effectivePolicy(
  mode: Mode,
  ...asked: readonly (SignaturePolicy | undefined)[]
): SignaturePolicy {
  const all = [modeRules[mode].verify, ...asked.filter((one) => one !== undefined)];
  return signaturePolicies[Math.max(...all.map((one) => signaturePolicies.indexOf(one)))]!;
}

export interface SigningSettings {
  readonly policy: SignaturePolicy;
  readonly publicKeys: readonly string[];
  /** Glob over `host/repository` → ids of keys that may sign there; without an entry every trusted key may. */
  readonly allowedSigners?: Readonly<Record<string, readonly string[]>>;
}

/** Checks signatures through another program; `undefined` for what it cannot reach. */
export interface SignatureChecker {
  check(descriptor: Descriptor, reference: string, options: CallOptions): Promise<Verification | undefined>;
}

export interface GateEvents {
  readonly warn?: (message: string) => void;
  /** Every refusal is an audit event. */
  readonly audit?: (event: {
    readonly action: 'refused' | 'accepted';
    readonly reference: string;
    readonly digest: string;
    readonly reason: string;
  }) => void;
}

/** Decides whether an artifact may be used. One object serves a whole run, and checks each digest once. */
export class SignatureGate {
  readonly #settings: SigningSettings;
  readonly #events: GateEvents;
  readonly #results = new Map<string, Promise<string | undefined>>();
  readonly #checker: SignatureChecker | undefined;
  #keys: Promise<readonly TrustedKey[]> | undefined;

  constructor(settings: SigningSettings, events: GateEvents = {}, checker?: SignatureChecker) {
    this.#settings = settings;
    this.#checker = checker;
    this.#events = events;
  }

  get policy(): SignaturePolicy {
    return this.#settings.policy;
  }

  /**
   * Lets an artifact pass or refuses it.
   * @returns id of the key that signed it, `undefined` when nobody did and that is allowed.
   * @throws ProvisioningError `UNSIGNED_ARTIFACT`, `SIGNATURE_INVALID`, exit 4; `NO_TRUSTED_KEYS`, exit 3.
   */
  check(
    source: Source,
    descriptor: Descriptor,
    reference: string,
    options: CallOptions = {},
  ): Promise<string | undefined> {
    if (this.#settings.policy === 'off') return Promise.resolve(undefined);
    const known = this.#results.get(`${descriptor.digest} ${reference}`);
    if (known !== undefined) return known;
    const result = this.#check(source, descriptor, reference, options);
    this.#results.set(`${descriptor.digest} ${reference}`, result);
    return result;
  }

  async #check(
    source: Source,
    descriptor: Descriptor,
    reference: string,
    options: CallOptions,
  ): Promise<string | undefined> {
    const verification =
      (await this.#checker?.check(descriptor, reference, options)) ??
      (await this.#builtin(source, descriptor, reference, options));
    const audit = (action: 'refused' | 'accepted', reason: string): void =>
      this.#events.audit?.({ action, reference, digest: descriptor.digest, reason });
    if (verification.state === 'signed') {
      audit('accepted', `signed by ${verification.keyId}`);
      return verification.keyId;
    }
    if (verification.state === 'invalid') {
      audit('refused', verification.reason);
      throw signatureInvalid(reference, verification.reason);
    }
    if (this.#settings.policy === 'require') {
      audit('refused', 'unsigned');
      throw unsigned(reference);
    }
    this.#events.warn?.(`${reference} is not signed`);
    return undefined;
  }

  async #builtin(
    source: Source,
    descriptor: Descriptor,
    reference: string,
    options: CallOptions,
  ): Promise<Verification> {
    this.#keys ??= readTrustedKeys(this.#settings.publicKeys);
    const keys = allowedKeys(await this.#keys, reference, this.#settings.allowedSigners);
    return verifyArtifact(source, descriptor, keys, options);
  }
}

/** The signers that may sign what a reference names (`oci.signing.allowed_signers`). */
export function allowedKeys<Signer extends { readonly id: string }>(
  keys: readonly Signer[],
  reference: string,
  signers: SigningSettings['allowedSigners'] = {},
): readonly Signer[] {
  const rules = Object.entries(signers).filter(([glob]) =>
    globToRegExp(glob).test(reference.replace(/[@:][^/]*$/, '')),
  );
  if (rules.length === 0) return keys;
  const ids = new Set(rules.flatMap(([, allowed]) => allowed));
  return keys.filter(({ id }) => ids.has(id));
}

export function unsigned(reference: string): ProvisioningError {
  return new ProvisioningError({
    code: 'UNSIGNED_ARTIFACT',
    kind: 'permission',
    message: `Unsigned artifact refused: ${reference}`,
    hint: `sign it with 'provisioning oci sign ${reference} --key <file>', or choose a signed version`,
  });
}

export function signatureInvalid(reference: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'SIGNATURE_INVALID',
    kind: 'permission',
    message: `Signature verification failed: ${reference}`,
    hint: reason,
  });
}

/** `--insecure` where the mode forbids it (09 §6). */
export function insecureRefused(mode: Mode): ProvisioningError {
  return new ProvisioningError({
    code: 'INSECURE_REFUSED',
    kind: 'permission',
    message: `--insecure is not allowed in ${mode} mode`,
    hint: 'set oci.ca_file to the certificate authority of the registry',
  });
}
