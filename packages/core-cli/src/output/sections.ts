import type { ConfiguredSection } from '@provisioning/core';
import type { Column } from './table.ts';

/** Columns of `config providers list` and `config services list`. */
export const sectionColumns: readonly Column<ConfiguredSection>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'ENABLED', value: (row) => (row.enabled ? 'yes' : 'no') },
  { title: 'FILE', value: (row) => row.file ?? '' },
];
