import type { TSchema } from 'typebox';
import {
  foundProvider,
  installedProvider,
  loadedEntry,
  providerCapabilities,
  providerEntry,
  providerHealth,
  providerSchemas,
} from './extension-shapes.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text, unknown } from './parts.ts';
import { observedServer } from './shapes.ts';

/* What commands about providers print with `--out json`. */

/** Schema of the JSON each of these commands prints, by command. */
export const providersOutputs: Readonly<Record<string, TSchema>> = {
  'provider create-server': either(
    fields({
      action: text,
      config: fields({ name: text, plan: text, zone: text, template: text, storage: number, provider: text }),
      status: text,
    }),
    fields({ server: text, status: text, id: text, ip_address: orNull(text), created_at: text }),
  ),
  'provider delete-server': fields({ action: text, server: text, status: text }),
  'provider health': list(providerHealth),
  'provider info': fields({
    ...providerEntry,
    settings: list(
      fields({ key: text, value: unknown, layer: text, file: maybe(text), line: maybe(number) }),
    ),
    schema: providerSchemas,
    metadata: orNull(
      fields({
        name: text,
        version: text,
        type: text,
        display_name: text,
        description: text,
        interface: oneOf('API', 'CLI'),
        category: oneOf('baremetal', 'cloud', 'container', 'local'),
        capabilities: providerCapabilities,
        required_auth: list(text),
        auth_methods: list(text),
        supported_os: list(text),
        regions: list(text),
        certified: flag,
      }),
    ),
  }),
  'provider install': either(
    fields({ infra: text, check_mode: flag, provider: fields({ name: text }) }),
    fields({ infra: text, check_mode: flag, provider: either(loadedEntry, installedProvider) }),
  ),
  'provider installed': list(installedProvider),
  'provider interface-docs': list(fields({ function: text, required: flag, capability: text })),
  'provider list': list(foundProvider),
  'provider list-servers': list(
    fields({
      ...observedServer,
    }),
  ),
  'provider plans': list(
    fields({
      name: text,
      cores: number,
      memory_mb: number,
      disk_gb: maybe(number),
      description: text,
      zones: list(text),
      hourly: maybe(number),
      architecture: text,
    }),
  ),
  'provider quota': list(fields({ provider: text, name: text, used: orNull(number), limit: orNull(number) })),
  'provider refresh': fields({ providers: number, available: number }),
  'provider remove': fields({ infra: text, provider: text, check_mode: flag }),
  'provider stats': fields({
    total: number,
    loaded: number,
    failed: number,
    manifests_read: number,
    providers: list(
      fields({
        provider: text,
        loaded: flag,
        load_ms: number,
        calls: number,
        errors: number,
        error: maybe(text),
      }),
    ),
  }),
  'provider status': list(providerHealth),
  'provider suggest': fields({
    warnings: list(text),
    recommendations: list(
      fields({
        provider: text,
        zones: list(text),
        score: number,
        monthly: orNull(number),
        reasons: list(text),
      }),
    ),
    placement: record,
  }),
  'provider templates': list(fields({ name: text, arch: text, id: text, os_family: text })),
  'provider test': fields({
    provider: text,
    test_type: text,
    success: flag,
    checks: list(fields({ check: text, ok: flag, message: text, hint: maybe(text) })),
  }),
  'provider validate': fields({
    valid: flag,
    findings: list(fields({ provider: text, level: oneOf('error', 'warning'), message: text })),
  }),
  'provider zones': list(fields({ name: text, region: text, country: maybe(text), available: flag })),
};
