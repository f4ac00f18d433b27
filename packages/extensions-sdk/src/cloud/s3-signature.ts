import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../secret.ts';

/** Keys of a service that speaks S3. */
export interface S3Keys {
  readonly access: Secret;
  readonly secret: Secret;
}

/**
 * Headers that sign a request to S3 (AWS Signature Version 4, whole payload, with the host and every `x-amz` header of
 * its own signed).
 * @param now milliseconds of the epoch.
 */
export function signS3(
  request: { readonly method: string; readonly url: URL; readonly body?: string },
  keys: S3Keys,
  region: string,
  now: number,
): Record<string, string> {
  const { method, url, body = '' } = request;
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const payload = sha256(body);
  const signed: Readonly<Record<string, string>> = {
    host: url.host,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
  };
  const names = Object.keys(signed).join(';');
  const canonical = [
    method,
    url.pathname,
    canonicalQuery(url),
    ...Object.entries(signed).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${keys.secret.reveal()}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.access.reveal()}/${scope},SignedHeaders=${names},Signature=${signature}`,
  };
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
