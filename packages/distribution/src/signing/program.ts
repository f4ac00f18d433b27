import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { lastLine, type ProgramAccess, programEnvironment, runProgram } from '../external/access.ts';
import { findOnPath } from '../external/program.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { interrupted } from '../oci/errors.ts';
import type { CallOptions } from '../oci/target.ts';
import type { Verification } from './cosign.ts';
import { trustFolder } from './notation.ts';
import type { SignatureChecker } from './policy.ts';
import { type TrustedSigner, trustedSigners, type TrustSettings } from './signers.ts';

export type SigningTool = 'cosign' | 'notation';

/** Signs and checks signatures through cosign or notation (`oci.signing.tool`, 09 §8). */
export class SigningProgram implements SignatureChecker {
  readonly tool: SigningTool;
  readonly #trust: TrustSettings;
  readonly #access: ProgramAccess;

  constructor(tool: SigningTool, trust: Omit<TrustSettings, 'tool'>, access: ProgramAccess) {
    this.tool = tool;
    this.#trust = { ...trust, tool };
    this.#access = access;
  }

  /** @throws ProvisioningError `SIGNING_TOOL_MISSING`, exit 1. */
  async program(): Promise<string> {
    const file = await findOnPath(this.tool, this.#access.environment);
    if (file !== undefined) return file;
    throw new ProvisioningError({
      code: 'SIGNING_TOOL_MISSING',
      message: `${this.tool} not found`,
      hint: `install ${this.tool} so that it is on PATH, or set oci.signing.tool to builtin`,
    });
  }

  /**
   * Signs `host/repository@digest`. A cosign key is a file whose password is in `COSIGN_PASSWORD`; without a key cosign
   * asks for an identity (`SIGSTORE_ID_TOKEN`). A notation key is the name it has in notation's own list.
   * @returns what signed: the key as it was named, or `keyless` and `default`.
   * @throws ProvisioningError `SIGNING_FAILED`, `SIGNING_TOOL_MISSING`, exit 1.
   */
  async sign(
    name: string,
    descriptor: Descriptor,
    options: CallOptions & {
      readonly key?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<string> {
    const file = await this.program();
    const { key, annotations = {}, signal } = options;
    const reference = `${name}@${descriptor.digest}`;
    const pairs = Object.entries(annotations).map(([label, value]) => `${label}=${value}`);
    const words =
      this.tool === 'cosign'
        ? [
            ...['sign', '--yes'],
            // What a key of one's own signs is nobody else's business: nothing goes to the public transparency log.
            ...(key === undefined ? [] : ['--key', key, '--tlog-upload=false']),
            ...pairs.flatMap((pair) => ['--annotations', pair]),
          ]
        : [
            'sign',
            ...(key === undefined ? [] : ['--key', key]),
            ...pairs.flatMap((pair) => ['--user-metadata', pair]),
          ];
    await this.#within(name, async (env) => {
      const { code, stderr } = await runProgram(
        file,
        [...words, ...this.#security(name), reference],
        env,
        signal,
      );
      if (signal?.aborted === true) throw interrupted('Signing');
      if (code === 0) return;
      throw new ProvisioningError({
        code: 'SIGNING_FAILED',
        message: `${this.tool} did not sign ${reference}: ${lastLine(stderr)}`,
        hint: signingHints[this.tool],
      });
    });
    return key ?? (this.tool === 'cosign' ? 'keyless' : 'default');
  }

  check(
    descriptor: Descriptor,
    reference: string,
    options: CallOptions = {},
    keyFiles: readonly string[] = [],
  ): Promise<Verification | undefined> {
    const name = reference.replace(/^oci:\/\//, '').replace(/@.*$|:[^/:]*$/, '');
    if (name.startsWith('layout:')) return Promise.resolve(undefined);
    return this.#verify(name, descriptor, reference, keyFiles, options);
  }

  /** One trusted signer after another is tried: what the program accepts was signed by that one. */
  async #verify(
    name: string,
    { digest }: Descriptor,
    reference: string,
    keyFiles: readonly string[],
    { signal }: CallOptions,
  ): Promise<Verification> {
    const trust =
      keyFiles.length === 0 ? this.#trust : { ...this.#trust, publicKeys: keyFiles, identities: [] };
    const signers = await trustedSigners(trust, reference);
    const file = await this.program();
    let reason = 'nobody who is trusted may sign here (oci.signing.allowed_signers)';
    for (const signer of signers) {
      const outcome = await this.#within(name, async (env, folder) => {
        const more = this.tool === 'notation' ? await trustFolder(folder, signer) : {};
        const words = [...this.#trusting(signer), ...this.#security(name), `${name}@${digest}`];
        return runProgram(file, ['verify', ...words], { ...env, ...more }, signal);
      });
      if (signal?.aborted === true) throw interrupted('The check of the signature');
      if (outcome.code === 0 && this.#confirms(outcome.stdout, digest))
        return { state: 'signed', keyId: signer.id };
      if (isUnsigned[this.tool](outcome)) return { state: 'unsigned' };
      reason = outcome.code === 0 ? `${this.tool} names another artifact` : lastLine(outcome.stderr);
    }
    return { state: 'invalid', reason };
  }

  #trusting({ files, identity }: TrustedSigner): readonly string[] {
    if (this.tool === 'notation') return [];
    return identity === undefined
      ? ['--output', 'json', '--key', files[0]!, '--insecure-ignore-tlog=true']
      : [
          ...['--output', 'json', '--certificate-identity', identity.subject],
          ...['--certificate-oidc-issuer', identity.issuer!],
        ];
  }

  /** Cosign answers with the payloads it verified; each must be over this very digest. */
  #confirms(stdout: string, digest: string): boolean {
    if (this.tool === 'notation') return true;
    try {
      const payloads = JSON.parse(stdout) as readonly {
        readonly critical?: { readonly image?: { readonly 'docker-manifest-digest'?: unknown } };
      }[];
      return (
        payloads.length > 0 &&
        payloads.every(({ critical }) => critical?.image?.['docker-manifest-digest'] === digest)
      );
    } catch {
      return false;
    }
  }

  #security(name: string): readonly string[] {
    const plain = this.#access.plainHttp(name.slice(0, name.indexOf('/')));
    const { insecure } = this.#access;
    if (this.tool === 'notation') return plain ? ['--insecure-registry'] : [];
    return [
      ...(plain ? ['--allow-http-registry'] : []),
      ...(plain || insecure ? ['--allow-insecure-registry'] : []),
    ];
  }

  /** A folder of its own for credentials and trust, gone when the program ended. */
  async #within<T>(name: string, work: (env: NodeJS.ProcessEnv, folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-signing-'));
    try {
      const host = name.slice(0, name.indexOf('/'));
      return await work(await programEnvironment(this.#access, host, () => Promise.resolve(folder)), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const signingHints: Readonly<Record<SigningTool, string>> = {
  cosign:
    'the password of a key is read from COSIGN_PASSWORD, the token of a keyless identity from SIGSTORE_ID_TOKEN',
  notation: 'see the keys it knows with: notation key list',
};

/** How each program says that there is no signature at all: cosign by exit code 10, notation in words. */
const isUnsigned: Readonly<
  Record<SigningTool, (outcome: { readonly code: number | undefined; readonly stderr: string }) => boolean>
> = {
  cosign: ({ code, stderr }) => code === 10 || (code !== 0 && /no signatures found/.test(stderr)),
  notation: ({ code, stderr }) => code !== 0 && /no signature is associated with/.test(stderr),
};
