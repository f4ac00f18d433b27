import type { TSchema } from 'typebox';
import {
  descriptor,
  manifest,
  namespacePolicy,
  packResult,
  packageManifest,
  transfer,
  validationReport,
} from './extension-shapes.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text } from './parts.ts';

/* What commands about artifacts and packs print with `--out json`. */

/** The local registry that runs. */
const registryRecord = {
  type: oneOf('distribution', 'embedded', 'harbor', 'zot'),
  pid: number,
  host: text,
  port: number,
  storage: text,
  log: text,
  auth: flag,
  tls: flag,
  started_at: text,
};

/** Schema of the JSON each of these commands prints, by command. */
export const artifactsOutputs: Readonly<Record<string, TSchema>> = {
  'oci cache clean': either(
    fields({ blobs: number, bytes: number, tags: number }),
    fields({ removed: number, bytes: number }),
  ),
  'oci cache stats': fields({ blobs: number, bytes: number, tags: number, path: text }),
  'oci config': fields({
    tool: oneOf('builtin', 'crane', 'external', 'oras', 'skopeo'),
    registry: text,
    namespace: fields({ extensions: text, platform: text }),
    cache_dir: text,
    tls_enabled: flag,
  }),
  'oci copy': list(transfer),
  'oci delete': fields({ reference: text, digest: text, deleted: flag }),
  'oci export': list(transfer),
  'oci import': list(transfer),
  'oci inspect': either(
    record,
    fields({
      reference: text,
      digest: text,
      size: number,
      manifest: either(record, packageManifest, manifest),
      referrers: list(descriptor),
    }),
    manifest,
  ),
  'oci inspect-artifact': fields({
    manifest: packageManifest,
    files: list(fields({ path: text, size: number })),
  }),
  'oci list': list(fields({ name: text, registry: text, namespace: text, reference: text })),
  'oci login': fields({ helper: maybe(text), file: maybe(text), registry: text, username: text }),
  'oci logout': fields({ registry: text, removed: flag }),
  'oci mirror': list(transfer),
  'oci package validate': validationReport,
  'oci package': fields({ path: text, digest: text, size: number }),
  'oci publish': list(
    fields({
      path: text,
      state: oneOf('failed', 'pushed', 'replaced', 'unchanged', 'would-push'),
      error: maybe(text),
      digest: maybe(text),
      reference: maybe(text),
      size: maybe(number),
      signed_by: maybe(text),
    }),
  ),
  'oci pull': fields({
    reference: text,
    digest: text,
    size: number,
    path: text,
    state: oneOf('current', 'pulled', 'would-pull'),
    signed_by: maybe(text),
    manifest: packageManifest,
  }),
  'oci push': fields({
    reference: text,
    digest: text,
    size: number,
    state: oneOf('pushed', 'replaced', 'unchanged', 'would-push'),
    signed_by: maybe(text),
  }),
  'oci search': list(fields({ name: text, type: text, version: text, description: text, reference: text })),
  'oci sign': fields({ reference: text, digest: text, key: text }),
  'oci tags': list(fields({ artifact: text, version: text, reference: text })),
  'oci verify': fields({ reference: text, digest: text, key: text }),
  'oci-registry gc': fields({ tags: list(text), blobs: number, bytes: number }),
  'oci-registry health': fields({ healthy: flag, error: orNull(text) }),
  'oci-registry init': fields({ namespaces: list(namespacePolicy), user: orNull(text) }),
  'oci-registry logs': list(text),
  'oci-registry namespaces': list(namespacePolicy),
  'oci-registry restart': fields({
    ...registryRecord,
  }),
  'oci-registry start': either(
    fields({ storage: text, port: number, host: text }),
    fields({
      already_running: flag,
      ...registryRecord,
    }),
  ),
  'oci-registry status': fields({
    endpoint: text,
    uptime_seconds: number,
    storage_bytes: number,
    repositories: orNull(number),
    healthy: flag,
    ...registryRecord,
    running: flag,
  }),
  'oci-registry stop': either(fields({ stopped: flag }), fields({ stopped: flag, removed: flag })),
  'pack clean': list(fields({ name: text, version: text, file: text, size: number, created: text })),
  'pack cluster': packResult,
  'pack core': packResult,
  'pack list': list(fields({ name: text, version: text, file: text, size: number, created: text })),
  'pack provider': packResult,
  'pack providers': list(packResult),
  'pack taskserv': packResult,
};
