import { ProvisioningError } from '@provisioning/extensions-sdk';

export type Level = 'v1' | 'v2' | 'v3';

const vendor = /application\/vnd\.provisioning\.(v\w+)\+json/;

/** API level that the headers of a request ask for (13 §1 "Versions"). @throws ProvisioningError `UNSUPPORTED_VERSION` */
export function levelOfHeaders(headers: Readonly<Record<string, unknown>>): Level | undefined {
  const accept = vendor.exec(String(headers['accept'] ?? ''))?.[1];
  return known(headers['api-version'] ?? accept);
}

/** The level that a body asks for. @throws ProvisioningError `UNSUPPORTED_VERSION` */
export function levelOfBody(body: unknown): Level | undefined {
  return known((body as { api_version?: unknown } | null | undefined)?.api_version);
}

/** The media type of answers to somebody who asked for the vendor's. */
export function vendorType(accept: string | undefined, level: Level): string | undefined {
  return vendor.test(accept ?? '') ? `application/vnd.provisioning.${level}+json` : undefined;
}

function known(asked: unknown): Level | undefined {
  if (asked === undefined) return undefined;
  if (asked === 'v1' || asked === 'v2' || asked === 'v3') return asked;
  throw new ProvisioningError({
    code: 'UNSUPPORTED_VERSION',
    kind: 'usage',
    message: `Unsupported API version: ${String(asked).slice(0, 20)}`,
    hint: 'Known levels: v1, v2, v3',
  });
}
