/** Whether a host, with or without port, is this machine under its own names. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1');
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name);
}

/**
 * The site a request comes from when a web page of another site may have sent it, `undefined` for all others. A service
 * that asks nobody who they are must refuse those: any page in a browser on the machine can send requests to 127.0.0.1,
 * which its `Origin` tells, and can let a name of its own mean 127.0.0.1, which `Host` tells (DNS rebinding).
 * @param allowed origins whose pages may call the service
 */
export function foreignSite(
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: readonly string[] = [],
): string | undefined {
  if (host === undefined || !isLoopback(host)) return host ?? '';
  return foreignOrigin({ host, origin }, allowed);
}

/** The origin of a request when it is a page of another site, `undefined` for all others: whoever shows a token may be reached under any name. */
export function foreignOrigin(
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: readonly string[] = [],
): string | undefined {
  if (origin === undefined || allowed.includes(origin)) return undefined;
  return URL.parse(origin)?.host === host ? undefined : origin;
}
