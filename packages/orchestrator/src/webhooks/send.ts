import { lookup as resolve } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses that an endpoint may have only with `allow_private` (13 §7). */
const internal = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  internal.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  internal.addSubnet(network, prefix, 'ipv6');
}

export function isInternal(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isInternal(mapped);
  return internal.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export interface SendOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowPrivate: boolean;
}

/**
 * Posts once. Redirects are answers, not followed. The address is checked as it is connected to, so that a name cannot
 * change its mind between check and use.
 * @returns the status
 */
export function send({ url, headers, body, timeout, allowPrivate }: SendOptions): Promise<number> {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(host) !== 0 && isInternal(host)) return Promise.reject(refused(host));
  const lookup: LookupFunction = (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = allowPrivate ? addresses : addresses.filter(({ address }) => !isInternal(address));
      const [first] = allowed;
      if (!first) return callback(refused(name), '', 0);
      if (options.all) return callback(null, allowed as never);
      callback(null, first.address, first.family);
    });
  };
  const make = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolveStatus, reject) => {
    const request = make(
      target,
      {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        lookup,
        signal: AbortSignal.timeout(timeout),
      },
      (response) => {
        response.resume();
        resolveStatus(response.statusCode ?? 0);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function refused(host: string): Error {
  return new Error(`${host} is an internal address; set allow_private for this endpoint to send there`);
}
