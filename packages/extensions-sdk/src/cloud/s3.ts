import type { ProviderContext } from '../provider.ts';
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts';
import type { HttpClient } from '../http/client.ts';
import { clockOf, providerClient } from './connection.ts';
import { type S3Keys, signS3 } from './s3-signature.ts';

const errorCodes: Readonly<Record<string, ProviderErrorCode>> = {
  NoSuchBucket: 'not_found',
  NoSuchTagSet: 'not_found',
  BucketAlreadyExists: 'conflict',
  BucketAlreadyOwnedByYou: 'conflict',
  BucketNotEmpty: 'conflict',
  InvalidAccessKeyId: 'auth',
  SignatureDoesNotMatch: 'auth',
  AccessDenied: 'auth',
  TooManyBuckets: 'quota',
  SlowDown: 'rate_limited',
  NotImplemented: 'unsupported',
};

export interface S3Service {
  readonly provider: string;
  readonly endpoint: string;
  readonly region: string;
  readonly keys: S3Keys;
}

/**
 * The calls that a service with the S3 API needs to keep buckets: of the object stores beside Amazon's, whose library is
 * twice the size of this product.
 */
export class S3 {
  readonly #http: HttpClient;
  readonly #region: string;

  constructor(context: ProviderContext, { provider, endpoint, region, keys }: S3Service) {
    const clock = clockOf(context);
    this.#region = region;
    this.#http = providerClient(
      { ...context, config: { ...context.config, api_url: endpoint } },
      {
        provider,
        baseUrl: endpoint,
        secrets: [keys.access, keys.secret],
        headers: () => ({}),
        sign: (request) => signS3(request, keys, region, clock.now()),
        parse: readXml,
        errorCodes,
      },
    );
  }

  /** Names of all buckets of the keys' project. */
  async names(operation: string): Promise<readonly string[]> {
    return valuesOf(await this.#send('GET', '/', {}, operation), 'Name');
  }

  /** The tags of a bucket; `undefined` where there is none of the name, `foreign` where it is another project's. */
  async tags(
    name: string,
    operation: string,
  ): Promise<Readonly<Record<string, string>> | 'foreign' | undefined> {
    try {
      await this.#send('HEAD', pathOf(name), {}, operation);
    } catch (error) {
      const { providerCode } = error as ProviderError;
      if (providerCode === 'not_found') return undefined;
      if (providerCode === 'auth' && (error as ProviderError).status === 403) return 'foreign';
      throw error;
    }
    const answer = await this.#send('GET', pathOf(name), { tagging: '' }, operation).catch((error) => {
      // Nobody tagged it.
      if (error instanceof ProviderError && error.providerCode === 'not_found') return '';
      throw error;
    });
    const values = valuesOf(answer, 'Value');
    return Object.fromEntries(valuesOf(answer, 'Key').map((key, index) => [key, values[index] ?? '']));
  }

  /** Creates a private bucket with its tags; one that cannot be tagged does not stay. */
  async create(name: string, tags: Readonly<Record<string, string>>, operation: string): Promise<void> {
    const place = `<LocationConstraint>${escape(this.#region)}</LocationConstraint>`;
    const body = `<CreateBucketConfiguration xmlns="${namespace}">${place}</CreateBucketConfiguration>`;
    await this.#send('PUT', pathOf(name), {}, operation, body);
    try {
      await this.#send('PUT', pathOf(name), { tagging: '' }, operation, tagging(tags));
    } catch (error) {
      await this.delete(name, operation).catch(() => undefined);
      throw error;
    }
  }

  async versioning(name: string, operation: string): Promise<boolean> {
    const answer = await this.#send('GET', pathOf(name), { versioning: '' }, operation);
    return valuesOf(answer, 'Status')[0] === 'Enabled';
  }

  async setVersioning(name: string, wished: boolean, operation: string): Promise<void> {
    const status = wished ? 'Enabled' : 'Suspended';
    const body = `<VersioningConfiguration xmlns="${namespace}"><Status>${status}</Status></VersioningConfiguration>`;
    await this.#send('PUT', pathOf(name), { versioning: '' }, operation, body);
  }

  /** @throws ProviderError `conflict` while objects are in it. */
  async delete(name: string, operation: string): Promise<void> {
    await this.#send('DELETE', pathOf(name), {}, operation).catch((error) => {
      if (!(error instanceof ProviderError) || error.providerCode !== 'not_found') throw error;
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #send(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    operation: string,
    body?: string,
  ): Promise<string> {
    const answer = await this.#http.request<{ readonly text: string } | undefined>({
      ...{ method, path, query, operation },
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/xml' } }),
    });
    return answer.body?.text ?? '';
  }
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

function pathOf(name: string): string {
  return `/${encodeURIComponent(name)}`;
}

function tagging(tags: Readonly<Record<string, string>>): string {
  const all = Object.entries(tags).map(
    ([key, value]) => `<Tag><Key>${escape(key)}</Key><Value>${escape(value)}</Value></Tag>`,
  );
  return `<Tagging xmlns="${namespace}"><TagSet>${all.join('')}</TagSet></Tagging>`;
}

/** An answer of S3: its text, and where it is an error the error's code and message. */
function readXml(text: string): unknown {
  if (!text.trimStart().startsWith('<') || /^\s*<(?:!doctype )?html/i.test(text)) throw new Error('no XML');
  if (!/<Error[ >]/.test(text)) return { text };
  return { text, error: { code: valuesOf(text, 'Code')[0], message: valuesOf(text, 'Message')[0] } };
}

/** The texts of all elements of a name; S3's answers nest none of those asked for. */
function valuesOf(xml: string, element: string): string[] {
  const pattern = new RegExp(`<${element}(?: [^>]*)?>([^<]*)</${element}>`, 'g');
  return [...xml.matchAll(pattern)].map(([, text]) => unescape(text!));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}

function unescape(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(decimal === undefined ? parseInt(hex as string, 16) : Number(decimal))
      : (entities[name as string] ?? whole),
  );
}
