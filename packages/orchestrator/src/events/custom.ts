import { type EventEnvelope, reservedEventNames } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Body of `POST /events` (13 §6). */
export interface CustomEvent {
  readonly event_type: string;
  readonly data?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const largest = 64 * 1024;
const custom = new WeakSet<EventEnvelope>();

/**
 * An event of somebody else, to be published like the service's own.
 * @throws ProvisioningError for a name of the service's own, and for more than 64 KiB
 */
export function customEvent({ event_type, data, metadata }: CustomEvent, user: string): EventEnvelope {
  if (reservedEventNames.has(event_type)) {
    throw new ProvisioningError({
      code: 'VALIDATION_FAILED',
      kind: 'usage',
      message: `Event name '${event_type}' is the service's own`,
      details: [{ path: '/event_type', message: 'is a name of the service', found: event_type }],
    });
  }
  const size = Buffer.byteLength(JSON.stringify({ data, metadata }));
  if (size > largest) {
    throw new ProvisioningError({
      code: 'TOO_LARGE',
      kind: 'usage',
      message: `The event has ${size} bytes, the limit is ${largest}`,
    });
  }
  const event: EventEnvelope = {
    event_type,
    timestamp: new Date().toISOString(),
    data: data ?? null,
    metadata: { ...metadata, published_by: user },
  };
  custom.add(event);
  return event;
}

export function isCustom(event: EventEnvelope): boolean {
  return custom.has(event);
}
