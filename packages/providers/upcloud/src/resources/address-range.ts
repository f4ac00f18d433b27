import { isIPv6 } from 'node:net';

export interface AddressRange {
  readonly start: string;
  readonly end: string;
}

/** First and last address of a network in CIDR form, as the API wants ranges. */
export function addressRange(network: string): AddressRange {
  const [address = '', length] = network.split('/');
  const six = isIPv6(address);
  const bits = six ? 128 : 32;
  const host = BigInt(bits - Number(length ?? bits));
  const mask = (1n << host) - 1n;
  const value = six ? parseSix(address) : parseFour(address);
  const format = six ? formatSix : formatFour;
  return { start: format(value & ~mask), end: format(value | mask) };
}

/** A range as CIDR when it is one, else `start-end`. */
export function rangeText(start: string | undefined, end: string | undefined): string | undefined {
  if (start === undefined || start === '' || end === undefined) return undefined;
  if (start === end) return start;
  const six = isIPv6(start);
  const [first, last] = six ? [parseSix(start), parseSix(end)] : [parseFour(start), parseFour(end)];
  const size = last - first + 1n;
  const host = size.toString(2).length - 1;
  const whole = size > 0n && (size & (size - 1n)) === 0n && first % size === 0n;
  return whole ? `${start}/${(six ? 128 : 32) - host}` : `${start}-${end}`;
}

function parseFour(address: string): bigint {
  return address.split('.').reduce((value, part) => (value << 8n) | BigInt(Number(part)), 0n);
}

function formatFour(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

function parseSix(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const front = groups(head);
  const back = groups(tail);
  const middle = tail === undefined ? [] : Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...middle, ...back].reduce(
    (value, part) => (value << 16n) | BigInt(Number.parseInt(part, 16)),
    0n,
  );
}

function formatSix(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  return groups.map((group) => group.toString(16)).join(':');
}
