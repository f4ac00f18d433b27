import { access } from 'node:fs/promises';
import { isLoopback, ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { ArtifactCache } from '../cache/artifact-cache.ts';
import type { CredentialSource } from '../credentials/credential.ts';
import { anonymous, firstOf } from '../credentials/credential.ts';
import { DockerCredentials, dockerConfigPath } from '../credentials/docker-config.ts';
import { readTokenFile } from '../credentials/token-file.ts';
import type { PackageKind } from '../extension/kind.ts';
import type { ProgramAccess } from '../external/access.ts';
import { ExternalTransfers } from '../external/transfers.ts';
import { annotations } from '../extension/media-types.ts';
import { fetchManifest } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { artifactNotFound, closest } from '../oci/errors.ts';
import { versionToTag } from '../oci/reference.ts';
import type { CallOptions, Source, Target } from '../oci/target.ts';
import type { Response } from '../remote/client.ts';
import { proxyFromEnvironment } from '../remote/connections.ts';
import { MirroredSource } from '../remote/mirrored.ts';
import { RemoteRegistry } from '../remote/registry.ts';
import type { OciSettings } from '../settings/oci-settings.ts';
import type { IndexClient } from '../static-index/client.ts';
import { type GateEvents, modeRules, SignatureGate } from '../signing/policy.ts';
import { ScanGate } from '../scanning/gate.ts';
import { harborReport, type ScanReport } from '../scanning/harbor.ts';
import { SigningProgram, type SigningTool } from '../signing/program.ts';
import { rememberSigned } from '../signing/signed-content.ts';
import {
  chooseTag,
  type ExtensionReference,
  isCompleteVersion,
  parseExtensionReference,
} from './artifact-name.ts';
import { LayoutPlace, type Place, RemotePlace } from './places.ts';

export interface SessionOptions {
  readonly settings: OciSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly events?: GateEvents;
  readonly signal?: AbortSignal;
  readonly version?: string;
  /** The user's data folder, where verified content is remembered. Without it nothing is. */
  readonly dataFolder?: string;
}

/** One artifact, found: where it is and what names it there. */
export interface Located {
  readonly place: Place;
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  /** `host/repository:tag`. */
  readonly full: string;
}

/** Everything one command shares: connections, credentials, cache and signature checks. Close it at the end. */
export class ArtifactSession {
  readonly settings: OciSettings;
  readonly cache: ArtifactCache;
  readonly gate: SignatureGate;
  readonly docker: DockerCredentials;
  /** Another program that pushes and pulls (`oci.tool`), `undefined` for the built-in client. */
  readonly external: ExternalTransfers | undefined;
  /** Another program that signs and checks signatures (`oci.signing.tool`), `undefined` for the built-in way. */
  readonly signer: SigningProgram | undefined;
  readonly #access: ProgramAccess;
  readonly #scans: ScanGate;
  readonly #options: SessionOptions;
  readonly #credentials: CredentialSource;
  readonly #registries = new Map<string, RemoteRegistry>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.settings = options.settings;
    const { settings, environment } = options;
    this.cache = new ArtifactCache(settings.cacheFolder, { maxBytes: settings.cacheMaxBytes });
    this.docker = new DockerCredentials(dockerConfigPath(environment), environment);
    this.#credentials = firstOf(this.#tokens(), this.docker);
    const { tool, insecure, caFile, signing } = settings;
    this.#access = {
      environment,
      credentials: this.#credentials,
      plainHttp: (host) => this.#isPlain(host),
      insecure,
      ...(caFile === undefined ? {} : { caFile }),
    };
    this.external = tool === 'builtin' ? undefined : new ExternalTransfers({ ...this.#access, tool });
    this.signer = signing.tool === 'builtin' ? undefined : this.signingProgram(signing.tool);
    this.#scans = new ScanGate(settings.scan, options.events);
    this.gate = new SignatureGate(signing, options.events, this.signer);
  }

  #isPlain(host: string): boolean {
    return host === this.settings.registry ? this.settings.plainHttp : isLoopback(host);
  }

  signingProgram(tool: SigningTool): SigningProgram {
    return new SigningProgram(tool, this.settings.signing, this.#access);
  }

  get call(): CallOptions {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }

  /** Environment of programs that are run for it: npm with its own configuration. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return this.#options.environment;
  }

  warn(message: string): void {
    this.#options.events?.warn?.(message);
  }

  /** The environment's token and the token file belong to the default registry alone (09 §6). */
  #tokens(): CredentialSource {
    const { settings, environment, events } = this.#options;
    return {
      get: async (host) => {
        if (host !== settings.registry) return undefined;
        const token = environment['PROVISIONING_OCI_TOKEN'];
        if (token !== undefined && token !== '')
          return { username: settings.username, password: new Secret(token) };
        const file = settings.tokenFile;
        if (
          file === undefined ||
          !(await access(file).then(
            () => true,
            () => false,
          ))
        )
          return undefined;
        const password = await readTokenFile(file, {
          strict: modeRules[settings.mode].strictTokenFiles,
          ...(events?.warn === undefined ? {} : { warn: events.warn }),
        });
        return { username: settings.username, password };
      },
    };
  }

  /** Connection to a registry by host, made on first use. */
  registry(host: string): RemoteRegistry {
    let registry = this.#registries.get(host);
    if (registry === undefined) {
      registry = this.#connect(host, this.#credentials);
      this.#registries.set(host, registry);
    }
    return registry;
  }

  /** A connection with credentials of its own, for `login`. */
  connectAs(host: string, credentials: CredentialSource): RemoteRegistry {
    return this.#connect(host, credentials);
  }

  /**
   * Opens an address outside the registries, with the same proxies and certificate authorities and without credentials.
   * 200, 304 and 404 are answers.
   */
  async open(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    if (this.settings.offline) {
      throw new ProvisioningError({
        code: 'NOT_IN_CACHE',
        kind: 'not-found',
        message: `Not in cache: ${url.href}`,
        hint: 'run the command without --offline',
      });
    }
    const key = `${url.protocol}//${url.host}`;
    let registry = this.#registries.get(key);
    if (registry === undefined) {
      registry = this.#connect(url.host, anonymous, url.protocol === 'http:');
      this.#registries.set(key, registry);
    }
    return registry.client.send({
      ...this.call,
      method: 'GET',
      target: url,
      headers,
      accept: [200, 304, 404],
    });
  }

  #index: Promise<IndexClient> | undefined;

  /** The static index of `registry.type: http`. @throws ProvisioningError `INDEX_MISSING`, exit 3. */
  index(): Promise<IndexClient> {
    const { indexUrl } = this.settings;
    if (indexUrl === undefined) {
      throw new ProvisioningError({
        code: 'INDEX_MISSING',
        kind: 'configuration',
        message: 'No index is configured (dependencies.registry.http.url)',
      });
    }
    this.#index ??= import('../static-index/client.ts').then(
      ({ IndexClient: Client }) => new Client(this, indexUrl),
    );
    return this.#index;
  }

  #connect(host: string, credentials: CredentialSource, plainHttp?: boolean): RemoteRegistry {
    const { settings, environment, version } = this.#options;
    return new RemoteRegistry(host, {
      credentials,
      plainHttp: plainHttp ?? this.#isPlain(host),
      timeoutSeconds: settings.timeoutSeconds,
      retries: settings.retries,
      insecure: settings.insecure,
      proxy: proxyFromEnvironment(environment, settings.proxy),
      trustedTokenHosts: settings.tokenHosts,
      userAgent: `provisioning/${version ?? '0'}`,
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
    });
  }

  /** A registry by name: `host[:port]` or `layout:<folder>`. Default: the configured one. */
  place(name: string = this.settings.registry): Place {
    if (name.startsWith('layout:')) return new LayoutPlace(name.slice('layout:'.length));
    return new RemotePlace(this.registry(name), (repository) => this.#reader(name, repository));
  }

  #reader(host: string, repository: string): Source {
    const { offline, pullAlways, mirrors } = this.settings;
    const mirror = mirrors[host];
    const builtin = this.registry(host).repository(repository);
    const own = this.external?.source(host, repository, builtin) ?? builtin;
    const remote = mirror === undefined ? own : new MirroredSource([this.#mirror(mirror, repository), own]);
    return this.cache.source(`${host}/${repository}`, remote, { offline, always: pullAlways });
  }

  #mirror(mirror: string, repository: string): Source {
    const slash = mirror.indexOf('/');
    const [host, prefix] =
      slash === -1 ? [mirror, ''] : [mirror.slice(0, slash), `${mirror.slice(slash + 1)}/`];
    return this.registry(host).repository(`${prefix}${repository}`);
  }

  /**
   * Finds what a reference names: the tag that fits a version or range, and the repository that holds the kind (09 §1).
   * @throws ProvisioningError `ARTIFACT_NOT_FOUND`, exit 5; `INVALID_REFERENCE`, exit 2.
   */
  async locate(text: string): Promise<Located> {
    await this.external?.program();
    const reference = parseExtensionReference(text);
    if (reference.form === 'oci') {
      const { host, repository, tag, digest } = reference;
      return this.#exact(this.place(host), repository, digest ?? tag);
    }
    if (reference.form === 'layout') {
      const { folder, repository, tag, digest } = reference;
      return this.#exact(this.place(`layout:${folder}`), repository, digest ?? tag);
    }
    if (reference.form !== 'name') {
      throw new ProvisioningError({
        code: 'NOT_A_REGISTRY_REFERENCE',
        kind: 'usage',
        message: `${text} does not name an artifact of a registry`,
        hint: 'write name:version, host/repository:tag or layout:<folder>/name:tag',
      });
    }
    return this.#named(reference);
  }

  async #exact(place: Place, repository: string, wanted: string | undefined): Promise<Located> {
    const located = (reference: string): Located => ({
      place,
      repository,
      reference,
      full: `${place.name}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`,
    });
    if (wanted?.includes(':') === true) return located(wanted);
    if (this.settings.offline) return located(wanted ?? 'latest');
    const source = place.source(repository);
    const direct = await this.#published(source, wanted);
    if (direct !== undefined) return located(direct);
    const tags = await source.tags(this.call);
    const tag = chooseTag(tags, wanted === undefined ? {} : { version: wanted });
    if (tag !== undefined) return located(tag);
    throw artifactNotFound(
      `${place.name}/${repository}:${wanted ?? 'latest'}`,
      tags.map((one) => `${place.name}/${repository}:${one}`),
    );
  }

  async #named(reference: Extract<ExtensionReference, { form: 'name' }>): Promise<Located> {
    const place = this.place();
    const { name, kind } = reference;
    const wanted = {
      ...(reference.version === undefined ? {} : { version: reference.version }),
      ...(reference.range === undefined ? {} : { range: reference.range }),
    };
    if (this.settings.offline && reference.version !== undefined) {
      return this.#exact(place, `${this.settings.namespaces.extensions}/${name}`, reference.version);
    }
    const shown = `${place.name}/${this.settings.namespaces.extensions}/${name}:${reference.version ?? reference.range ?? 'latest'}`;
    for (const repository of this.repositoryCandidates(name, kind)) {
      const source = place.source(repository);
      const direct = await this.#published(source, wanted.version);
      const tags = direct === undefined ? await tagsOrNone(source, this.call) : [direct];
      const tag = direct ?? chooseTag(tags, wanted);
      if (tag === undefined) {
        if (tags.length > 0 && kind === undefined)
          throw artifactNotFound(
            shown,
            tags.map((one) => `${place.name}/${repository}:${one}`),
          );
        continue;
      }
      if (kind !== undefined && !(await this.holdsKind(source, tag, kind))) continue;
      return { place, repository, reference: tag, full: `${place.name}/${repository}:${tag}` };
    }
    throw artifactNotFound(shown, await this.#suggestions(place, name));
  }

  /** A complete version is its own tag as a rule: then the list of all tags need not be read. */
  async #published(source: Source, version: string | undefined): Promise<string | undefined> {
    if (version === undefined || !isCompleteVersion(version)) return undefined;
    const tag = versionToTag(version);
    try {
      await source.resolve(tag, this.call);
      return tag;
    } catch (error) {
      if (error instanceof ProvisioningError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  async #suggestions(place: Place, name: string): Promise<readonly string[]> {
    const { extensions } = this.settings.namespaces;
    const known = await place.repositories(extensions, this.call).catch(() => []);
    const near = closest(
      name,
      known.map((one) => one.slice(extensions.length + 1)),
    );
    return near.map((one) => `${place.name}/${extensions}/${one}`);
  }

  /** Repositories that may hold an extension: `<ns>/<name>`, then `<ns>/<name>-<kind>`. */
  repositoryCandidates(name: string, kind?: PackageKind): readonly string[] {
    const base = `${this.settings.namespaces.extensions}/${name}`;
    return kind === undefined ? [base] : [base, `${base}-${kind}`];
  }

  /** Whether a repository holds extensions of a kind, told by the annotation of one of its manifests. */
  async holdsKind(source: Source, reference: string, kind: PackageKind): Promise<boolean> {
    const manifest = await fetchManifest(source, await source.resolve(reference, this.call), this.call);
    const own = manifest.annotations?.[annotations.kind];
    return own === undefined || own === kind;
  }

  /** Lets an artifact pass the signature policy of the mode and what the registry's scanner found in it. */
  async verify(source: Source, root: Descriptor, full: string): Promise<string | undefined> {
    const signedBy = await this.gate.check(source, root, full, this.call);
    await this.#scans.check(full, root.digest, () => this.#report(full, root.digest));
    return signedBy;
  }

  async #report(full: string, digest: string): Promise<ScanReport | undefined> {
    const name = full.replace(/^oci:\/\//, '').replace(/@.*$|:[^/:]*$/, '');
    if (name.startsWith('layout:') || this.settings.offline) return undefined;
    const slash = name.indexOf('/');
    return harborReport(this.registry(name.slice(0, slash)), name.slice(slash + 1), digest, this.call);
  }

  /** Remembers that the files of a folder came from an artifact that a trusted key signed; they count as certified. */
  async rememberSigned(
    folder: string,
    signed: { readonly keyId: string | undefined; readonly reference: string; readonly digest: string },
  ): Promise<void> {
    const { dataFolder } = this.#options;
    const { keyId } = signed;
    if (dataFolder !== undefined && keyId !== undefined)
      await rememberSigned(dataFolder, folder, { ...signed, keyId });
  }

  /** Writes the cache's knowledge and ends connections. */
  async close(): Promise<void> {
    await this.cache.flush();
    await this.external?.close();
    for (const registry of this.#registries.values()) registry.close();
  }
}

/** Tags of a repository, none when it does not exist. */
export async function tagsOrNone(
  source: Pick<Target, 'tags'>,
  options: CallOptions,
): Promise<readonly string[]> {
  try {
    return await source.tags(options);
  } catch (error) {
    if (error instanceof ProvisioningError && error.kind === 'not-found') return [];
    throw error;
  }
}
