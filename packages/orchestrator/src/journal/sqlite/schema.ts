/** Version of the schema; a store with a newer one is refused (12 §18). */
export const schemaVersion = 1;

export const schema = `
CREATE TABLE workflows (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  workspace TEXT,
  infra TEXT,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  completed_at INTEGER,
  updated_at INTEGER NOT NULL,
  summary TEXT NOT NULL
) STRICT;
CREATE INDEX workflows_unfinished ON workflows (status, phase);
CREATE TABLE definitions (
  workflow INTEGER PRIMARY KEY,
  definition TEXT NOT NULL,
  submission TEXT NOT NULL
) STRICT;
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  workflow INTEGER NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  op INTEGER,
  data TEXT
) STRICT;
CREATE INDEX events_of_workflow ON events (workflow, sequence);
CREATE TABLE records (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  data TEXT NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
`;
