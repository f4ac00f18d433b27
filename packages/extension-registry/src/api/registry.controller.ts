import { Controller, Inject } from '@nestjs/common';
import { packageKinds, type PackageKind, readKind } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input, metadata } from '@provisioning/service-kit';
import semver from 'semver';
import { extensionNotFound } from '../registry/failures.ts';
import type { Merged } from '../registry/extension-registry.ts';
import { partOf, readRange } from '../registry/range.ts';
import { RegistryService } from './registry-service.ts';

type Query = Readonly<Record<string, string | undefined>>;

function invalidParameter(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'INVALID_PARAMETER', kind: 'usage', message });
}

function kindOf(text: string | undefined): PackageKind | undefined {
  if (text === undefined) return undefined;
  const kind = readKind(text);
  if (kind !== undefined) return kind;
  throw new ProvisioningError({
    code: 'INVALID_TYPE',
    kind: 'usage',
    message: `Invalid extension type: ${text.slice(0, 60)}. Valid types: ${packageKinds.join(', ')}`,
  });
}

function nameOf(params: Readonly<Record<string, string>>): {
  readonly type: PackageKind;
  readonly name: string;
} {
  const { type, name = '' } = params;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw invalidParameter('name is not the name of an extension');
  return { type: kindOf(type)!, name };
}

function pageOf(query: Query): { readonly limit: number; readonly offset: number } {
  const limit = query['limit'] === undefined ? 50 : Number(query['limit']);
  const offset = query['offset'] === undefined ? 0 : Number(query['offset']);
  if (!Number.isInteger(limit) || limit < 1) throw invalidParameter('limit must be between 1 and 1000');
  if (!Number.isInteger(offset) || offset < 0) throw invalidParameter('offset must be 0 or more');
  return { limit: Math.min(limit, 1000), offset };
}

/** One page of a merged list, with the headers of 10 §3. */
function paged<T>(merged: Merged<T>, input: ApiInput<unknown, Query>, version: string): Answer<object> {
  const { query, path } = input;
  const { limit, offset } = pageOf(query);
  const next = new URLSearchParams({
    ...(query as Record<string, string>),
    limit: String(limit),
    offset: String(offset + limit),
  });
  const more = offset + limit < merged.items.length;
  const { errors } = merged;
  const document = {
    success: true,
    data: merged.items.slice(offset, offset + limit),
    metadata: {
      ...metadata(input.requestId, version),
      ...(errors.length === 0 ? {} : { partial: true, errors }),
    },
  };
  return new Answer(document, {
    headers: {
      'x-total-count': String(merged.items.length),
      'x-limit': String(limit),
      'x-offset': String(offset),
      'x-cache': merged.cached ? 'HIT' : 'MISS',
      ...(more ? { link: `<${path}?${next}>; rel="next"` } : {}),
    },
  });
}

const tag = 'extensions';

/** Lists, single extensions and packages (10 §3). */
@Controller()
export class RegistryController {
  readonly #service: RegistryService;

  constructor(@Inject(RegistryService) service: RegistryService) {
    this.#service = service;
  }

  @Endpoint({
    operationId: 'listExtensions',
    method: 'GET',
    path: '/extensions',
    tag,
    summary: 'List extensions',
    readable: true,
    raw: 'application/json',
  })
  async list(@Input() input: ApiInput<unknown, Query>) {
    const { query } = input;
    pageOf(query);
    const type = kindOf(query['type']);
    const found = await this.#service.registry.list({
      ...(type === undefined ? {} : { type }),
      prerelease: query['prerelease'] === 'true',
    });
    const items = found.items.filter(
      ({ tags, category }) =>
        (query['tag'] === undefined || tags.includes(query['tag'])) &&
        (query['category'] === undefined || category === query['category']),
    );
    return paged({ ...found, items }, input, this.#service.version);
  }

  @Endpoint({
    operationId: 'searchExtensions',
    method: 'GET',
    path: '/extensions/search',
    tag,
    summary: 'Search extensions',
    readable: true,
    raw: 'application/json',
  })
  async search(@Input() input: ApiInput<unknown, Query>) {
    const { query } = input;
    const wanted = query['q'];
    if (wanted === undefined || wanted === '') throw invalidParameter('Query parameter q is required');
    if (wanted.length > 200) throw invalidParameter('q has at most 200 characters');
    const type = kindOf(query['type']);
    const found = await this.#service.registry.search(wanted, {
      ...(type === undefined ? {} : { type }),
      prerelease: query['prerelease'] === 'true',
    });
    return paged(found, input, this.#service.version);
  }

  @Endpoint({
    operationId: 'getExtension',
    method: 'GET',
    path: '/extensions/{type}/{name}',
    tag,
    summary: 'One extension',
    readable: true,
  })
  async get(@Input() { params }: ApiInput) {
    const { type, name } = nameOf(params);
    const { record, cached } = await this.#service.registry.get(type, name);
    return new Answer(record, { headers: { 'x-cache': cached ? 'HIT' : 'MISS' } });
  }

  @Endpoint({
    operationId: 'listVersions',
    method: 'GET',
    path: '/extensions/{type}/{name}/versions',
    tag,
    summary: 'Versions of an extension',
    readable: true,
    raw: 'application/json',
  })
  async versions(@Input() input: ApiInput<unknown, Query>) {
    const { type, name } = nameOf(input.params);
    const found = await this.#service.registry.versions(type, name, input.query['prerelease'] === 'true');
    return paged(found, input, this.#service.version);
  }

  @Endpoint({
    operationId: 'getExtensionManifest',
    method: 'GET',
    path: '/extensions/{type}/{name}/{version}/manifest',
    tag,
    summary: 'Manifest of a version',
    readable: true,
  })
  async manifest(@Input() { params }: ApiInput) {
    const { type, name } = nameOf(params);
    const { record, cached } = await this.#service.registry.manifest(type, name, versionOf(params));
    return new Answer(record, { headers: { 'x-cache': cached ? 'HIT' : 'MISS' } });
  }

  @Endpoint({
    operationId: 'downloadExtension',
    method: 'GET',
    path: '/extensions/{type}/{name}/{version}',
    tag,
    summary: 'Package of a version',
    readable: true,
    raw: 'application/gzip',
  })
  async download(@Input() { params, headers, identity }: ApiInput) {
    const { type, name } = nameOf(params);
    const found = await this.#service.registry.download(type, name, versionOf(params, true));
    const etag = found.digest === undefined ? undefined : `"${found.digest}"`;
    const known = {
      'x-backend-id': found.backend.id,
      ...(etag === undefined ? {} : { etag, 'x-checksum-sha256': found.digest!.slice('sha256:'.length) }),
    };
    if (etag !== undefined && headers['if-none-match'] === etag) {
      found.stream.destroy();
      return new Answer('', { status: 304, headers: known });
    }
    const { size } = found;
    // A part of what has changed meanwhile would fit to nothing (RFC 9110 §13.1.5).
    const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
    const range = size === undefined || !isSame ? undefined : readRange(headers['range'], size);
    if (range === 'unsatisfiable') {
      found.stream.destroy();
      return new Answer('', { status: 416, headers: { ...known, 'content-range': `bytes */${size}` } });
    }
    const stream = range === undefined ? found.stream : partOf(found.stream, range);
    this.#service.downloaded(stream, {
      user: identity.user,
      type,
      name,
      version: found.version,
      backend: found.backend.id,
      ...(found.digest === undefined ? {} : { digest: found.digest }),
    });
    const ending = found.mediaType === 'application/x-tar' ? 'tar' : 'tar.gz';
    const length = range === undefined ? size : range.last - range.first + 1;
    return new Answer(stream, {
      ...(range === undefined ? {} : { status: 206 }),
      headers: {
        ...known,
        'content-type': found.mediaType,
        'content-disposition': `attachment; filename="${name}-${found.version}.${ending}"`,
        ...(size === undefined ? {} : { 'accept-ranges': 'bytes' }),
        ...(range === undefined ? {} : { 'content-range': `bytes ${range.first}-${range.last}/${size}` }),
        ...(length === undefined ? {} : { 'content-length': String(length) }),
      },
    });
  }
}

/** The static index of what the backends hold, for clients that know nothing else (10 §7). */
@Controller()
export class IndexController {
  readonly #service: RegistryService;

  constructor(@Inject(RegistryService) service: RegistryService) {
    this.#service = service;
  }

  @Endpoint({
    operationId: 'getIndex',
    method: 'GET',
    path: '/index.json',
    tag,
    summary: 'Static index of everything',
    readable: true,
    raw: 'application/json',
  })
  index() {
    return this.#service.registry.index(new Date());
  }

  @Endpoint({
    operationId: 'getCatalogEntry',
    method: 'GET',
    path: '/catalog/{kinds}/{file}',
    tag,
    summary: 'Every version of one extension',
    readable: true,
    raw: 'application/json',
  })
  async entry(@Input() { params }: ApiInput) {
    const { type, name } = nameOf({
      type: params['kinds'] ?? '',
      name: (params['file'] ?? '').replace(/\.json$/, ''),
    });
    const { extensions } = await this.#service.registry.index(new Date());
    const found = extensions.find((one) => one.type === type && one.name === name);
    if (found === undefined) throw extensionNotFound(type, name);
    return found;
  }
}

function versionOf(params: Readonly<Record<string, string>>, latest = false): string {
  const { version = '' } = params;
  if (latest && version === 'latest') return version;
  const parsed = semver.valid(version);
  if (parsed === null) throw invalidParameter('version is not a version');
  return parsed;
}
