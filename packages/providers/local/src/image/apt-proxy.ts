import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram, programEnvironment } from '../engine/environment.ts';

/** Proxies that apt on this machine uses, by scheme. */
export interface AptProxies {
  readonly http?: string;
  readonly https?: string;
}

/** Asks apt itself, as its settings may come from many files; none when apt is not there. */
export async function readAptProxies(variables: Readonly<Record<string, string>>): Promise<AptProxies> {
  const aptConfig = findProgram('apt-config', variables.PATH);
  if (aptConfig === undefined) return {};
  const { stdout } = await promisify(execFile)(
    aptConfig,
    ['shell', 'HTTP', 'Acquire::http::Proxy', 'HTTPS', 'Acquire::https::Proxy'],
    { env: programEnvironment(variables) },
  ).catch(() => ({ stdout: '' }));
  const value = (name: string) => {
    const found = new RegExp(`^${name}='([^']*)'$`, 'm').exec(stdout)?.[1];
    return found === undefined || found === '' || found === 'DIRECT' ? undefined : found;
  };
  const http = value('HTTP');
  const https = value('HTTPS');
  return { ...(http === undefined ? {} : { http }), ...(https === undefined ? {} : { https }) };
}

/** The same settings for apt inside an image. */
export function proxyLines(proxies: AptProxies): string[] {
  return Object.entries(proxies).map(([scheme, url]) => `Acquire::${scheme}::Proxy ${JSON.stringify(url)};`);
}

/** The same settings for debootstrap's downloads. */
export function proxyVariables(proxies: AptProxies): Record<string, string> {
  return Object.fromEntries(Object.entries(proxies).map(([scheme, url]) => [`${scheme}_proxy`, url]));
}
