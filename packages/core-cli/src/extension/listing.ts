import {
  type ExtensionCatalogue,
  type ExtensionKind,
  describeExtension,
  extensionKinds,
} from '@provisioning/core';
import type { Column } from '../output/table.ts';

/** One line of `extension discover`. */
export interface ListedExtension {
  readonly name: string;
  readonly type: string;
  readonly category: string;
  readonly version: string;
  readonly layer: string;
  readonly status: 'enabled' | 'disabled' | 'invalid' | 'incompatible' | 'ambiguous';
  readonly description: string;
  readonly path: string;
  readonly enabled: boolean;
  readonly valid: boolean;
  readonly compatible: boolean;
  readonly has_schema: boolean;
  readonly has_templates: boolean;
  readonly reason?: string;
}

/** Extensions of some kinds that match a text; with `all` also those that can't be used, with the reason. */
export async function listExtensions(
  catalogue: ExtensionCatalogue,
  options: { readonly kind?: ExtensionKind; readonly filter?: string; readonly all?: boolean },
): Promise<ListedExtension[]> {
  const kinds = options.kind === undefined ? extensionKinds : [options.kind];
  const listed: ListedExtension[] = [];
  for (const kind of kinds) {
    const records = options.filter
      ? await catalogue.search(kind, options.filter)
      : await catalogue.list(kind);
    for (const record of records) {
      const described = await describeExtension(record);
      listed.push({ ...described, status: record.enabled ? 'enabled' : 'disabled' });
    }
  }
  if (options.all !== true) return listed;
  const bad = catalogue.rejected.filter(
    ({ type }) => options.kind === undefined || type === undefined || type === options.kind,
  );
  return [
    ...listed,
    ...bad.map((entry) => ({
      name: entry.name ?? entry.path.split('/').at(-1)!,
      type: entry.type ?? '',
      category: '',
      version: entry.version ?? '',
      layer: entry.layer,
      status: entry.status,
      description: '',
      path: entry.path,
      enabled: false,
      valid: entry.status === 'incompatible',
      compatible: entry.status !== 'incompatible',
      has_schema: false,
      has_templates: false,
      reason: entry.reason,
    })),
  ];
}

export const extensionColumns: readonly Column<ListedExtension>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'TYPE', value: (row) => row.type },
  { title: 'VERSION', value: (row) => row.version },
  { title: 'LAYER', value: (row) => row.layer },
  {
    title: 'STATUS',
    value: (row) => (row.reason === undefined ? row.status : `${row.status}: ${row.reason}`),
    paint: (text, row, style) => (row.status === 'enabled' ? style.good(text) : style.warn(text)),
  },
];

export const moduleColumns: readonly Column<ListedExtension>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'CATEGORY', value: (row) => row.category },
  { title: 'VERSION', value: (row) => row.version },
  { title: 'LAYER', value: (row) => row.layer },
  { title: 'DESCRIPTION', value: (row) => row.reason ?? row.description },
];
