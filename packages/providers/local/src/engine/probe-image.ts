import type { Readable } from 'node:stream';

/** Repository and tag of the image the probe starts. */
export const probeRepository = 'localhost/provisioning/probe';
export const probeTag = '1';

/**
 * A root file system of one program that exits with 0. The probe must start a real container before any image is
 * there, on machines that reach no registry, so the program is assembled here: an ELF header, one segment, and the
 * system call exit_group(0).
 */
export async function probeRootFilesystem(architecture: string): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  tar.entry({ name: 'exit', mode: 0o755 }, exitProgram(architecture));
  // Engines expect these mount points to exist or to be creatable.
  for (const name of ['dev', 'proc', 'sys', 'etc', 'run', 'tmp'])
    tar.entry({ name, type: 'directory', mode: 0o755 });
  tar.finalize();
  return tar as unknown as Readable;
}

const machines: Readonly<Record<string, { readonly elf: number; readonly code: string }>> = {
  // xor edi, edi; mov eax, 231; syscall
  amd64: { elf: 0x3e, code: '31ffb8e70000000f05' },
  // mov x0, #0; mov x8, #94; svc #0
  arm64: { elf: 0xb7, code: '000080d2c80b80d2010000d4' },
};

function exitProgram(architecture: string): Buffer {
  const machine = machines[architecture] ?? machines.amd64!;
  const code = Buffer.from(machine.code, 'hex');
  const headers = 64 + 56;
  const base = 0x400000n;
  const elf = Buffer.alloc(headers + code.length);
  Buffer.from('7f454c46020101', 'hex').copy(elf);
  elf.writeUInt16LE(2, 16); // executable
  elf.writeUInt16LE(machine.elf, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(base + BigInt(headers), 24); // entry
  elf.writeBigUInt64LE(64n, 32); // program headers follow the ELF header
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, 64); // PT_LOAD
  elf.writeUInt32LE(5, 68); // readable and executable
  elf.writeBigUInt64LE(base, 80);
  elf.writeBigUInt64LE(base, 88);
  elf.writeBigUInt64LE(BigInt(elf.length), 96);
  elf.writeBigUInt64LE(BigInt(elf.length), 104);
  elf.writeBigUInt64LE(0x1000n, 112);
  code.copy(elf, headers);
  return elf;
}
