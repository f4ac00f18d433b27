import type { ErrorObject } from 'ajv';

export const JsonSchema: {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null;
};
