import { ProvisioningError } from '@provisioning/extensions-sdk';

/** An upgrade that is answered with HTTP instead. */
export class Refusal extends ProvisioningError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super({ code, message, kind: 'usage' });
    this.status = status;
  }
}

export function refuse(status: number, code: string, message: string): Refusal {
  return new Refusal(status, code, message);
}

export function badQuery(message: string): Refusal {
  return refuse(400, 'BAD_REQUEST', message);
}
