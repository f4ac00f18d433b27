import type { CostAdvice, UnusedResource } from '@provisioning/core';
import type { Column } from '../output/table.ts';

const amount = (value: number | null, currency: string): string =>
  value === null ? 'n/a' : `${value.toFixed(2)} ${currency}`.trim();

export const unusedColumns: readonly Column<UnusedResource>[] = [
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PROVIDER', value: ({ provider }) => provider },
  { title: 'REASON', value: ({ reason }) => reason },
  { title: 'MONTHLY', value: ({ monthly, currency }) => amount(monthly, currency), align: 'right' },
];

export const adviceColumns: readonly Column<CostAdvice>[] = [
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'ADVICE', value: ({ advice }) => advice },
  { title: 'SAVES', value: ({ saving, currency }) => amount(saving, currency), align: 'right' },
];
