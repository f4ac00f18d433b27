import type { TaskservManifest as Manifest } from '@provisioning/extensions-sdk';
import type { ErrorObject } from 'ajv';

export const TaskservManifest: {
  (value: unknown): value is Manifest;
  errors?: ErrorObject[] | null;
};
