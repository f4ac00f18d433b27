import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ImageLayout } from '../layout/layout.ts';
import { copy } from '../oci/copy.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { interrupted } from '../oci/errors.ts';
import { isManifestType } from '../oci/media-types.ts';
import type { CallOptions, Source } from '../oci/target.ts';
import { lastLine, type ProgramAccess, programEnvironment, runProgram } from './access.ts';
import { type ExternalProgram, type ExternalTool, findExternalProgram } from './program.ts';

export interface ExternalOptions extends ProgramAccess {
  readonly tool: ExternalTool | 'external';
}

/** A name that the layouts in between give the one artifact they hold. */
const held = 'artifact';

/**
 * Pushes and pulls through another program (09 §5 `oci.tool`). An image layout folder stands between: the program fills
 * or reads it, and what came from it is verified like everything else. What these programs cannot do stays built in.
 */
export class ExternalTransfers {
  readonly #options: ExternalOptions;
  readonly #pulled = new Map<string, Promise<Source>>();
  #program: Promise<ExternalProgram> | undefined;
  #folder: Promise<string> | undefined;
  #count = 0;

  constructor(options: ExternalOptions) {
    this.#options = options;
  }

  /** @throws ProvisioningError `OCI_TOOL_MISSING`, exit 1. */
  program(): Promise<ExternalProgram> {
    this.#program ??= findExternalProgram(this.#options.tool, this.#options.environment);
    return this.#program;
  }

  /** Copies an artifact to `host/repository:tag`. */
  async push(
    source: Source,
    root: Descriptor,
    place: { readonly host: string; readonly repository: string; readonly tag: string },
    options: CallOptions = {},
  ): Promise<void> {
    await this.program();
    const folder = await this.#next();
    await copy(source, root.digest, new ImageLayout(folder).repository(), held, options);
    await this.#run('push', folder, `${place.host}/${place.repository}:${place.tag}`, place.host, options);
  }

  /** The remote repository, whose artifacts the program fetches. */
  source(host: string, repository: string, remote: Source): Source {
    return {
      resolve: async (reference, options) => {
        await this.program();
        return remote.resolve(reference, options);
      },
      referrers: (descriptor, options) => remote.referrers(descriptor, options),
      fetch: (descriptor, options) => this.#fetch(host, repository, remote, descriptor, options),
    };
  }

  async #fetch(
    host: string,
    repository: string,
    remote: Source,
    descriptor: Descriptor,
    options: Parameters<Source['fetch']>[1],
  ): Promise<Readable> {
    if (isManifestType(descriptor.mediaType)) {
      const name = `${host}/${repository}@${descriptor.digest}`;
      let pulled = this.#pulled.get(name);
      if (pulled === undefined) {
        pulled = this.#pull(name, host, options ?? {});
        this.#pulled.set(name, pulled);
      }
      return (await pulled).fetch(descriptor, options);
    }
    for (const pulled of this.#pulled.values()) {
      const found = await (await pulled).fetch(descriptor, options).catch(() => undefined);
      if (found !== undefined) return found;
    }
    return remote.fetch(descriptor, options);
  }

  async #pull(name: string, host: string, options: CallOptions): Promise<Source> {
    const folder = await this.#next();
    await this.#run('pull', folder, name, host, options);
    return new ImageLayout(folder).repository();
  }

  async #next(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'provisioning-transfer-'));
    const folder = join(await this.#folder, `layout-${this.#count++}`);
    await mkdir(folder);
    return folder;
  }

  async #run(
    direction: 'push' | 'pull',
    folder: string,
    reference: string,
    host: string,
    { signal }: CallOptions,
  ): Promise<void> {
    const { tool, file } = await this.program();
    const words = wordsOf[tool](direction, folder, reference, {
      plain: this.#options.plainHttp(host),
      insecure: this.#options.insecure,
    });
    const env = await programEnvironment(this.#options, host, () => this.#next());
    const { code, stderr } = await runProgram(file, words, env, signal);
    if (signal?.aborted === true) throw interrupted('The transfer');
    if (code !== 0) throw failed(tool, reference, stderr);
  }

  /** Removes what lay in between. */
  async close(): Promise<void> {
    const folder = await this.#folder;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

type Words = (
  direction: 'push' | 'pull',
  folder: string,
  reference: string,
  security: { readonly plain: boolean; readonly insecure: boolean },
) => readonly string[];

/** How each program is told to do it. */
const wordsOf: Readonly<Record<ExternalTool, Words>> = {
  oras(direction, folder, reference, { plain, insecure }) {
    const side = direction === 'push' ? 'to' : 'from';
    const security = plain ? [`--${side}-plain-http`] : insecure ? [`--${side}-insecure`] : [];
    const layout = `${folder}:${held}`;
    return direction === 'push'
      ? ['cp', '--no-tty', ...security, '--from-oci-layout', layout, reference]
      : ['cp', '--no-tty', ...security, '--to-oci-layout', reference, layout];
  },
  crane(direction, folder, reference, { plain, insecure }) {
    const security = plain || insecure ? ['--insecure'] : [];
    return direction === 'push'
      ? ['push', ...security, folder, reference]
      : ['pull', ...security, '--format=oci', reference, folder];
  },
  skopeo(direction, folder, reference, { plain, insecure }) {
    const side = direction === 'push' ? 'dest' : 'src';
    const security = plain || insecure ? [`--${side}-tls-verify=false`] : [];
    const layout = `oci:${folder}:${held}`;
    const both = direction === 'push' ? [layout, `docker://${reference}`] : [`docker://${reference}`, layout];
    return ['--insecure-policy', 'copy', '--quiet', '--preserve-digests', ...security, ...both];
  },
};

function failed(tool: ExternalTool, reference: string, stderr: string): ProvisioningError {
  const text = lastLine(stderr);
  const denied = /unauthorized|authentication required|denied/i.test(text);
  return new ProvisioningError({
    code: 'OCI_TOOL_FAILED',
    ...(denied ? { kind: 'permission' as const } : {}),
    message: `${tool} did not transfer ${reference}: ${text}`,
    hint: denied
      ? `provisioning oci login ${reference.slice(0, reference.indexOf('/'))}`
      : 'set oci.tool to builtin to do without it',
  });
}
