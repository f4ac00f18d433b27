import { lastWrites } from '../rows.ts';
import { type Batch, encodeEvent } from '../store.ts';

/** Version of the schema; a store with a newer one is refused (12 §18). */
export const schemaVersion = 1;

export const schema = `
CREATE TABLE IF NOT EXISTS provisioning_meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS workflows (
  number bigint PRIMARY KEY,
  id text NOT NULL UNIQUE,
  name text NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  phase text NOT NULL,
  workspace text,
  infra text,
  created_by text,
  created_at bigint NOT NULL,
  started_at bigint,
  completed_at bigint,
  updated_at bigint NOT NULL,
  summary text NOT NULL
);
CREATE INDEX IF NOT EXISTS workflows_unfinished ON workflows (status, phase);
CREATE TABLE IF NOT EXISTS definitions (
  workflow bigint PRIMARY KEY,
  definition text NOT NULL,
  submission text NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
  sequence bigint PRIMARY KEY,
  workflow bigint NOT NULL,
  type text NOT NULL,
  at bigint NOT NULL,
  op integer,
  data text
);
CREATE INDEX IF NOT EXISTS events_of_workflow ON events (workflow, sequence);
CREATE TABLE IF NOT EXISTS records (
  kind text NOT NULL,
  id text NOT NULL,
  data text NOT NULL,
  expires_at bigint,
  PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS leases (
  token text PRIMARY KEY,
  worker text NOT NULL,
  done boolean NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS inbox (
  id bigserial PRIMARY KEY,
  token text NOT NULL,
  data text NOT NULL
);
`;

/** One statement, so one round trip and one sync, for a whole batch. */
export const appendBatch = `
WITH w AS (
  INSERT INTO workflows
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[])
  ON CONFLICT (number) DO UPDATE SET status = excluded.status, phase = excluded.phase,
    started_at = excluded.started_at, completed_at = excluded.completed_at, updated_at = excluded.updated_at,
    summary = excluded.summary
), d AS (
  INSERT INTO definitions SELECT * FROM unnest($15::bigint[], $16::text[], $17::text[])
  ON CONFLICT (workflow) DO UPDATE SET definition = excluded.definition, submission = excluded.submission
), e AS (
  INSERT INTO events
  SELECT * FROM unnest($18::bigint[], $19::bigint[], $20::text[], $21::bigint[], $22::integer[], $23::text[])
  ON CONFLICT (sequence) DO NOTHING
), r AS (
  INSERT INTO records SELECT * FROM unnest($24::text[], $25::text[], $26::text[], $27::bigint[])
  ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at
), l AS (
  INSERT INTO leases (token, worker, done, expires_at)
  SELECT token, worker, false, now() + seconds * interval '1 second'
  FROM unnest($30::text[], $31::text[], $32::float8[]) AS granted(token, worker, seconds)
  ON CONFLICT (token) DO NOTHING
), m AS (
  DELETE FROM inbox WHERE id = ANY($33::bigint[])
)
DELETE FROM records USING unnest($28::text[], $29::text[]) AS gone(kind, id)
WHERE records.kind = gone.kind AND records.id = gone.id`;

/** Parameters of {@link appendBatch}. */
export function appendValues({ workflows, entries, records, mail }: Batch): unknown[] {
  const { grants, letters } = mail ?? { grants: [], letters: [] };
  const defined = workflows.filter(({ definition }) => definition !== undefined);
  const encoded = entries.map(({ event }) => encodeEvent(event));
  const writes = lastWrites(records);
  const puts = writes.filter(({ data }) => data !== undefined);
  const gone = writes.filter(({ data }) => data === undefined);
  return [
    workflows.map(({ number }) => number),
    workflows.map(({ id }) => id),
    workflows.map(({ name }) => name),
    workflows.map(({ kind }) => kind),
    workflows.map(({ status }) => status),
    workflows.map(({ phase }) => phase),
    workflows.map(({ workspace }) => workspace),
    workflows.map(({ infra }) => infra),
    workflows.map(({ createdBy }) => createdBy),
    workflows.map(({ createdAt }) => createdAt),
    workflows.map(({ startedAt }) => startedAt),
    workflows.map(({ completedAt }) => completedAt),
    workflows.map(({ updatedAt }) => updatedAt),
    workflows.map(({ summary }) => summary),
    defined.map(({ number }) => number),
    defined.map(({ definition }) => definition),
    defined.map(({ submission }) => submission ?? '{}'),
    entries.map(({ sequence }) => sequence),
    entries.map(({ workflow }) => workflow),
    entries.map(({ event }) => event.type),
    entries.map(({ event }) => event.at),
    encoded.map(({ op }) => op),
    encoded.map(({ data }) => data),
    puts.map(({ kind }) => kind),
    puts.map(({ id }) => id),
    puts.map(({ data }) => data),
    puts.map(({ expiresAt }) => expiresAt ?? null),
    gone.map(({ kind }) => kind),
    gone.map(({ id }) => id),
    grants.map(({ token }) => token),
    grants.map(({ worker }) => worker),
    grants.map(({ seconds }) => seconds),
    letters,
  ];
}
