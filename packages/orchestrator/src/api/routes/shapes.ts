import { Type } from 'typebox';

/** Parts that many routes share. */
export const Flag = Type.Optional(Type.Boolean());
export const Text = Type.Optional(Type.String());
export const Empty = Type.Object({}, { additionalProperties: true });

/** Query of every list (13 §1 "Pagination"). */
export const paging = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Items of a page; more than 1000 gives 1000' }),
  ),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  sort: Type.Optional(Type.String({ description: 'Field, or -field for the largest first' })),
};

/** Query of lists of workflows, tasks and batches (13 §4). */
export const filters = {
  status: Type.Optional(Type.String({ description: 'One status or several with commas, any case' })),
  kind: Text,
  type: Text,
  infra: Text,
  workspace: Text,
  created_by: Text,
  since: Type.Optional(Type.String({ description: 'A time, or a span back from now: 24h' })),
  until: Text,
  label: Type.Optional(Type.String({ description: 'key:value, or several with commas: all of them' })),
};
