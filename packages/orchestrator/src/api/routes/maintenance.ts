import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { Flag, Text } from './shapes.ts';

const MigrationStatus = Type.Object(
  {
    id: Type.String(),
    from: Type.String(),
    to: Type.String(),
    status: Type.String(),
    phase: Type.String(),
    messages: Type.Array(Type.String()),
  },
  { $id: 'MigrationStatus', additionalProperties: true },
);

const QuotaRow = Type.Object(
  {
    subject: Type.String({ description: 'User; in cicd mode pipeline' }),
    resource: Type.Union(['servers', 'cores', 'memory'].map((name) => Type.Literal(name))),
    used: Type.Number({ description: 'What is there and what is reserved; memory in GB' }),
    limit: Type.Union([Type.Number(), Type.Null()], { description: 'null is unlimited' }),
  },
  { $id: 'QuotaRow' },
);

/** Work on the orchestrator's own records: restore, store migration, repair (12 §9, §10). */
export const maintenanceRoutes = {
  restoreCheckpoint: {
    operationId: 'restoreCheckpoint',
    method: 'POST',
    path: '/rollback/restore/{id}',
    tag: 'rollback',
    summary: 'Put the records back to a checkpoint; no resource is touched',
    mfa: 'always',
    data: Type.String(),
  },
  migrateStore: {
    operationId: 'migrateStore',
    method: 'POST',
    path: '/store/migration',
    tag: 'store',
    summary: 'Move the records to another store while work goes on',
    status: 202,
    mfa: 'always',
    body: Type.Object({ from: Text, to: Type.String(), backup_first: Flag, verify: Flag, check: Flag }),
    data: MigrationStatus,
  },
  getStoreMigration: {
    operationId: 'getStoreMigration',
    method: 'GET',
    path: '/store/migration',
    tag: 'store',
    summary: 'How far the newest store migration is',
    data: MigrationStatus,
  },
  listQuotas: {
    operationId: 'listQuotas',
    method: 'GET',
    path: '/quotas',
    tag: 'store',
    summary: 'What everybody has and may have; who is no administrator sees their own',
    query: Type.Object({ user: Text }),
    data: Type.Array(QuotaRow),
  },
  repairStore: {
    operationId: 'repairStore',
    method: 'POST',
    path: '/store/repair',
    tag: 'store',
    summary: 'Compare the records with the journal and put right what differs',
    mfa: 'always',
    body: Type.Object({ check: Flag }),
    bodyOptional: true,
    data: Type.Object({
      inconsistencies_found: Type.Integer(),
      repairs_applied: Type.Integer(),
      repaired_at: Type.String(),
      findings: Type.Array(Type.String()),
    }),
  },
} as const satisfies Record<string, RouteSpec>;
