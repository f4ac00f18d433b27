import { text as readAll } from 'node:stream/consumers';
import { string as argument } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { encode } from 'uqr';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { drawMatrix, type Matrix } from '../qr/draw.ts';

export default class Qr extends ProvisioningCommand {
  static override summary = 'Print a text as a QR code';
  static override description =
    'For an address or a key that goes to a telephone. `-` or no argument reads standard input, which keeps a secret out of\nthe list of processes. With colour the code is dark on white in every terminal; without, it is drawn for a dark\nbackground.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning qr https://shop.example.com', 'provisioning qr -'];
  static override args = { data: argument({ description: 'text; - or nothing reads standard input' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(Qr);
    const { data = '-' } = args;
    const { stdin } = this.runtime;
    if (args.data === undefined && stdin.isTTY === true) throw missingText();
    const text = data === '-' ? (await readAll(stdin)).replace(/\r?\n$/, '') : data;
    if (text === '') throw missingText();
    const rows = matrixOf(text);
    const { interactive, columns } = this.out.terminal;
    if (!this.out.machine && interactive && columns < rows.length) throw tooWide(rows.length, columns);
    const bits = rows.map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
    await this.out.result({ text, size: rows.length, rows: bits }, () =>
      drawMatrix(rows, this.out.style.colour),
    );
  }
}

function matrixOf(text: string): Matrix {
  try {
    return encode(text, { border: 2 }).data;
  } catch (cause) {
    throw new ProvisioningError({
      code: 'QR_TOO_LONG',
      kind: 'usage',
      message: `Too long for a QR code: ${Buffer.byteLength(text)} bytes. At most 2953`,
      cause,
    });
  }
}

function missingText(): ProvisioningError {
  return new ProvisioningError({
    code: 'MISSING_ARGUMENT',
    kind: 'usage',
    message: 'Missing required argument: data\nUsage: provisioning qr <data>',
  });
}

function tooWide(needed: number, columns: number): ProvisioningError {
  return new ProvisioningError({
    code: 'TERMINAL_TOO_NARROW',
    message: `The code is ${needed} columns wide and this terminal has ${columns}`,
    hint: 'Make the terminal wider, or its font smaller.',
  });
}
