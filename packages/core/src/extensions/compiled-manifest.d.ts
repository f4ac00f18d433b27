import type { ErrorObject } from 'ajv';

export const Manifest: {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null;
};
