import { type Static, Type } from 'typebox';

/** `providers.baremetal` of the configuration (06 §6.5). */
export const BaremetalConfig = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true })),
    /** Path in the workspace; `infra/<infra>/inventory.baremetal.yaml` otherwise. */
    inventory: Type.Optional(Type.String()),
    /** Seconds a host has to accept a connection. */
    timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 3 })),
    zones: Type.Optional(Type.Array(Type.String())),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$', default: 'EUR' })),
  },
  { $id: 'BaremetalConfig', additionalProperties: true },
);
export type BaremetalConfig = Static<typeof BaremetalConfig>;

const command = Type.Array(Type.String(), { minItems: 1 });

/** How a machine is switched. Commands are argument lists; no shell sees them. */
export const Power = Type.Union([
  Type.Object({ type: Type.Literal('none') }),
  Type.Object({ type: Type.Literal('ipmi'), host: Type.String(), user: Type.String() }),
  Type.Object({
    type: Type.Literal('wol'),
    mac: Type.String({ pattern: '^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$' }),
    broadcast: Type.Optional(Type.String({ default: '255.255.255.255' })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 9 })),
  }),
  Type.Object({
    type: Type.Literal('command'),
    start: Type.Optional(command),
    stop: Type.Optional(command),
    reboot: Type.Optional(command),
  }),
]);
export type Power = Static<typeof Power>;

/** One machine of the inventory. Memory in MB, disk in GB. */
export const InventoryServer = Type.Object(
  {
    hostname: Type.String({ minLength: 1 }),
    ip_address: Type.String({ minLength: 1 }),
    private_ip: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 22 })),
    user: Type.Optional(Type.String({ default: 'root' })),
    ssh_key: Type.Optional(Type.String()),
    cores: Type.Optional(Type.Integer({ minimum: 1 })),
    memory: Type.Optional(Type.Integer({ minimum: 1 })),
    disk: Type.Optional(Type.Integer({ minimum: 1 })),
    zone: Type.Optional(Type.String({ default: 'default' })),
    os: Type.Optional(Type.String()),
    cost_monthly: Type.Optional(Type.Number({ minimum: 0 })),
    power: Type.Optional(Power),
    tags: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { $id: 'InventoryServer', additionalProperties: true },
);
export type InventoryServer = Static<typeof InventoryServer>;

export const Inventory = Type.Object(
  { servers: Type.Array(InventoryServer) },
  { $id: 'Inventory', additionalProperties: true },
);
export type Inventory = Static<typeof Inventory>;

export const BaremetalServer = Type.Object({}, { $id: 'BaremetalServer', additionalProperties: true });
