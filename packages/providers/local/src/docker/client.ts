import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  absent,
  compareApi,
  demultiplex,
  labelFilter,
  released,
  whileOthersRemove,
  withLabels,
} from './answers.ts';
import { type Endpoint, EngineError, EngineHttp, jsonLines } from './http.ts';
import type {
  ContainerDetails,
  ContainerSpec,
  ContainerSummary,
  EngineInfo,
  EngineVersion,
  ImageSummary,
  Labels,
  NetworkSummary,
  VolumeSummary,
} from './types.ts';

/** The newest API this client was written against; older engines are asked in their own version. */
const newestApi = '1.47';

/** Oldest API accepted (06 §6.1). */
export const oldestApi = '1.41';

/** A typed client of the Docker Engine API, for Docker and for Podman's service of the same API. */
export class Engine {
  readonly endpoint: Endpoint;
  /** What the engine calls itself: `Docker/28.0.1 (linux)`, `Libpod/4.3.1 (linux)`. */
  readonly server: string;
  readonly apiVersion: string;
  readonly #http: EngineHttp;
  readonly #prefix: string;

  private constructor(http: EngineHttp, server: string, apiVersion: string) {
    this.#http = http;
    this.endpoint = http.endpoint;
    this.server = server;
    this.apiVersion = apiVersion;
    this.#prefix = `/v${compareApi(apiVersion, newestApi) < 0 ? apiVersion : newestApi}`;
  }

  /** Greets the engine. @throws EngineError when nothing answers. */
  static async connect(endpoint: Endpoint, timeout = 5_000): Promise<Engine> {
    const http = new EngineHttp(endpoint);
    try {
      const { headers } = await http.text('GET', '/_ping', { timeout });
      const api = String(headers['api-version'] ?? oldestApi);
      const server =
        String(headers['libpod-api-version'] ?? '') !== '' && headers.server === undefined
          ? `Libpod/${String(headers['libpod-api-version'])}`
          : String(headers.server ?? 'unknown');
      return new Engine(http, server, api);
    } catch (error) {
      http.close();
      throw error;
    }
  }

  get isPodman(): boolean {
    return this.server.startsWith('Libpod/');
  }

  close(): void {
    this.#http.close();
  }

  async ping(): Promise<void> {
    await this.#http.text('GET', '/_ping', { timeout: 5_000 });
  }

  version(): Promise<EngineVersion> {
    return this.#get('/version');
  }

  info(): Promise<EngineInfo> {
    return this.#get('/info');
  }

  async listContainers(labels: Labels, signal?: AbortSignal): Promise<ContainerSummary[]> {
    const query = { all: 'true', filters: labelFilter(labels) };
    return withLabels(await this.#get<ContainerSummary[]>('/containers/json', query, signal), labels);
  }

  inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    return absent(this.#get<ContainerDetails>(`/containers/${encodeURIComponent(id)}/json`));
  }

  /** @throws EngineError with status 409 when the name is taken. */
  async createContainer(name: string, spec: ContainerSpec, signal?: AbortSignal): Promise<string> {
    try {
      const created = await this.#http.json<{ Id: string }>('POST', `${this.#prefix}/containers/create`, {
        query: { name },
        json: spec,
        signal,
      });
      return created.Id;
    } catch (error) {
      // Podman up to 4.x reports a taken name as an internal error.
      if (error instanceof EngineError && /name .*is already in use/.test(error.message)) {
        throw new EngineError(error.message, 409, error);
      }
      throw error;
    }
  }

  async startContainer(id: string): Promise<void> {
    await this.#post(`/containers/${id}/start`);
  }

  /** Asks init to shut down and kills after `seconds`. */
  async stopContainer(id: string, seconds: number): Promise<void> {
    await this.#http.text('POST', `${this.#prefix}/containers/${id}/stop`, {
      query: { t: String(seconds) },
      timeout: (seconds + 30) * 1000,
    });
  }

  async unpauseContainer(id: string): Promise<void> {
    await this.#post(`/containers/${id}/unpause`);
  }

  async renameContainer(id: string, name: string): Promise<void> {
    await this.#http.text('POST', `${this.#prefix}/containers/${id}/rename`, { query: { name } });
  }

  /** Runs a program in a running container. @returns its standard output. @throws EngineError when it fails. */
  async exec(id: string, command: readonly string[]): Promise<string> {
    const { Id } = await this.#http.json<{ Id: string }>('POST', `${this.#prefix}/containers/${id}/exec`, {
      json: { Cmd: command, AttachStdout: true, AttachStderr: true },
    });
    const response = await this.#http.open('POST', `${this.#prefix}/exec/${Id}/start`, {
      json: { Detach: false, Tty: false },
    });
    const { stdout, stderr } = await demultiplex(response);
    const { ExitCode } = await this.#get<{ ExitCode: number }>(`/exec/${Id}/json`);
    if (ExitCode !== 0)
      throw new EngineError(`${command.join(' ')} ended with ${ExitCode}: ${stderr || stdout}`, 500);
    return stdout;
  }

  /** Waits until the program of a container has ended. @returns its exit code. */
  async waitContainer(id: string, seconds = 60): Promise<number> {
    const path = `${this.#prefix}/containers/${id}/wait`;
    const result = await this.#http.json<{ StatusCode: number }>('POST', path, { timeout: seconds * 1000 });
    return result.StatusCode;
  }

  /** The last lines that the program of a container wrote. */
  async logs(id: string, lines: number): Promise<string> {
    const query = { stdout: 'true', stderr: 'true', tail: String(lines) };
    const response = await this.#http.open('GET', `${this.#prefix}/containers/${id}/logs`, { query });
    const { stdout, stderr } = await demultiplex(response);
    return stdout + stderr;
  }

  /** Removes with its anonymous volumes; no error when it is gone already. */
  async removeContainer(id: string): Promise<boolean> {
    const query = { force: 'true', v: 'true' };
    const removed = await released(() =>
      this.#http.text('DELETE', `${this.#prefix}/containers/${id}`, { query }),
    );
    return removed !== undefined;
  }

  async putArchive(id: string, tar: Readable | Uint8Array, path = '/'): Promise<void> {
    await this.#http.text('PUT', `${this.#prefix}/containers/${id}/archive`, { query: { path }, body: tar });
  }

  /** Changes the limits of a container while it runs. Memory in bytes. */
  async updateLimits(id: string, cores: number, memory: number): Promise<void> {
    if (this.isPodman) {
      // Podman serves no /containers/<id>/update in the Docker API; its own API has one (from 4.3 on).
      await this.#http.text('POST', `/v4.0.0/libpod/containers/${id}/update`, {
        json: {
          cpu: { period: 100_000, quota: Math.round(cores * 100_000) },
          memory: { limit: memory, swap: memory * 2 },
        },
      });
      return;
    }
    await this.#http.text('POST', `${this.#prefix}/containers/${id}/update`, {
      json: { NanoCpus: Math.round(cores * 1e9), Memory: memory, MemorySwap: memory * 2 },
    });
  }

  async commit(id: string, repository: string, tag: string, labels: Labels): Promise<string> {
    const changes = Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`);
    const result = await this.#http.json<{ Id: string }>('POST', `${this.#prefix}/commit`, {
      query: { container: id, repo: repository, tag, pause: 'true', changes: changes.join('\n') },
      json: {},
      timeout: 600_000,
    });
    return result.Id;
  }

  async listNetworks(labels: Labels): Promise<NetworkSummary[]> {
    return withLabels(
      await this.#get<NetworkSummary[]>('/networks', { filters: labelFilter(labels) }),
      labels,
    );
  }

  inspectNetwork(name: string): Promise<NetworkSummary | undefined> {
    return absent(this.#get<NetworkSummary>(`/networks/${encodeURIComponent(name)}`));
  }

  async createNetwork(name: string, labels: Labels, subnet?: string): Promise<string> {
    const created = await this.#http.json<{ Id: string }>('POST', `${this.#prefix}/networks/create`, {
      json: {
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: labels,
        ...(subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: subnet }] } }),
      },
    });
    return created.Id;
  }

  async removeNetwork(name: string): Promise<void> {
    await released(() => this.#http.text('DELETE', `${this.#prefix}/networks/${encodeURIComponent(name)}`));
  }

  async listVolumes(labels: Labels): Promise<readonly VolumeSummary[]> {
    const answer = await this.#get<{ Volumes: VolumeSummary[] | null }>('/volumes', {
      filters: labelFilter(labels),
    });
    return withLabels(answer.Volumes ?? [], labels);
  }

  inspectVolume(name: string): Promise<VolumeSummary | undefined> {
    return absent(this.#get<VolumeSummary>(`/volumes/${encodeURIComponent(name)}`));
  }

  async createVolume(name: string, labels: Labels): Promise<void> {
    await this.#http.text('POST', `${this.#prefix}/volumes/create`, { json: { Name: name, Labels: labels } });
  }

  async removeVolume(name: string): Promise<void> {
    await released(() => this.#http.text('DELETE', `${this.#prefix}/volumes/${encodeURIComponent(name)}`));
  }

  async listImages(labels: Labels): Promise<ImageSummary[]> {
    const list = () => this.#get<ImageSummary[]>('/images/json', { filters: labelFilter(labels) });
    return withLabels(await whileOthersRemove(list), labels);
  }

  inspectImage(name: string): Promise<{ readonly Id: string } | undefined> {
    return absent(this.#get(`/images/${name}/json`));
  }

  /** Untags, and removes the layers with the last tag. @returns `false` when a container still uses it. */
  async removeImage(name: string): Promise<boolean> {
    try {
      await absent(this.#http.text('DELETE', `${this.#prefix}/images/${name}`, { timeout: 300_000 }));
      return true;
    } catch (error) {
      if (error instanceof EngineError && (error.status === 409 || /in use|being used/i.test(error.message)))
        return false;
      throw error;
    }
  }

  async tagImage(id: string, repository: string, tag: string): Promise<void> {
    await this.#http.text('POST', `${this.#prefix}/images/${id}/tag`, { query: { repo: repository, tag } });
  }

  /** Makes an image of one layer from a root file system. `changes` are Dockerfile lines. */
  async importImage(
    tar: Readable | Uint8Array,
    repository: string,
    tag: string,
    changes: readonly string[],
  ): Promise<string> {
    // Podman 4.3 ignores the tag of an import and uses `latest`: a name of its own keeps imports side by side apart.
    const name = this.isPodman ? `${repository}-${randomUUID()}` : repository;
    const response = await this.#http.open('POST', `${this.#prefix}/images/create`, {
      query: { fromSrc: '-', repo: name, tag, changes },
      body: tar,
      timeout: 600_000,
    });
    let id = '';
    for await (const line of jsonLines(response)) {
      if (typeof line.error === 'string') throw new EngineError(line.error, 500);
      if (typeof line.status === 'string' && line.status.startsWith('sha256:')) id = line.status.trim();
    }
    if (this.isPodman) {
      await this.tagImage(id, repository, tag);
      await this.removeImage(`${name}:latest`);
    }
    return id;
  }

  /** Takes in the images of an archive as `docker save` writes it, with their names. */
  async loadImages(archive: Readable, signal?: AbortSignal): Promise<void> {
    const response = await this.#http.open('POST', `${this.#prefix}/images/load`, {
      query: { quiet: 'true' },
      body: archive,
      timeout: 600_000,
      signal,
    });
    for await (const line of jsonLines(response))
      if (typeof line.error === 'string') throw new EngineError(line.error, 500);
  }

  /** Downloads an image; `onStatus` gets the engine's progress lines. */
  async pullImage(name: string, onStatus: (status: string) => void, signal?: AbortSignal): Promise<void> {
    const response = await this.#http.open('POST', `${this.#prefix}/images/create`, {
      query: { fromImage: name },
      timeout: 60_000,
      signal,
    });
    for await (const line of jsonLines(response)) {
      if (typeof line.error === 'string') throw new EngineError(line.error, 500);
      if (typeof line.status === 'string') onStatus(line.status);
    }
  }

  #get<T>(path: string, query?: Record<string, string | undefined>, signal?: AbortSignal): Promise<T> {
    return this.#http.json<T>('GET', this.#prefix + path, { query, signal });
  }

  async #post(path: string): Promise<void> {
    await this.#http.text('POST', this.#prefix + path);
  }
}
