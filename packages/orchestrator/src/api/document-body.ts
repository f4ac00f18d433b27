import { parseDocument } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** A workflow file as the body of a request. @throws ProvisioningError `BAD_REQUEST` with where it does not parse */
export function parseDocumentBody(text: string, format: 'toml' | 'yaml'): unknown {
  try {
    return parseDocument(text, `body.${format}`).value;
  } catch (thrown) {
    const { message, location } = ProvisioningError.from(thrown);
    const line = location?.line === undefined ? '' : ` (line ${location.line})`;
    throw new ProvisioningError({
      code: 'BAD_REQUEST',
      kind: 'usage',
      message: `The request body is not ${format.toUpperCase()}: ${message}${line}`,
    });
  }
}
