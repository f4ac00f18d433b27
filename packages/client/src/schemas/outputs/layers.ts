import type { TSchema } from 'typebox';
import { explainedKey, resolution, templateCheck } from './extension-shapes.ts';
import { either, fields, flag, list, maybe, number, oneOf, record, text, unknown } from './parts.ts';

/* What commands about layers and templates print with `--out json`. */

/** Schema of the JSON each of these commands prints, by command. */
export const layersOutputs: Readonly<Record<string, TSchema>> = {
  'layer explain': either(
    fields({
      layers: list(fields({ title: text, location: text, points: list(text) })),
      resolution: list(text),
    }),
    either(explainedKey, list(explainedKey)),
  ),
  'layer show': fields({
    infra: text,
    layers: list(
      fields({
        layer: oneOf('core', 'infrastructure', 'runtime', 'workspace'),
        priority: number,
        files: list(
          fields({ file: text, mark: oneOf('custom', 'overrides', 'used'), template: maybe(text) }),
        ),
      }),
    ),
    modules: list(text),
    failures: list(fields({ file: text, reason: text })),
  }),
  'layer stats': fields({
    infrastructure: fields({ projects: number, total_files: number, average_overrides: number }),
    workspace: fields({
      templates: number,
      most_used: maybe(fields({ name: text, projects: number })),
      custom_templates: number,
    }),
    core: fields({ taskservs: number, providers: number, clusters: number }),
    performance: fields({ average_ms: number, hit_rate: number, resolutions: number }),
  }),
  'layer test': either(resolution, list(resolution)),
  'template apply': fields({
    template: text,
    version: text,
    infra: text,
    check_mode: flag,
    already_applied: flag,
    variables: record,
    files: list(fields({ path: text, action: oneOf('created', 'proposed', 'unchanged', 'updated') })),
    conflicts: list(
      fields({ target: text, key: text, values: list(fields({ template: text, value: unknown })) }),
    ),
    next_steps: list(text),
  }),
  'template create': fields({ name: text, from: text, path: text }),
  'template list': list(
    fields({
      name: text,
      category: oneOf('clusters', 'configs', 'providers', 'taskservs', 'workspaces'),
      version: text,
      description: text,
      source: oneOf('core', 'workspace'),
      tags: list(text),
    }),
  ),
  'template refresh': fields({ templates: number, custom: number, broken: number }),
  'template remove': fields({
    removed: list(text),
    kept: list(text),
    template: text,
    infra: maybe(text),
    check_mode: flag,
  }),
  'template show': fields({
    source: oneOf('core', 'workspace'),
    location: text,
    template: fields({
      extends: maybe(text),
      name: text,
      version: text,
      description: text,
      hidden: flag,
      category: oneOf('clusters', 'configs', 'providers', 'taskservs', 'workspaces'),
      targets: list(text),
      author: text,
    }),
    tags: fields({ environment: list(text), features: list(text) }),
    provides: fields({ items: list(text) }),
    requirements: fields({
      providers: list(text),
      min_servers: number,
      min_memory_gb: number,
      required_taskservs: list(text),
      notes: list(text),
    }),
    variables: record,
    next_steps: fields({ items: list(text) }),
  }),
  'template types': list(
    fields({ type: oneOf('clusters', 'configs', 'providers', 'taskservs', 'workspaces'), count: number }),
  ),
  'template validate': either(fields({ valid: flag, templates: number, errors: list(text) }), templateCheck),
};
