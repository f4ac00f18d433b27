import { type Issue, laterExtensionKinds } from '@provisioning/extensions-sdk';
import type { ErrorObject } from 'ajv';
import { Manifest as validate } from './compiled-manifest.js';
import { parseRange } from './version.ts';

/** What is wrong with a manifest: schema first, then ranges. Messages read `<key>: <reason>` (09 §2). */
export function manifestErrors(manifest: Readonly<Record<string, unknown>>): Issue[] {
  if (laterExtensionKinds.some((kind) => kind === manifest.type)) {
    return [{ code: 'MANIFEST_KIND', message: `type: unsupported kind ${String(manifest.type)}` }];
  }
  const seen = new Map<string, Issue>();
  const errors = validate(manifest) ? [] : (validate.errors ?? []);
  for (const error of errors) {
    const key = keyOf(error);
    if (!seen.has(key)) seen.set(key, issue(key, reason(error, manifest)));
  }
  for (const section of ['dependencies', 'optional_dependencies', 'conflicts']) {
    const ranges = manifest[section];
    if (typeof ranges !== 'object' || ranges === null || Array.isArray(ranges)) continue;
    for (const [name, range] of Object.entries(ranges)) {
      const key = `${section}.${name}`;
      if (typeof range === 'string' && parseRange(range) === undefined) {
        seen.set(key, issue(key, `${range} is no version range`));
      }
    }
  }
  const product = (manifest.compatibility as { provisioning?: unknown } | undefined)?.provisioning;
  if (typeof product === 'string' && parseRange(product) === undefined) {
    seen.set('compatibility', issue('compatibility.provisioning', `${product} is no version range`));
  }
  return [...seen.values()];
}

/** What is worth saying of a valid manifest. */
export function manifestWarnings(manifest: Readonly<Record<string, unknown>>): Issue[] {
  const warnings: Issue[] = [];
  for (const key of ['description', 'author', 'license']) {
    if (typeof manifest[key] !== 'string' || manifest[key] === '')
      warnings.push(issue(key, `missing ${key}`));
  }
  for (const [name, range] of Object.entries((manifest.dependencies ?? {}) as Record<string, unknown>)) {
    if (range === '*') {
      warnings.push({
        code: 'MANIFEST',
        message: `Dependency ${name} is unversioned ("*")`,
        location: at('dependencies'),
      });
    }
  }
  return warnings;
}

function issue(key: string, text: string): Issue {
  return { code: 'MANIFEST', message: `${key}: ${text}`, location: at(key) };
}

function at(key: string): { file: string; key: string } {
  return { file: 'manifest.yaml', key };
}

function keyOf(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  if (error.keyword !== 'required') return path === '' ? 'manifest' : path;
  const missing = String((error.params as { missingProperty?: unknown }).missingProperty);
  return path === '' ? missing : `${path}.${missing}`;
}

function reason(error: ErrorObject, manifest: Readonly<Record<string, unknown>>): string {
  if (error.keyword === 'required') return 'missing';
  const value = JSON.stringify(manifest[error.instancePath.split('/')[1] ?? '']);
  if (error.instancePath === '/name') return `${value} is no name: lower-case letters, digits and hyphens`;
  if (error.instancePath === '/version') return `${value} is no version: expected MAJOR.MINOR.PATCH`;
  if (error.instancePath === '/type') return `${value} is no extension type: provider, taskserv or cluster`;
  return error.message ?? error.keyword;
}
