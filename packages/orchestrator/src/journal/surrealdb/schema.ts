/** Version of the schema; a store with a newer one is refused (12 §18). */
export const schemaVersion = 1;

export const schema = `
DEFINE TABLE IF NOT EXISTS meta SCHEMALESS;
DEFINE TABLE IF NOT EXISTS workflows SCHEMALESS;
DEFINE INDEX IF NOT EXISTS workflows_number ON workflows FIELDS number UNIQUE;
DEFINE INDEX IF NOT EXISTS workflows_uuid ON workflows FIELDS uuid UNIQUE;
DEFINE INDEX IF NOT EXISTS workflows_status ON workflows FIELDS status;
DEFINE INDEX IF NOT EXISTS workflows_phase ON workflows FIELDS phase;
DEFINE TABLE IF NOT EXISTS definitions SCHEMALESS;
DEFINE TABLE IF NOT EXISTS events SCHEMALESS;
DEFINE INDEX IF NOT EXISTS events_sequence ON events FIELDS sequence UNIQUE;
DEFINE INDEX IF NOT EXISTS events_of_workflow ON events FIELDS workflow, sequence;
DEFINE TABLE IF NOT EXISTS records SCHEMALESS;
DEFINE INDEX IF NOT EXISTS records_kind ON records FIELDS kind;
`;

/**
 * One transaction for a whole batch. An event's id is its workflow and its sequence number: appended again, it
 * is the same one.
 */
const write = `
FOR $row IN $workflows { UPSERT type::record('workflows', $row.number) MERGE $row; };
FOR $row IN $definitions { UPSERT type::record('definitions', $row.number) CONTENT $row; };
INSERT IGNORE INTO events $events;
FOR $row IN $puts { UPSERT type::record('records', [$row.kind, $row.key]) CONTENT $row; };
FOR $row IN $gone { DELETE type::record('records', [$row.kind, $row.key]); };
`;

const forget = `
FOR $number IN $removed {
  DELETE type::record('workflows', $number);
  DELETE type::record('definitions', $number);
  DELETE events WHERE workflow = $number;
};
`;

export const appendBatch = `BEGIN; ${write} COMMIT;`;
export const restoreBatch = `BEGIN; DELETE events WHERE sequence > $after; ${forget} ${write} COMMIT;`;
export const removeBatch = `BEGIN; ${forget} DELETE records WHERE expires_at != NONE AND expires_at < $expired; COMMIT;`;
export const clearAll = `BEGIN; DELETE workflows; DELETE definitions; DELETE events; DELETE records; COMMIT;`;
