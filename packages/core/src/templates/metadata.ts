import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ValidateFunction } from 'ajv';
import { type Static, Type } from 'typebox';
import type { Document } from '../config/document.ts';

export const templateCategories = ['taskservs', 'providers', 'clusters', 'configs', 'workspaces'] as const;
export type TemplateCategory = (typeof templateCategories)[number];

const Strings = Type.Array(Type.String(), { default: [] });

/** A value the user of a template may set (08 §7.1). */
export const TemplateVariable = Type.Object({
  type: Type.Union(
    [Type.Literal('string'), Type.Literal('integer'), Type.Literal('number'), Type.Literal('boolean')],
    { default: 'string' },
  ),
  default: Type.Optional(Type.Unknown()),
  description: Type.String({ default: '' }),
  required: Type.Boolean({ default: false }),
});
export type TemplateVariable = Static<typeof TemplateVariable>;

/** `metadata.toml` of a template (08 §7.1, S:56972-56988). */
export const TemplateMetadata = Type.Object({
  template: Type.Object({
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' }),
    version: Type.String({ default: '0.0.0' }),
    description: Type.String({ default: '' }),
    category: Type.Union([
      Type.Literal('taskservs'),
      Type.Literal('providers'),
      Type.Literal('clusters'),
      Type.Literal('configs'),
      Type.Literal('workspaces'),
    ]),
    author: Type.String({ default: '' }),
    /** `taskserv:kubernetes`: whose configuration it contributes to. */
    targets: Strings,
    extends: Type.Optional(Type.String()),
    /** A parent of others that `template list` leaves out. */
    hidden: Type.Boolean({ default: false }),
  }),
  /** What it configures, as `template show` lists it. */
  provides: Type.Object({ items: Strings }, { default: {} }),
  requirements: Type.Object(
    {
      min_servers: Type.Integer({ default: 0 }),
      min_memory_gb: Type.Number({ default: 0 }),
      required_taskservs: Strings,
      providers: Strings,
      notes: Strings,
    },
    { default: {} },
  ),
  tags: Type.Object({ environment: Strings, features: Strings }, { default: {} }),
  variables: Type.Record(Type.String(), TemplateVariable, { default: {} }),
  next_steps: Type.Object({ items: Strings }, { default: {} }),
});
export type TemplateMetadata = Static<typeof TemplateMetadata>;

/** One template, wherever it lies. */
export interface Template {
  readonly name: string;
  readonly metadata: TemplateMetadata;
  readonly source: 'workspace' | 'core';
  /** Folder of the template, or the folder of its single file. */
  readonly folder: string;
  /** Contribution to layer 200; `.hbs` when it uses variables. */
  readonly configFile?: string;
  /** Folder that is rendered into the infrastructure. */
  readonly filesFolder?: string;
}

let validator: Promise<ValidateFunction> | undefined;

async function compileValidator(): Promise<ValidateFunction> {
  const { Ajv } = await import('ajv');
  return new Ajv({ useDefaults: true, allErrors: true, strict: false }).compile(TemplateMetadata);
}

/** Checks and completes a metadata file. @throws ProvisioningError `TEMPLATE_INVALID`, exit 3. */
export async function readMetadata(document: Document): Promise<TemplateMetadata> {
  const validate = await (validator ??= compileValidator());
  const data = structuredClone(document.value);
  if (validate(data)) return data as TemplateMetadata;
  const error = validate.errors![0]!;
  const path = error.instancePath.split('/').slice(1);
  const missing = (error.params as { missingProperty?: string }).missingProperty;
  const key = missing === undefined ? path : [...path, missing];
  const location = document.locate(key);
  throw new ProvisioningError({
    code: 'TEMPLATE_INVALID',
    kind: 'configuration',
    message: `${document.file}: ${key.join('.')}: ${missing === undefined ? error.message : 'missing'}`,
    location,
  });
}

/** Metadata of a template that is a single file: version 0.0.0, target and category by what it configures. */
export function inferMetadata(name: string, document: Document): TemplateMetadata {
  const keys = Object.keys(document.value).filter((key) => key !== 'imports');
  const named = keys.length === 1 ? /^(.+)_config$/.exec(keys[0]!)?.[1] : undefined;
  const target = (named ?? name.split('-').at(-1) ?? name).replaceAll('_', '-');
  const isProvider = ['aws', 'upcloud', 'hetzner', 'local', 'baremetal'].includes(target);
  return {
    template: {
      name,
      version: '0.0.0',
      description: '',
      category: isProvider ? 'providers' : 'taskservs',
      author: '',
      targets: [`${isProvider ? 'provider' : 'taskserv'}:${target}`],
      hidden: false,
    },
    provides: { items: [] },
    requirements: { min_servers: 0, min_memory_gb: 0, required_taskservs: [], providers: [], notes: [] },
    tags: { environment: [], features: [] },
    variables: {},
    next_steps: { items: [] },
  };
}
